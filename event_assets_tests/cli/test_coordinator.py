"""A run has the tag of its event, whoever has launched it and from where: one run of an event goes on at a time."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import ModuleTarget
from dagster_graphql.test.utils import execute_dagster_graphql

from event_assets.assets.keys import EVENT_TAG
from event_assets.assets.lake import LAKE
from event_assets.cli.coordinator import LAYERS, TAG, TAG_OF_THE_EVENT, event_of_assets
from event_assets.cli.home import open_instance, prepare_dagster_home
from event_assets.settings import MAIN
from event_assets_tests import test_many_events

LAUNCH = """mutation ($job: String!, $assets: [AssetKeyInput!]) { launchRun(executionParams: {selector: {jobName: $job,
  repositoryLocationName: "event_assets", repositoryName: "__repository__", assetSelection: $assets}}) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
OF_GRAZ, OF_THE_EVENT = "graz2026/raw/halls", "summary/agenda"


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, events: int) -> Iterator[WorkspaceProcessContext]:
    """The webserver's view of the code location, with nobody who takes runs out of the queue."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SOURCES__EVENT_API__API_TOKEN", "token-of-event")
    if events > 1:
        monkeypatch.setenv("EVENTS__NAMES", '["graz2026"]')
        monkeypatch.setenv("EVENTS__GRAZ2026__API_TOKEN", "token-of-graz2026")
    prepare_dagster_home(events=events)
    target = ModuleTarget("event_assets.definitions", None, str(tmp_path), "event_assets")
    with open_instance() as instance, WorkspaceProcessContext(instance, target) as workspace:
        yield workspace


def tags_of_launched(workspace: WorkspaceProcessContext, job: str, *assets: str) -> dict[str, str]:
    """Launch a job, or assets of Dagster's own, by GraphQL without tags, and return the tags of what is queued."""
    variables: dict[str, Any] = {"job": job, "assets": [{"path": each.split("/")} for each in assets] or None}
    result = execute_dagster_graphql(workspace.create_request_context(), LAUNCH, variables)
    launched = result.data["launchRun"]
    assert launched["__typename"] == "LaunchRunSuccess", launched
    run = workspace.instance.get_run_by_id(launched["run"]["runId"])
    assert run
    assert run.status is dg.DagsterRunStatus.QUEUED
    return {name: value for name, value in run.tags.items() if not name.startswith(("dagster/", ".dagster/"))}


@pytest.mark.parametrize("events", [2])
def test_whatever_is_launched_has_the_tag_of_its_event(workspace: WorkspaceProcessContext):
    assert tags_of_launched(workspace, "graz2026__sync_content") == {EVENT_TAG: "graz2026"}
    assert tags_of_launched(workspace, "sync_content") == {EVENT_TAG: MAIN}
    assert tags_of_launched(workspace, "__ASSET_JOB", OF_GRAZ) == {EVENT_TAG: "graz2026"}
    assert tags_of_launched(workspace, "__ASSET_JOB", OF_THE_EVENT) == {EVENT_TAG: MAIN}
    # Of two events there is no one tag: each step waits for the writer's place in its pool.
    assert tags_of_launched(workspace, "__ASSET_JOB", OF_GRAZ, OF_THE_EVENT) == {}


@pytest.mark.parametrize("events", [1])
def test_of_one_event_no_run_has_a_tag(workspace: WorkspaceProcessContext):
    assert tags_of_launched(workspace, "sync_content") == {}
    assert tags_of_launched(workspace, "__ASSET_JOB", OF_THE_EVENT) == {}


def test_tables_across_events_are_of_none():
    assert (
        event_of_assets(dg.DagsterRun("__ASSET_JOB", asset_selection=frozenset([dg.AssetKey(["events", "x"])]))) is None
    )
    assert event_of_assets(dg.DagsterRun("__ASSET_JOB")) is None


def test_a_run_of_checks_is_of_their_event():
    check = dg.AssetCheckKey(dg.AssetKey(["graz2026", "summary", "agenda"]), "x")
    run = dg.DagsterRun("__ASSET_JOB", asset_selection=frozenset(), asset_check_selection=frozenset([check]))
    assert event_of_assets(run) == "graz2026"


def test_it_imports_no_more_than_dagster_and_has_the_same_names():
    assert (EVENT_TAG, MAIN, {*test_many_events.LAYERS, LAKE}) == (TAG, TAG_OF_THE_EVENT, LAYERS)
    code = "import sys, event_assets.cli.coordinator; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    brought = {name for name in done.stdout.split() if name.partition(".")[0] in ("event_assets", "dlt")}
    assert brought == {"event_assets", "event_assets.cli", "event_assets.cli.coordinator"}

"""What a benchmark leaves alone, the data of the checkout that it runs in; and that it measures what it says."""

import os
import subprocess
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import dagster as dg
import pytest

from benchmarks.measuring import environment
from benchmarks.plan import CASES, IDLE, LAYOUTS
from benchmarks.serving import CHANGED_EACH, PreparedSandbox, Server
from event_assets import settings
from event_assets.sandbox import generate_event
from event_assets.sandbox.responses import CONTENT_PATH, LIST_PATHS, answer
from event_assets_tests.code_location import shared_definitions

SERVER = cast(Server, SimpleNamespace(base_url="http://127.0.0.1:9/public/v1", token="a-token", timezone="UTC"))


def test_all_that_it_writes_is_in_its_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SOURCES__EVENT_API__PERSONAL_DATA", "drop")
    monkeypatch.setenv("ALERTS__WEBHOOK_URL", "https://chat.example.org/hook")
    monkeypatch.delenv("WAREHOUSE__PUBLISHED", raising=False)
    for name, value in environment(SERVER, tmp_path).items():
        monkeypatch.setenv(name, value)
    for path in (
        settings.read_event().warehouse.file,
        settings.read_event().warehouse.published_file,
        settings.dagster_home(),
    ):
        assert path.is_relative_to(tmp_path)
    assert settings.read_event().privacy.personal_data == "keep"
    assert settings.read_event().alerts.webhook_url is None


def test_what_was_prepared_is_what_the_event_says_in_each_case():
    bodies: dict[tuple[str, str], list[bytes]] = {}
    sandbox = PreparedSandbox(generate_event(lectures=20, participants=CHANGED_EACH + 1))
    with sandbox:
        headers = {"Authorization": f"Bearer {sandbox.token}"}
        how = {"page_size": sandbox.page_size, "base_url": sandbox.base_url}
        for layout in (*LAYOUTS, *LAYOUTS):
            for case in CASES:
                sandbox.show(case, layout)
                for target in (CONTENT_PATH, *LIST_PATHS):
                    served = b"".join(sandbox.respond("GET", target, headers).chunks)
                    assert served == b"".join(answer(sandbox.event, target, envelope=layout, **how).chunks)
                    bodies.setdefault((layout, target), []).append(served)
    for (_, target), served in bodies.items():
        once, again = served[: len(CASES)], served[len(CASES) :]
        assert once == again  # the event is the original again
        changes = [before != after for before, after in pairwise(once)]
        assert changes == [False, target.endswith("/participants"), target == CONTENT_PATH]


def test_the_idle_graph_records_all_assets_and_checks_of_the_job_and_asks_and_writes_nothing(tmp_path: Path):
    variables = {**os.environ, **environment(SERVER, tmp_path)}  # nobody serves there
    subprocess.run(IDLE.command, env=variables, cwd=tmp_path, check=True, capture_output=True)
    job = shared_definitions().resolve_job_def("refresh_everything")
    with dg.DagsterInstance.from_config(str(tmp_path / "dagster_home")) as instance:
        (run,) = instance.get_runs()
        evaluated = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
        materialized = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    tables = {made.asset_key for entry in materialized if (made := entry.asset_materialization)}
    assert tables == job.asset_layer.executable_asset_keys
    checks = {found.asset_check_key for entry in evaluated if (found := entry.asset_check_evaluation)}
    assert checks == set(job.asset_layer.asset_graph.asset_check_keys)
    assert {entry.name for entry in tmp_path.iterdir()} == {"dagster_home"}

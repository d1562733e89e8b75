"""What starts by itself, tick by tick: first loads, changes, and runs that are under way."""

from datetime import datetime, timezone

import dagster as dg
import pytest
import time_machine

from event_assets.definitions import build_definitions
from event_assets.settings import read_event
from event_assets_tests.automation.automation_harness import Automation, Clock
from event_assets_tests.running import Run

BEFORE = datetime(2020, 1, 1, tzinfo=timezone.utc)
PROGRAMME = "key:raw/lectures+"
"""The lectures and everything that reads them, directly or through others."""


def test_on_an_empty_instance_everything_is_asked_for_once(automation: Automation):
    assert automation.tick() == automation.assets()
    for status in (dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTED):
        run = automation.begin_run(status=status)
        assert automation.tick() == set()
        automation.cancel(run)
    automation.run()
    assert automation.tick() == set()
    assert automation.tick() == set()


def test_what_exists_and_is_current_is_not_asked_for(loaded: Automation, clock: Clock):
    assert loaded.tick() == set()
    clock.leap(hours=12)
    assert loaded.tick() == set()


def test_models_of_tables_that_were_there_before_are_asked_for_once(automation: Automation):
    raw = automation.assets("group:raw")
    automation.run(*raw)
    requested, _ = automation.follow()
    assert requested == automation.assets() - raw
    assert automation.tick() == set()


def test_a_sync_that_changes_nothing_builds_nothing(loaded: Automation, clock: Clock):
    clock.leap(hours=12)
    loaded.run(*loaded.assets("group:raw"))
    assert loaded.tick() == set()


def test_a_changed_table_builds_what_reads_it_in_one_tick_and_once(
    loaded: Automation, lectures: list[dict], clock: Clock
):
    lectures[0]["name"] = "Another talk"
    loaded.run("raw/lectures")
    requested, result = loaded.follow()
    assert requested == loaded.assets(PROGRAMME) - {"raw/lectures"}
    assert {"staging/sessions", "summary/agenda", "published/warehouse"} < requested
    assert not {"staging/participants", "staging/halls", "summary/partners_overview"} & requested
    assert result.materialised == requested
    for _ in range(3):
        assert loaded.tick() == set()
        clock.leap(minutes=5)


def test_a_change_while_the_models_are_being_built_is_not_lost(loaded: Automation, lectures: list[dict]):
    lectures[0]["name"] = "Another talk"
    loaded.run("raw/lectures")
    requested = loaded.tick()
    # The daemon has started a run. Before that reads the tables, they are synced again; then it builds.
    lectures[0]["name"] = "Yet another talk"
    loaded.run("raw/lectures")
    loaded.run(*requested)
    assert loaded.tick() == set()


def test_a_change_after_a_model_has_read_its_tables_is_not_lost(loaded: Automation, lectures: list[dict]):
    lectures[0]["name"] = "Another talk"
    loaded.run("raw/lectures")
    requested = loaded.tick()
    run = loaded.begin_run(*requested)
    loaded.run("staging/sessions", "staging/session_speakers", "staging/session_tracks")
    lectures[0]["name"] = "Yet another talk"
    loaded.run("raw/lectures")
    assert "summary/agenda" not in loaded.tick()
    loaded.cancel(run)
    requested, _ = loaded.follow()
    assert requested == loaded.assets(PROGRAMME) - {"raw/lectures"}
    assert loaded.tick() == set()


def test_a_change_that_is_taken_back_before_anybody_looked_builds_nothing(loaded: Automation, lectures: list[dict]):
    before = lectures[0]["name"]
    for name in ("Another talk", before):
        lectures[0]["name"] = name
        loaded.run("raw/lectures")
    assert loaded.tick() == set()


def test_models_wait_for_all_their_tables(loaded: Automation, lectures: list[dict]):
    lectures[0]["name"] = "Another talk"
    loaded.run("raw/lectures")
    run = loaded.begin_run("raw/participants", status=dg.DagsterRunStatus.STARTED)
    requested = loaded.tick()
    assert "summary/agenda" in requested
    assert not requested & loaded.assets("key:raw/participants+")
    loaded.cancel(run)
    assert loaded.tick() >= loaded.assets("key:published/warehouse")


def test_a_model_whose_sql_has_changed_is_built_anew(loaded: Automation, monkeypatch: pytest.MonkeyPatch):
    assert loaded.tick() == set()
    monkeypatch.setenv("EVENT__TIMEZONE", "Asia/Tokyo")  # it is written into the SQL of those that read local times
    loaded.load()
    requested, _ = loaded.follow()
    assert {"staging/sessions", "summary/agenda", "published/warehouse"} <= requested
    assert not requested & loaded.assets("group:raw")
    assert "staging/partners" not in requested
    assert loaded.tick() == set()


def test_what_runs_have_built_by_later_code_is_not_built_again_and_again(
    loaded: Automation, lectures: list[dict], monkeypatch: pytest.MonkeyPatch
):
    with time_machine.travel(BEFORE):  # runs are dated by the database's clock, which stands still for nobody
        loaded.load(build_definitions(read_event()))
        monkeypatch.setenv("EVENT__TIMEZONE", "Asia/Tokyo")
        changed = Run(build_definitions(read_event()), loaded.instance)  # as a run loads the code: anew
    lectures[0]["name"] = "Another talk"
    changed("raw/lectures")
    built = changed(*loaded.tick())
    assert "summary/agenda" in built.materialised
    assert loaded.tick() == set()
    assert loaded.look("update_staleness_checks").asset_events == []

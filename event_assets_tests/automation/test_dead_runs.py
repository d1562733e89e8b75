"""A run whose process is gone stands in nobody's way, and is told as one that was killed."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest
from filelock import FileLock

from event_assets.automation.dead_runs import LONGEST_START, end_dead_runs
from event_assets.cli import ui
from event_assets.cli.home import prepare_dagster_home
from event_assets.sandbox import Sandbox
from event_assets.warehouse import Warehouse
from event_assets_tests.automation.ticking import Automation, Clock, reason
from event_assets_tests.running import Warehouse as Place

RUNS = "alert_on_failed_runs"
UNDER_WAY = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


@pytest.fixture
def written(warehouse: Place) -> Iterator[Place]:
    """The warehouse, while another process has it."""
    with FileLock(f"{warehouse.path}.lock"):
        yield warehouse


def status(automation: Automation, run: dg.DagsterRun) -> dg.DagsterRunStatus | None:
    found = automation.instance.get_run_by_id(run.run_id)
    return found and found.status


@pytest.mark.parametrize("before", UNDER_WAY)
def test_a_run_that_is_silent_while_nobody_has_the_warehouse_has_failed(
    automation: Automation, clock: Clock, before: dg.DagsterRunStatus
):
    automation.look(RUNS)
    run = automation.begin_run("raw/partners", status=before)
    clock.leap(seconds=LONGEST_START.total_seconds() - 30)
    assert reason(automation.look(RUNS)) == "Nothing is wrong."
    assert status(automation, run) is before, "it may be on its way to the warehouse"
    clock.leap(minutes=1)
    automation.look(RUNS)
    clock.leap(seconds=30)
    assert f"Run {run.run_id[:8]} of refresh_everything was ended before it was done." in reason(automation.look(RUNS))
    assert status(automation, run) is dg.DagsterRunStatus.FAILURE


@pytest.mark.usefixtures("written")
def test_a_run_is_left_alone_while_somebody_has_the_warehouse(automation: Automation, clock: Clock):
    run = automation.begin_run("raw/partners", status=dg.DagsterRunStatus.STARTED)
    clock.leap(hours=1)
    automation.look(RUNS)
    assert status(automation, run) is dg.DagsterRunStatus.STARTED


def test_what_waits_for_its_turn_is_left_alone(automation: Automation, warehouse: Place, clock: Clock):
    run = automation.begin_run("raw/partners")
    clock.leap(hours=1)
    end_dead_runs(automation.instance, Warehouse(warehouse.path), timedelta())
    assert status(automation, run) is dg.DagsterRunStatus.QUEUED


def test_a_run_that_says_something_is_alive(automation: Automation, warehouse: Place, clock: Clock):
    run = automation.begin_run("raw/partners", status=dg.DagsterRunStatus.STARTED)
    clock.leap(hours=1)
    automation.instance.report_engine_event("Goes on.", run)
    end_dead_runs(automation.instance, Warehouse(warehouse.path))
    assert status(automation, run) is dg.DagsterRunStatus.STARTED


def test_who_waits_for_the_warehouse_has_it_at_the_second_look(warehouse: Place, monkeypatch: pytest.MonkeyPatch):
    waiting = FileLock(f"{warehouse.path}.lock")
    monkeypatch.setattr("event_assets.warehouse.connection.sleep", lambda _: waiting.acquire(timeout=0))
    assert not Warehouse(warehouse.path).is_free()
    waiting.release()
    monkeypatch.setattr("event_assets.warehouse.connection.sleep", lambda _: None)
    assert Warehouse(warehouse.path).is_free()


def test_where_the_ui_starts_nothing_is_under_way(
    api: Sandbox, warehouse: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("UI__ADDRESS", "")
    prepare_dagster_home()

    @dg.job
    def everything() -> None: ...

    with dg.DagsterInstance.get() as instance:
        run = instance.create_run_for_job(everything, status=dg.DagsterRunStatus.STARTED)

    def popen(*_: Any) -> SimpleNamespace:
        with dg.DagsterInstance.get() as instance:
            found = instance.get_run_by_id(run.run_id)
        assert found
        assert found.status is dg.DagsterRunStatus.FAILURE
        return SimpleNamespace(wait=lambda: 0)

    monkeypatch.setattr(ui.subprocess, "Popen", popen)
    monkeypatch.setattr(ui.signal, "signal", lambda *_: None)
    assert ui.serve_ui(3000) == 0

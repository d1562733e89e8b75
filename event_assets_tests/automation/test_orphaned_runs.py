"""A run whose process is gone stands in nobody's way, and is told as one that was killed."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from event_assets.assets.resources import WarehouseResource
from event_assets.automation.orphaned_runs import LONGEST_START, end_orphaned_runs
from event_assets.cli import ui
from event_assets.cli.home import prepare_dagster_home
from event_assets.sandbox import Sandbox
from event_assets.warehouse.run_marker import is_alive, marked_as_alive
from event_assets_tests.automation.alerting import ORPHANS, RUNS, WELL
from event_assets_tests.automation.automation_harness import Automation, Clock, reason
from event_assets_tests.running import Reader, Run

UNDER_WAY = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


def status(automation: Automation, run: dg.DagsterRun) -> dg.DagsterRunStatus | None:
    found = automation.instance.get_run_by_id(run.run_id)
    return found and found.status


@pytest.mark.parametrize("before", UNDER_WAY)
def test_a_run_that_is_silent_and_not_marked_as_alive_has_failed(
    automation: Automation, clock: Clock, before: dg.DagsterRunStatus
):
    automation.look(RUNS)
    run = automation.begin_run("raw/partners", status=before)
    clock.leap(seconds=LONGEST_START.total_seconds() - 30)
    assert reason(automation.look(ORPHANS)) == "No run is orphaned."
    assert reason(automation.look(RUNS)) == WELL
    assert status(automation, run) is before, "it may be on its way to the warehouse"
    clock.leap(minutes=1)
    name = f"{run.run_id[:8]} of refresh_everything"
    assert reason(automation.look(ORPHANS)) == f"Ended, because their process is gone: {name}."
    assert reason(automation.look(ORPHANS)) == "No run is orphaned."
    assert f"Run {name} was ended before it was done." in reason(automation.look(RUNS))
    assert status(automation, run) is dg.DagsterRunStatus.FAILURE


def test_where_the_launcher_knows_runs_of_other_machines_are_left_alone(automation: Automation, clock: Clock):
    """As Dagster's launcher on Kubernetes does: each run is a pod of its own, with its marks in that."""
    run = automation.begin_run("raw/partners", status=dg.DagsterRunStatus.STARTED)
    clock.leap(hours=1)
    launcher = type(automation.instance.run_launcher)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(launcher, "supports_check_run_worker_health", property(lambda _: True), raising=False)
        assert "Dagster ends such runs" in reason(automation.look(ORPHANS))
        assert status(automation, run) is dg.DagsterRunStatus.STARTED
    automation.look(ORPHANS)
    assert status(automation, run) is dg.DagsterRunStatus.FAILURE


def test_a_run_whose_process_is_there_is_left_alone(automation: Automation, warehouse: Reader, clock: Clock):
    run = automation.begin_run("raw/partners", status=dg.DagsterRunStatus.STARTED)
    with marked_as_alive(warehouse.path, run.run_id):
        clock.leap(hours=1)
        automation.look(ORPHANS)
        assert status(automation, run) is dg.DagsterRunStatus.STARTED
    automation.look(ORPHANS)
    assert status(automation, run) is dg.DagsterRunStatus.FAILURE


def test_the_mark_of_another_run_does_not_count(automation: Automation, warehouse: Reader, clock: Clock):
    run = automation.begin_run("raw/partners", status=dg.DagsterRunStatus.STARTED)
    with marked_as_alive(warehouse.path, "another"):
        clock.leap(hours=1)
        automation.look(ORPHANS)
        assert status(automation, run) is dg.DagsterRunStatus.FAILURE


def test_a_run_marks_itself_as_alive_until_its_end(warehouse: Reader, run: Run, api: Sandbox):
    alive: list[bool] = []

    @dg.op(required_resource_keys={"warehouse"})
    def look(context: dg.OpExecutionContext) -> None:
        alive.append(is_alive(warehouse.path, context.run_id))

    @dg.job(resource_defs={"warehouse": WarehouseResource()})
    def looking() -> None:
        look()

    result = looking.execute_in_process()
    assert alive == [True]
    assert not is_alive(warehouse.path, result.run_id)


def test_the_mark_of_a_killed_run_is_none(tmp_path: Path):
    path = tmp_path / "warehouse.duckdb"
    program = (
        "import sys; from pathlib import Path; from event_assets.warehouse.run_marker import marked_as_alive\n"
        "with marked_as_alive(Path(sys.argv[1]), 'a-run'): print('ready', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        assert is_alive(path, "a-run")
        process.kill()
    assert not is_alive(path, "a-run")
    assert not list(tmp_path.glob(".warehouse.runs/*")), "what it left is gone"


def test_what_waits_for_its_turn_is_left_alone(automation: Automation, warehouse: Reader, clock: Clock):
    run = automation.begin_run("raw/partners")
    clock.leap(hours=1)
    end_orphaned_runs(automation.instance, {"": warehouse.path}, timedelta())
    assert status(automation, run) is dg.DagsterRunStatus.QUEUED


def test_a_run_that_says_something_is_alive(automation: Automation, warehouse: Reader, clock: Clock):
    run = automation.begin_run("raw/partners", status=dg.DagsterRunStatus.STARTED)
    clock.leap(hours=1)
    automation.instance.report_engine_event("Goes on.", run)
    end_orphaned_runs(automation.instance, {"": warehouse.path})
    assert status(automation, run) is dg.DagsterRunStatus.STARTED


def test_where_the_ui_starts_nothing_is_under_way(
    api: Sandbox, warehouse: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("UI__ADDRESS", "")
    prepare_dagster_home()

    @dg.job
    def everything() -> None: ...

    with dg.DagsterInstance.get() as instance:
        run = instance.create_run_for_job(everything, status=dg.DagsterRunStatus.STARTED)

    started = []

    def not_started(*_: object) -> None:
        with dg.DagsterInstance.get() as instance:
            found = instance.get_run_by_id(run.run_id)
        assert found
        started.append(found.status)

    monkeypatch.setattr(ui, "become_supervisor", not_started)
    ui.serve_ui(3000)
    assert started == [dg.DagsterRunStatus.FAILURE]

"""A clock that is set back, or was wrong and is set right: nothing waits until it has caught up with itself."""

from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import RemoteInstigatorOrigin
from dagster._core.scheduler.instigation import InstigatorState, InstigatorStatus, SensorInstigatorData

from event_assets.automation.clock import drop_future_ticks, is_ahead
from event_assets.automation.evaluations import latest_evaluations
from event_assets.automation.orphaned_runs import LONGEST_START
from event_assets.automation.reasons import load_time
from event_assets.sandbox import Sandbox, faults
from event_assets_tests.automation.alerting import ORPHANS, RUNS, WELL
from event_assets_tests.automation.automation_harness import REPOSITORY, START, Automation, Clock, reason
from event_assets_tests.automation.breaking import failing_check
from event_assets_tests.automation.looking import PARTNERS, change, look
from event_assets_tests.running import Reader

SET_BACK = {"days": -2}


@pytest.fixture(autouse=True)
def asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "1")


def test_a_second_is_no_setting_back(clock: Clock):
    now = clock.now
    clock.leap(seconds=2)
    assert not is_ahead(clock.now, now)
    clock.leap(minutes=6)
    assert is_ahead(clock.now, now)


def test_what_was_loaded_before_is_due_once(loaded: Automation, clock: Clock):
    assert loaded.tick() == set()
    clock.leap(**SET_BACK)
    raw = loaded.assets("group:raw")
    assert loaded.follow()[0] == raw
    assert loaded.follow()[0] == loaded.assets() - raw
    assert loaded.tick() == set()
    clock.leap(minutes=5)
    assert loaded.tick() == set()


def test_a_failed_attempt_is_repeated_and_bounded(loaded: Automation, api: Sandbox, clock: Clock):
    for endpoint in faults.ENDPOINTS:
        api.fail(endpoint, faults.status(503))
    raw = loaded.assets("group:raw")
    loaded.run(*raw, succeeds=False)
    clock.leap(**SET_BACK)
    assert loaded.follow(succeeds=False)[0] == raw, "not in two days"
    assert not loaded.tick() & raw
    api.mend()
    clock.leap(minutes=5)
    assert loaded.follow()[0] == raw


def test_a_warehouse_that_was_gone_is_not_filled_again_and_again(loaded: Automation, warehouse: Reader, clock: Clock):
    for file in warehouse.path.parent.glob(f"{warehouse.path.name}*"):
        file.unlink()
    raw = loaded.assets("group:raw")
    assert loaded.tick() == raw
    clock.leap(**SET_BACK)
    loaded.run(*raw)
    assert loaded.follow()[0] == raw, "once more: nobody knows whether it was gone after that"
    assert not loaded.tick() & raw
    clock.leap(minutes=5)
    assert not loaded.tick() & raw


def test_one_endpoint_that_fails_has_no_other_synced_again_and_again(
    loaded: Automation, warehouse: Reader, api: Sandbox, clock: Clock
):
    clock.leap(**SET_BACK)
    for file in warehouse.path.parent.glob(f"{warehouse.path.name}*"):
        file.unlink()
    api.fail("participants", faults.status(503))
    loaded.follow(succeeds=False)
    assert not loaded.tick() & loaded.assets("group:raw"), "the others are in the new warehouse"


def test_a_check_counts_as_it_was_evaluated_last(loaded: Automation, clock: Clock):
    held = "staging/session_speakers"
    check = dg.AssetCheckKey(dg.AssetKey(held.split("/")), "grain_is_unique")
    with failing_check(held):
        loaded.run(held, succeeds=False)
    clock.leap(**SET_BACK)
    loaded.run(held)
    assert latest_evaluations(loaded.instance, [check])[check].passed
    clock.leap(days=2, minutes=5)
    assert latest_evaluations(loaded.instance, [check])[check].passed


def test_runs_that_fail_are_told_and_so_is_their_end(
    watched: Automation, api: Sandbox, webhook: SimpleNamespace, clock: Clock
):
    def looked() -> str:
        clock.leap(seconds=30)
        return [reason(watched.look(RUNS)) for _ in range(3)][-1]

    api.fail("partners", faults.status(403))
    watched.run("raw/partners", succeeds=False)
    assert looked().startswith("load_partners: ")
    api.mend()
    api.fail("participants", faults.status(403))
    clock.leap(**SET_BACK)
    watched.run("raw/partners", "raw/participants", succeeds=False)
    for _ in range(2):
        assert looked().startswith("load_participants: ")
    api.mend()
    watched.run("raw/participants")
    assert looked() == WELL
    failed, mended_and_failed, mended = webhook.texts
    assert failed.startswith("🔴 A run has failed\n• load_partners: ")
    assert mended_and_failed.startswith("🔴 A run has failed\n• load_participants: ")
    assert mended_and_failed.endswith("\n🟢 Over: a run has failed (load_partners)")
    assert mended == "🟢 Over: a run has failed (load_participants)"


def test_a_run_whose_process_is_gone_is_ended(automation: Automation, clock: Clock):
    run = automation.begin_run("raw/partners", status=dg.DagsterRunStatus.STARTED)
    clock.leap(**SET_BACK)
    for _ in range(2):
        automation.look(ORPHANS)
        found = automation.instance.get_run_by_id(run.run_id)
        assert found
        assert found.status is dg.DagsterRunStatus.STARTED, "how long it is silent counts from now on"
        clock.leap(seconds=LONGEST_START.total_seconds() - 30)
    clock.leap(minutes=1)
    automation.look(ORPHANS)
    found = automation.instance.get_run_by_id(run.run_id)
    assert found
    assert found.status is dg.DagsterRunStatus.FAILURE


def test_code_that_was_loaded_ahead_dates_no_run():
    assert load_time(START, START) == START
    assert load_time(START, START.replace(day=4)).year == 1970


def test_an_endpoint_that_failed_is_asked(watching: Automation, api: Sandbox, clock: Clock, lectures: list[dict]):
    api.fail("partners", faults.status(401), times=1)
    look(watching)
    look(watching)
    assert api.requests[PARTNERS] == 1
    clock.leap(**SET_BACK)
    look(watching)
    assert api.requests[PARTNERS] == 2
    change(lectures)
    assert look(watching) == [{"raw/lectures"}]
    assert look(watching) == []
    watching.kill(watching.begin_run("raw/lectures"))
    clock.leap(**SET_BACK)
    assert look(watching) == [{"raw/lectures"}], "it was not brought, and nobody knows how long ago it was asked for"


def test_dagster_lets_sensors_look_again(clock: Clock):
    with dg.instance_for_test() as instance:
        for name in ("sync_what_changed", "auto_materialize"):
            origin = RemoteInstigatorOrigin(REPOSITORY, name)
            at = clock.now.timestamp() - (600 if name == "auto_materialize" else 0)
            data = SensorInstigatorData(
                last_tick_timestamp=at, last_tick_start_timestamp=at, min_interval=60, cursor="kept"
            )
            state = InstigatorState(origin, InstigatorType.SENSOR, InstigatorStatus.RUNNING, data)
            instance.add_instigator_state(state)
        assert drop_future_ticks(instance) == []
        clock.leap(minutes=-5)
        assert drop_future_ticks(instance) == ["sync_what_changed"]
        assert drop_future_ticks(instance) == []
        kept: dict[str, Any] = {
            state.instigator_name: state.instigator_data for state in instance.all_instigator_state()
        }
        assert kept["sync_what_changed"].cursor == "kept"

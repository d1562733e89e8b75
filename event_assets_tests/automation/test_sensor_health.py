"""People hear of a sensor that fails or looks no more, which Dagster reports to nobody."""

from collections.abc import Iterator
from types import SimpleNamespace

import dagster as dg
import pytest
from dagster._core.definitions.run_request import InstigatorType

from event_assets_tests.automation.alerting import WELL
from event_assets_tests.automation.automation_harness import Automation, Clock, reason
from event_assets_tests.automation.ticks import record_look, switch_on

SENSORS = "alert_on_failing_sensors"
HEADING = "🔴 A sensor fails or does not look"


@pytest.fixture
def watched(clock: Clock, webhook: SimpleNamespace) -> Iterator[Automation]:
    """The code location on an instance that records looks, which one in memory does not."""
    with dg.instance_for_test() as instance:
        yield Automation(instance)


def test_a_sensor_that_fails_twice_in_a_row_is_reported_once(
    watched: Automation, webhook: SimpleNamespace, clock: Clock
):
    state = switch_on(watched.instance, "sync_what_changed", clock.now.timestamp())
    said = []
    for fails in (True, False, True, True, True, False):
        clock.leap(seconds=30)
        record_look(watched.instance, state, clock.now.timestamp(), fails=fails)
        said.append(reason(watched.look(SENSORS)) == WELL)
    assert said == [True, True, True, False, False, True]
    assert webhook.texts == [
        f"{HEADING}\n• sync_what_changed fails at each look (ValueError). Its latest tick in the UI says more.",
        "🟢 Over: a sensor fails or does not look (sync_what_changed)",
    ]


def test_a_schedule_that_fails_is_reported_at_once(watched: Automation, webhook: SimpleNamespace, clock: Clock):
    state = switch_on(watched.instance, "sync_everything_daily", clock.now.timestamp(), InstigatorType.SCHEDULE)
    record_look(watched.instance, state, clock.now.timestamp(), fails=True)
    watched.look(SENSORS)
    assert "sync_everything_daily fails at each look" in webhook.texts[0]
    clock.leap(days=1)
    record_look(watched.instance, state, clock.now.timestamp(), fails=False)
    assert reason(watched.look(SENSORS)) == WELL


def test_a_sensor_of_an_earlier_release_and_one_of_another_name_are_left_alone(
    watched: Automation, webhook: SimpleNamespace, clock: Clock
):
    for name in ("keep_fresh", "a_sensor_of_somebody_else"):
        state = switch_on(watched.instance, name, clock.now.timestamp())
        for _ in range(3):
            record_look(watched.instance, state, clock.now.timestamp(), fails=True)
    assert reason(watched.look(SENSORS)) == WELL


def test_a_sensor_that_looks_no_more_is_reported_while_the_others_look(
    watched: Automation, webhook: SimpleNamespace, clock: Clock
):
    state = switch_on(watched.instance, "auto_materialize", clock.now.timestamp())
    for minute in range(12):
        watched.look(SENSORS)
        assert (webhook.texts != []) is (minute >= 10), minute
        clock.leap(minutes=1)
    assert webhook.texts == [f"{HEADING}\n• auto_materialize has not looked for 10 minutes. Restart the daemon."]
    record_look(watched.instance, state, clock.now.timestamp(), fails=False)
    assert reason(watched.look(SENSORS)) == WELL


def test_after_a_night_without_daemon_the_sensors_are_given_time(
    watched: Automation, webhook: SimpleNamespace, clock: Clock
):
    switch_on(watched.instance, "auto_materialize", clock.now.timestamp())
    watched.look(SENSORS)
    clock.leap(hours=9)
    for _ in range(10):
        assert reason(watched.look(SENSORS)) == WELL
        clock.leap(minutes=1)
    clock.leap(minutes=1)
    watched.look(SENSORS)
    assert "auto_materialize has not looked for 551 minutes" in webhook.texts[0]


def test_a_clock_that_is_set_back_alarms_nobody(watched: Automation, webhook: SimpleNamespace, clock: Clock):
    switch_on(watched.instance, "auto_materialize", clock.now.timestamp())
    watched.look(SENSORS)
    clock.leap(days=-2)
    assert reason(watched.look(SENSORS)) == WELL
    assert webhook.texts == []

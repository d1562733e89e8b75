"""Tables across events are built when a copy is new, once, and at least once a day."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import dagster as dg
import pytest
import time_machine

from event_assets.automation.across import automate_across

BEGIN = datetime(2026, 5, 1, 12, 5, tzinfo=timezone.utc)
COPIES = [dg.AssetKey([name, "published", "warehouse"]) for name in ("graz2026", "vienna2025")]
TABLES = [dg.AssetKey(["events", name]) for name in ("one", "two")]


class Location:
    """A code location with tables across two events, one of them an archive."""

    def __init__(self) -> None:
        self.fails = False
        self.instance = dg.DagsterInstance.ephemeral()

        @dg.multi_asset(specs=[dg.AssetSpec(key, deps=COPIES) for key in TABLES])
        def across() -> Iterator[dg.MaterializeResult]:
            if self.fails:
                raise dg.Failure("It fails.", allow_retries=False)
            yield from (dg.MaterializeResult(key) for key in TABLES)

        self.assets, self.sensors = automate_across([across])
        self.definitions = dg.Definitions([*self.assets, *(dg.AssetSpec(key) for key in COPIES)])
        self.cursor = None

    def publish(self, copy: dg.AssetKey, version: str) -> None:
        tags = {"dagster/data_version": version}
        self.instance.report_runless_asset_event(dg.AssetMaterialization(copy, tags=tags))

    def look(self) -> bool:
        """Evaluate the conditions, and build what they request."""
        result = dg.evaluate_automation_conditions(self.definitions, self.instance, cursor=self.cursor)
        self.cursor = result.cursor
        requested = {key for key in TABLES if result.get_num_requested(key)}
        assert requested in (set(), {*TABLES})
        if requested:
            dg.materialize(self.assets, instance=self.instance, raise_on_error=False)
        return bool(requested)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(BEGIN, tick=False) as traveller:
        yield traveller


def test_they_follow_each_copy_once(clock: time_machine.Traveller):
    location = Location()
    assert not location.look()  # there is nothing to read
    location.publish(COPIES[0], "a")
    assert [location.look(), location.look()] == [True, False]
    location.publish(COPIES[1], "b")
    assert [location.look(), location.look()] == [True, False]
    location.publish(COPIES[0], "a")  # the same again
    assert not location.look()
    location.publish(COPIES[0], "c")
    assert [location.look(), location.look()] == [True, False]


def test_they_are_built_once_a_day(clock: time_machine.Traveller):
    location = Location()
    location.publish(COPIES[0], "a")
    assert location.look()
    clock.move_to(BEGIN + timedelta(hours=23, minutes=59))
    assert not location.look()
    clock.move_to(BEGIN + timedelta(days=1))
    assert [location.look(), location.look()] == [True, False]


def test_a_failed_build_is_repeated_every_quarter_of_an_hour(clock: time_machine.Traveller):
    location = Location()
    location.publish(COPIES[0], "a")
    location.fails = True
    assert [location.look(), location.look()] == [True, False]
    clock.move_to(BEGIN + timedelta(minutes=9))
    assert not location.look()
    clock.move_to(BEGIN + timedelta(minutes=11))
    location.fails = False
    assert [location.look(), location.look()] == [True, False]


def test_without_tables_there_is_no_sensor():
    assert automate_across([]) == ([], [])
    assert [sensor.name for sensor in Location().sensors] == ["auto_materialize_across"]

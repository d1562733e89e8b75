"""What was read of the event log is kept while nothing is recorded, and no longer."""

from collections.abc import Callable

import dagster as dg
import pytest

from event_assets.automation import event_log_cache
from event_assets.automation.event_log_cache import EventLogCache

TABLE = dg.AssetKey("table")
CHECK = dg.AssetCheckEvaluation(asset_key=TABLE, check_name="check", passed=False)


class Reading:
    """A value of the log that says how often it was read."""

    def __init__(self) -> None:
        self.times = 0
        self.now = 1000.0
        self.cache = EventLogCache(self._read, lambda: self.now)

    def _read(self, instance: dg.DagsterInstance) -> tuple[int, bool]:
        self.times += 1
        return self.times, instance.get_latest_materialization_event(TABLE) is not None

    def look(self, instance: dg.DagsterInstance, after: float = 30) -> tuple[int, bool]:
        """Look some seconds after the look before."""
        self.now += after
        return self.cache.get(instance)


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> Reading:
    monkeypatch.setattr(event_log_cache, "SETTLED_SECONDS", 60)  # as it is outside of these tests
    return Reading()


def test_it_is_read_once_the_log_stands_still(reading: Reading):
    with dg.DagsterInstance.ephemeral() as instance:
        instance.report_runless_asset_event(dg.AssetMaterialization(TABLE))
        # The third look is a minute after the first that saw the log so: what it reads is kept.
        assert [reading.look(instance)[0] for _ in range(6)] == [1, 2, 3, 3, 3, 3]


@pytest.mark.parametrize(
    "change",
    [
        lambda instance: instance.report_runless_asset_event(dg.AssetMaterialization(TABLE)),
        lambda instance: instance.report_runless_asset_event(CHECK),
        lambda instance: instance.report_runless_asset_event(dg.AssetObservation(TABLE)),
        lambda instance: instance.wipe_assets([TABLE]),
    ],
    ids=["materialised", "checked", "observed", "wiped"],
)
def test_whatever_is_recorded_is_read(change: Callable[[dg.DagsterInstance], None], reading: Reading):
    with dg.DagsterInstance.ephemeral() as instance:
        instance.report_runless_asset_event(dg.AssetMaterialization(TABLE))
        assert [reading.look(instance) for _ in range(4)][-2:] == [(3, True), (3, True)]
        change(instance)
        times, is_there = reading.look(instance)
        assert times == 4
        assert is_there is (instance.get_latest_materialization_event(TABLE) is not None)


def test_the_log_of_another_home_is_another_one(reading: Reading):
    with dg.DagsterInstance.ephemeral() as one, dg.DagsterInstance.ephemeral() as other:
        one.report_runless_asset_event(dg.AssetMaterialization(TABLE))
        other.report_runless_asset_event(dg.AssetObservation(TABLE))
        last = [each.event_log_storage.get_maximum_record_id() for each in (one, other)]
        assert last[0] == last[1]
        assert [reading.look(one) for _ in range(4)][-1] == (3, True)
        assert reading.look(other) == (4, False)


def test_an_empty_log_is_kept_as_well(reading: Reading):
    with dg.DagsterInstance.ephemeral() as instance:
        assert [reading.look(instance)[0] for _ in range(4)] == [1, 2, 3, 3]

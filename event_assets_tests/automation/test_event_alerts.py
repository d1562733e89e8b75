"""People are alerted once of what goes wrong with the event, and once when it is over: from a real copy."""

import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from shutil import which
from types import SimpleNamespace
from typing import Any

import dagster as dg
import duckdb
import pytest

from event_assets.assets.copy_plan import publish_plan
from event_assets.automation.event_troubles import WANTED
from event_assets.models import build
from event_assets.sandbox import Sandbox, generate_event
from event_assets.sandbox.event import Event
from event_assets.settings import RemovalSettings, read_event
from event_assets.source.api.resources import resources_of
from event_assets.source.tables.schema import TABLES
from event_assets.warehouse import WarehouseUnreadableError
from event_assets.warehouse.engines import configured_engine
from event_assets_tests.automation.automation_harness import Automation, Clock, reason
from event_assets_tests.models.bench import models_of
from event_assets_tests.running import Reader
from event_assets_tests.source.syncing import run_sync
from event_assets_tests.warehouses import file_warehouse

SENSOR, WELL = "alert_on_event", "Nothing is wrong."
HEAD, OVER = "🔴 The event needs attention", "🟢 Over: the event needs attention"
READ = ("hall_conflicts", "speaker_conflicts", "schedule_changes", "workshop_capacity", "hall_utilisation")
READ += ("attendance_over_time",)
PLANTED = "Planted-Person"


def moment(text: str) -> str:
    """A time of the event's day, on its clock."""
    return f"2030-05-06T{text}:00"


def session(key: str, begins: str, ends: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": key, "name": f"Session {key}", "start": moment(begins), "end": moment(ends), "event_day_id": "d",
        "hall_id": "h", "speakers": [], "tracks": [], **fields,
    }  # fmt: skip


class Programme:
    """An event whose tables and copy follow it, as a run makes them, in a fraction of the time.

    Attributes:
        event: As it is served.
        warehouse_id: What the versions of raw tables name.
    """

    def __init__(self, api: Sandbox, automation: Automation, path: Reader):
        self._api, self._automation, self._warehouse = api, automation, file_warehouse(path.path)
        self.event, self.warehouse_id = api.event, "w1"
        self._models = models_of(TABLES)
        wanted = {relation for relation in self._models if relation.name in READ}
        for relation, model in reversed(self._models.items()):
            wanted |= model.reads if relation in wanted else set()
        self._wanted = wanted

    def refresh(self) -> None:
        """Sync, build, publish and record it."""
        for endpoint in ("content", "participants"):
            run_sync(self._api, self._warehouse, *resources_of(endpoint), removals=RemovalSettings(allowed=True))
        with self._warehouse.connect() as session:
            for relation, model in self._models.items():
                if relation in self._wanted:
                    build(session, model, {"event_timezone": "UTC"})
        some = {relation: model for relation, model in self._models.items() if relation in self._wanted}
        self._warehouse.publish(publish_plan(some, {}, personal_data=False))
        for asset in ("raw/lectures", "raw/participants", "published/warehouse"):
            self.record(asset)

    def record(self, asset: str) -> None:
        """Record that an asset was materialised now."""
        tags = {"dagster/data_version": f"{self.warehouse_id}.records"}
        self._automation.instance.report_runless_asset_event(dg.AssetMaterialization(asset.split("/"), tags=tags))


@pytest.fixture
def event() -> Event:
    event = generate_event(lectures=1, participants=3, seed=7)
    event.timezone = "UTC"
    event.content |= {
        "halls": [{"id": "h", "name": "Aula"}, {"id": "g", "name": "Saal"}],
        "days": [{"id": "d", "date": "2030-05-06"}],
        "speakers": [{"id": "s", "name": "Ada Lovelace"}],
        "lectures": [session("1", "12:00", "13:00"), session("2", "13:00", "18:00"), session("3", "14:00", "15:00")],
        "workshops": [session("9", "16:00", "17:00", hall_id="g", capacity=20, available=1, booked=False)],
        "pauses": [],
    }
    own = dict.fromkeys(("name", "first_name", "last_name", "company", "position", "group_id"), PLANTED)
    event.participants = [{**person, **own, "checked_at": None} for person in event.participants]
    return event


@pytest.fixture
def programme(api: Sandbox, automation: Automation, warehouse: Reader, webhook: SimpleNamespace) -> Iterator[Programme]:
    """Nothing was made yet. At the end, nothing of a participant was said."""
    programme = Programme(api, automation, warehouse)
    yield programme
    assert PLANTED not in str(webhook.texts) + automation.cursor(SENSOR)


def test_a_new_clash_is_told_once_and_so_is_its_end(
    programme: Programme, automation: Automation, webhook: SimpleNamespace, clock: Clock
):
    assert reason(automation.look(SENSOR)) == WELL, "there is no copy yet"
    programme.refresh()
    assert reason(automation.look(SENSOR)) == WELL
    assert webhook.texts == [], "the clash of sessions 2 and 3 was there when the project was installed"

    lectures = programme.event.content["lectures"]
    lectures.append(session("4", "12:30", "12:45", speakers=["s"]))
    lectures[0]["speakers"] = ["s"]
    programme.refresh()
    for _ in range(3):
        automation.look(SENSOR)
    clash = "“Session 1” and “Session 4” in the hall Aula"
    booking = "Ada Lovelace in “Session 1” and “Session 4”"
    assert webhook.texts == [
        f"{HEAD}\n"
        "• “Session 1” and “Session 4” overlap in the hall Aula by 15 minutes, from 2030-05-06 12:30 on.\n"
        "• Ada Lovelace is in “Session 1” (Aula) and in “Session 4” (Aula) at once, from 2030-05-06 12:30 on."
    ]
    lectures[-1]["hall_id"] = "g"
    programme.refresh()
    for _ in range(2):
        automation.look(SENSOR)
    assert webhook.texts[1:] == [f"{OVER} ({clash})"]
    clock.move_to(datetime.fromisoformat("2030-05-06T12:45:00+00:00"))
    for _ in range(2):
        automation.look(SENSOR)
    assert webhook.texts[2:] == [f"{OVER} ({booking})"], "it is over with the overlap, without a new copy"


def test_what_was_known_is_told_if_it_comes_back_and_nothing_twice_after_a_restart(
    programme: Programme, automation: Automation, webhook: SimpleNamespace
):
    programme.refresh()
    automation.look(SENSOR)
    third = programme.event.content["lectures"][2]
    for hall, told in (("g", 0), ("h", 1)):
        third["hall_id"] = hall
        programme.refresh()
        automation.look(SENSOR)
        assert len(webhook.texts) == told
    restarted = Automation(automation.instance)
    restarted._cursors[SENSOR] = automation.cursor(SENSOR)
    for _ in range(2):
        assert "“Session 2” and “Session 3” overlap" in reason(restarted.look(SENSOR))
    restarted.forget(SENSOR)
    for _ in range(2):
        assert reason(restarted.look(SENSOR)) == WELL, "a sensor that was reset begins anew"
    programme.event.content["lectures"][0]["end"] = moment("13:30")
    programme.warehouse_id = "w2"
    programme.refresh()
    restarted.look(SENSOR)
    assert len(webhook.texts) == 1, "the clashes of another warehouse were there already"


def test_what_is_off_by_default_is_told_where_it_is_set(
    programme: Programme, automation: Automation, webhook: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
):
    workshop = programme.event.content["workshops"][0]
    workshop["available"] = 0
    programme.refresh()
    automation.look(SENSOR)
    monkeypatch.setenv("ALERTS__FULL_WORKSHOPS", "true")
    automation.look(SENSOR)
    assert webhook.texts == [], "it was full before anybody wanted to know"
    for available, told in ((3, 0), (0, 1), (3, 2)):
        workshop["available"] = available
        programme.refresh()
        automation.look(SENSOR)
        assert len(webhook.texts) == told
    assert webhook.texts == [
        f"{HEAD}\n• The workshop “Session 9” in the hall Saal at 2030-05-06 16:00 is full: 20 of 20 seats are taken.",
        f"{OVER} (the workshop “Session 9” (workshop:9))",
    ]


def test_check_ins_that_stop_are_told_by_the_clock_as_far_as_they_are_synced(
    programme: Programme,
    automation: Automation,
    webhook: SimpleNamespace,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("ALERTS__SILENT_CHECKIN_MINUTES", "30")
    programme.event.participants[0]["checked_at"] = "2030-05-06T12:00:00Z"
    programme.refresh()
    automation.look(SENSOR)
    # The quarter ends at 12:15.
    for now, synced, told in (("12:44", True, 0), ("12:50", False, 0), ("12:51", True, 1), ("13:00", True, 1)):
        clock.move_to(datetime.fromisoformat(f"{moment(now)}+00:00"))
        if synced:
            programme.record("raw/participants")
        automation.look(SENSOR)
        assert len(webhook.texts) == told, now
    assert webhook.texts == [f"{HEAD}\n• Nobody has checked in since 2030-05-06 12:15, while sessions go on."]
    programme.event.participants[1]["checked_at"] = "2030-05-06T12:59:00Z"
    programme.refresh()
    automation.look(SENSOR)
    assert webhook.texts[1:] == [f"{OVER} (no check-ins on 2030-05-06)"]


def test_a_session_that_is_moved_or_removed_late_is_told_until_it_begins(
    programme: Programme,
    automation: Automation,
    webhook: SimpleNamespace,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("ALERTS__LATE_CHANGE_HOURS", "2")
    # DuckDB's clock stands still for nobody, and says when a refresh has seen a change.
    [[now]] = duckdb.sql("select epoch(current_timestamp)").fetchall()
    now = datetime.fromtimestamp(now).astimezone()
    clock.move_to(now)
    soon, late = now + timedelta(hours=1), now + timedelta(hours=5)
    first, second = programme.event.content["lectures"][:2]
    for lecture, begins in ((first, soon), (second, late)):
        lecture |= {"start": begins.isoformat(), "end": (begins + timedelta(minutes=30)).isoformat()}
    programme.refresh()
    automation.look(SENSOR)
    for lecture in (first, second):
        lecture["hall_id"] = "g"
    programme.refresh()
    automation.look(SENSOR)
    [told] = webhook.texts
    assert told.startswith(f"{HEAD}\n• “Session 1” was moved (hall: Aula → Saal), seen 60 minutes before its start at ")
    assert "Session 2" not in told
    clock.move_to(soon + timedelta(seconds=1))
    automation.look(SENSOR)
    assert webhook.texts[1:] == [f"{OVER} (change 2 of “Session 1” (lecture:1))"]


def test_a_copy_that_cannot_be_read_is_told_in_a_sentence(
    programme: Programme, automation: Automation, warehouse: Reader
):
    warehouse.path.with_name("published.duckdb").write_bytes(b"damaged")
    programme.record("published/warehouse")
    with pytest.raises(
        WarehouseUnreadableError, match=r"DuckDB cannot read the published copy .*the next refresh makes"
    ):
        automation.look(SENSOR)


def test_what_the_code_server_reads_in_another_process_is_the_same(
    programme: Programme, automation: Automation, warehouse: Reader, monkeypatch: pytest.MonkeyPatch
):
    """DuckDB would take 20 MB of it from then on."""
    engine = configured_engine(read_event())
    wanted = [each for kind in WANTED.values() for each in kind]
    programme.refresh()
    here = engine.read_copy(wanted)
    published = warehouse.path.with_name("published.duckdb")
    with monkeypatch.context() as code_server:
        code_server.delitem(sys.modules, "duckdb")
        assert engine.read_copy(wanted) == here
        published.unlink()
        with pytest.raises(
            WarehouseUnreadableError, match=r"DuckDB cannot read the published copy .* \(.*does not exist"
        ):
            engine.read_copy(wanted)
        code_server.setattr(sys, "executable", which("false"))
        with pytest.raises(WarehouseUnreadableError, match=r"\(the process that reads it has ended\)"):
            engine.read_copy(wanted)
        assert "duckdb" not in sys.modules
    assert any(here), "there are rows to compare"


def test_where_nothing_is_to_be_told_nothing_is_read(
    programme: Programme, automation: Automation, monkeypatch: pytest.MonkeyPatch, warehouse: Reader
):
    monkeypatch.setenv("ALERTS__CONFLICTS", "false")
    programme.record("published/warehouse")
    assert not warehouse.path.with_name("published.duckdb").exists()
    assert reason(automation.look(SENSOR)) == WELL

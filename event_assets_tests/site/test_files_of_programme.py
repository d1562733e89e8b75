"""From the API to the files: a real programme and an invented one come back from each format as they were sent."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from io import BytesIO
from pathlib import Path
from typing import Any

import duckdb
import icalendar
import openpyxl
import pytest

from event_assets.assets.site_files import FilesReport, write_files
from event_assets.sandbox import Event, Sandbox, generate_event
from event_assets.settings import Event as ConfiguredEvent
from event_assets.settings import read_event
from event_assets.site.files import FILES_FOLDER
from event_assets.site.files.schedule import NO_HALL
from event_assets.site.files.values import guid_of
from event_assets.warehouse.copy_plan import HeldBack
from event_assets.warehouse.relations import Relation
from event_assets_tests import truth
from event_assets_tests.assets.programme import refresh_programme
from event_assets_tests.code_location import configured
from event_assets_tests.models.bench import models
from event_assets_tests.site.schedule_reader import Read, read_schedule
from event_assets_tests.site.test_calendars import assert_is_valid, of_vobject
from event_assets_tests.site.test_feed import read as read_feed
from event_assets_tests.warehouses import file_warehouse

NOW = datetime(2026, 1, 20, 12, tzinfo=timezone.utc)


@dataclass
class Site:
    """An event that is served, and the folder of its files.

    Attributes:
        event: The event, as it is served now.
        configured: It as the settings have it, which are those of another one later.
        folder: The files.
    """

    event: Event
    api: Sandbox
    configured: ConfiguredEvent
    folder: Path

    def refresh(self, held: Mapping[Relation, HeldBack] | None = None) -> FilesReport:
        """Sync the programme, build its models, and write the files, but for what is held back."""
        path = self.folder.parents[1] / "warehouse.duckdb"
        refresh_programme(self.api, path, self.event.timezone)
        return write_files(file_warehouse(path), models(), held or {}, self.configured, NOW)

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()


def serve(event: Event, folder: Path) -> Iterator[Site]:
    with configured(event, folder) as api:
        site = Site(event, api, read_event(), folder / "site" / FILES_FOLDER)
        site.refresh()
        yield site


@pytest.fixture(scope="module")
def real(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    yield from serve(request.getfixturevalue("fosdem"), tmp_path_factory.mktemp("real"))


@pytest.fixture(scope="module")
def invented(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    yield from serve(generate_event(lectures=40, participants=5, seed=3), tmp_path_factory.mktemp("invented"))


@pytest.fixture(params=["invented", "real"])
def site(request: pytest.FixtureRequest) -> Site:
    return request.getfixturevalue(request.param)


def sent(event: Event) -> list[tuple[object, ...]]:
    """What was sent of each session."""
    return sorted(
        (
            s.start,
            s.minutes,
            s.hall or NO_HALL,
            s.title.strip(),
            ", ".join(s.tracks),
            tuple(s.speakers),
            s.day,
            s.key.partition(":")[0],
        )
        for s in truth.sessions(event)
    )


def shown(read: list[Read]) -> list[tuple[object, ...]]:
    return sorted(
        (
            r.starts.astimezone(timezone.utc),
            r.length.total_seconds() / 60,
            r.room,
            r.title,
            r.track,
            r.persons,
            r.day,
            r.kind,
        )
        for r in read
    )


def test_schedule_xml_has_every_session_as_it_was_sent(site: Site):
    read = read_schedule(site.read("schedule.xml"))
    assert shown(read) == sent(site.event)
    records = site.event.content
    assert {r.id for r in read} == {record["id"] for name in ("lectures", "workshops") for record in records[name]}


def test_calendars_have_every_entry_as_it_was_sent(site: Site):
    content = site.read("calendars/all.ics")
    assert_is_valid(content)
    entries = truth.agenda(site.event)
    assert sorted(
        (e.dtstart.value.astimezone(timezone.utc), e.dtend.value.astimezone(timezone.utc), e.summary.value,
         e.location.value if hasattr(e, "location") else None)
        for e in of_vobject(content).values()
    ) == sorted((s.start, s.end, s.title.strip(), s.hall) for s in entries)  # fmt: skip
    for kind, ids in (("hall", "hall_id"), ("track", "track_ids"), ("speaker", "speaker_ids")):
        of: dict[str, list[str]] = {}
        for session in entries:
            of_session = getattr(session, ids)
            for identifier in of_session if isinstance(of_session, list) else [of_session]:
                of.setdefault(str(identifier), []).append(session.title.strip())
        for path in (site.folder / "calendars").glob(f"{kind}-*.ics"):
            assert titles(path) == sorted(of.pop(path.stem.partition("-")[2], []))
        assert {*of} <= {"None"}, "every hall, track and speaker of a session has a calendar"


def titles(path: Path) -> list[str]:
    return sorted(str(each["SUMMARY"]) for each in icalendar.Calendar.from_ical(path.read_bytes()).walk("VEVENT"))


def test_the_agenda_has_every_row_in_each_format(site: Site):
    with duckdb.connect(str(site.folder.parents[1] / "warehouse.duckdb"), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        names = [column for column, *_ in connection.sql("describe summary.agenda").fetchall()]
        rows = connection.sql("from summary.agenda").fetchall()
        for name in ("agenda.parquet", "agenda.csv"):
            path = site.folder / "tables" / name
            texts = dict.fromkeys(("hall_id", "speaker_ids", "track_ids"), "varchar")
            source = f"read_csv('{path}', types = {texts})" if path.suffix == ".csv" else f"'{path}'"
            assert connection.sql(f"from {source}").fetchall() == rows
    sheet = openpyxl.load_workbook(BytesIO(site.read("summaries.xlsx")))["agenda"]
    assert [cell.value for cell in sheet[1]] == names
    read = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    local = {"starts_at": "starts_local", "ends_at": "ends_local"}
    assert [dict(zip(names, row, strict=True)) for row in read] == [
        {name: _in_sheet(record[local.get(name, name)]) for name in names}
        for record in (dict(zip(names, row, strict=True)) for row in rows)
    ]


def _in_sheet(value: Any) -> Any:
    """A date in a sheet is a midnight."""
    is_date = hasattr(value, "year") and not isinstance(value, datetime)
    return datetime(value.year, value.month, value.day) if is_date else value


def test_a_changed_programme_is_in_all_of_them(invented: Site):
    content = invented.event.content
    moved, removed, renamed, untimed = (content["lectures"][number] for number in range(4))
    before = {str(each["UID"]): each for each in events(invented)}
    event_id = str(moved["event_id"])
    uids = {
        name: str(guid_of(event_id, f"lecture:{each['id']}"))
        for name, each in (("moved", moved), ("removed", removed), ("renamed", renamed), ("untimed", untimed))
    }
    moved["hall_id"] = next(hall["id"] for hall in content["halls"] if hall["id"] != moved["hall_id"])
    renamed["name"] = "<b>=1+1</b>"
    untimed["start"] = None
    content["lectures"].remove(removed)
    report = invented.refresh()
    assert report.without_start == 1
    after = {str(each["UID"]): each for each in events(invented)}
    assert {
        name: (int(after[uid]["SEQUENCE"]), str(after[uid]["STATUS"])) for name, uid in uids.items() if uid in after
    } == {
        "moved": (1, "CONFIRMED"),
        "removed": (1, "CANCELLED"),
        "renamed": (1, "CONFIRMED"),
    }
    assert str(after[uids["renamed"]]["SUMMARY"]) == "<b>=1+1</b>"
    assert after[uids["moved"]]["LAST-MODIFIED"].dt > before[uids["moved"]]["LAST-MODIFIED"].dt
    unchanged = before.keys() - {*uids.values()}
    assert {uid: after[uid].to_ical() for uid in unchanged} == {uid: before[uid].to_ical() for uid in unchanged}
    content["lectures"].remove(untimed)
    assert shown(read_schedule(invented.read("schedule.xml"))) == sent(invented.event)
    kinds = sorted(each.title.partition(":")[0] for each in read_feed(invented.read("changes.atom")).entries)
    assert kinds == ["At another time", "In another hall", "Removed", "Renamed"]
    assert "1" in invented.read("index.html").decode().partition("without a readable start")[2][:60]
    assert invented.refresh().written > 0, "the session without a start is gone as well"
    assert invented.refresh().written == 0


def events(site: Site) -> list[Any]:
    return icalendar.Calendar.from_ical(site.read("calendars/all.ics")).walk("VEVENT")


def test_what_is_held_back_stays_as_readers_have_it(invented: Site):
    names = ("tables/agenda.csv", "tables/agenda.parquet", "schedule.xml", "schedule.json", "calendars/all.ics")
    invented.refresh()
    before = {name: invented.read(name) for name in names}
    invented.event.content["lectures"][5]["name"] = "Another title"
    agenda, sessions = Relation("summary", "agenda"), Relation("staging", "sessions")
    why = HeldBack("Its check kind_is_accepted failed.", NOW)
    report = invented.refresh({agenda: why, sessions: why})
    assert report.held_back == {"agenda": why.why}
    assert {name: invented.read(name) for name in names} == before
    book = openpyxl.load_workbook(BytesIO(invented.read("summaries.xlsx")))
    assert "agenda" not in book.sheetnames
    assert ["agenda", None, None, f"Held back: {why.why}"] in [[c.value for c in row] for row in book["Contents"].rows]
    assert invented.refresh().held_back == {}
    after = {name: invented.read(name) for name in names}
    assert [name for name in names if after[name] == before[name]] == []
    assert all(b"Another title" in after[name] for name in names if not name.endswith("parquet"))

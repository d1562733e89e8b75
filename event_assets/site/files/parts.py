"""Says which files there are, what each is made of, and how they are listed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import TYPE_CHECKING

from event_assets.site.files.calendar_lists import calendar_fingerprints, calendar_lists
from event_assets.site.files.index import FileGroup, FileLink, render_index
from event_assets.site.files.store import Part, Stored, fingerprint, store_files
from event_assets.site.files.values import Change, Named, Programme, Table, calendar_name
from event_assets.site.folder import SiteFolder

if TYPE_CHECKING:
    from event_assets.site.files.calendars import CalendarMaker

WORKBOOK = "summaries.xlsx"
SCHEDULE_XML, SCHEDULE_JSON = "schedule.xml", "schedule.json"
FEED = "changes.atom"
TABLE_FOLDER = "tables"
_CALENDARS = "calendars"
_TABLE_FORMS = {"CSV": "csv", "Parquet": "parquet"}


@dataclass(frozen=True)
class Values:
    """What all files are made of.

    Attributes:
        title: The name of the event.
        timezone: The name of its zone.
        made_at: When the values were read, in that zone.
        tables: The summaries.
        held_back: Why some further ones stay as they are, by name.
        programme: The programme; None where it stays as it is.
        changes: Its changes, the latest first; None likewise.
        events_page: The page that lists all events, from the event's folder; empty where there is none.
    """

    title: str
    timezone: str
    made_at: datetime
    tables: tuple[Table, ...]
    held_back: Mapping[str, str]
    programme: Programme | None
    changes: Sequence[Change] | None
    events_page: str = ""


def store_values(folder: SiteFolder, values: Values, code: str) -> Stored:
    """Bring the files in a folder up to date.

    Args:
        folder: The folder of the pages.
        values: What they are made of.
        code: The version of the code that makes them.

    Raises:
        SettingsError: A file cannot be written or read. It stays as it was.
    """
    parts = [*_parts(values, code)]
    whole = fingerprint([part.fingerprint for part in parts], values.events_page)
    return store_files(folder, parts, lambda sizes: _index(values, sizes), whole)


def _parts(values: Values, code: str) -> Iterator[Part]:
    # What makes XLSX and calendars is imported where some are to be made: mostly none are.
    same = (code, values.title, values.timezone)
    tables = {table.name: fingerprint(code, table) for table in values.tables}
    for table in values.tables:
        yield Part(f"table {table.name}", tables[table.name], lambda table=table: _table_files(table))
    for name in values.held_back:
        yield Part(f"table {name}", "", None)

    def workbook() -> dict[str, bytes]:
        from event_assets.site.files.workbook import workbook_bytes

        made = workbook_bytes(values.tables, values.held_back, values.title, values.timezone, values.made_at)
        return {WORKBOOK: made}

    yield Part("workbook", fingerprint(*same, tables, values.held_back), workbook)
    programme, changes = values.programme, values.changes
    if programme:
        yield Part("schedule", fingerprint(code, programme), lambda: _schedule_files(programme))
        yield from _calendar_parts(programme, code)
    else:
        yield from (Part("schedule", "", None), Part(_CALENDARS, "", None))

    def feed() -> dict[str, bytes]:
        from event_assets.site.files.feed import feed_xml

        return {FEED: feed_xml(changes or (), programme.event_id if programme else "", values.title)}

    yield Part("feed", fingerprint(*same, changes), None if changes is None else feed)


def _table_files(table: Table) -> dict[str, bytes]:
    from event_assets.site.files.tables import csv_bytes, parquet_bytes

    return {table_name(table.name, "csv"): csv_bytes(table), table_name(table.name, "parquet"): parquet_bytes(table)}


def _schedule_files(programme: Programme) -> dict[str, bytes]:
    from event_assets.site.files.schedule import schedule_json, schedule_xml

    return {SCHEDULE_XML: schedule_xml(programme), SCHEDULE_JSON: schedule_json(programme)}


def _calendar_parts(programme: Programme, code: str) -> Iterator[Part]:
    @cache
    def maker() -> CalendarMaker:
        from event_assets.site.files.calendars import CalendarMaker

        return CalendarMaker(programme)

    lists = calendar_lists(programme)
    for each, made_of in zip(lists, calendar_fingerprints(programme, lists), strict=True):
        made_as = partial(lambda of: {of.file: maker().calendar(of)}, each)
        yield Part(f"{_CALENDARS}/{each.kind}/{each.id}", fingerprint(code, made_of), made_as)


def table_name(name: str, ending: str) -> str:
    """Return the file of a table."""
    return f"{TABLE_FOLDER}/{name}.{ending}"


def _index(values: Values, sizes: Mapping[str, int]) -> bytes:
    as_of = f"As of {values.made_at:%Y-%m-%d %H:%M} ({values.timezone})."
    notes = [f"{name} is held back, and stays as it was: {why}" for name, why in values.held_back.items()]
    if values.programme and values.programme.left_out:
        number = values.programme.left_out
        notes.append(f"Sessions and breaks without a readable start, which are in no calendar and schedule: {number}.")
    return render_index(values.title, as_of, notes, _groups(values), sizes, values.events_page)


def _groups(values: Values) -> Iterator[FileGroup]:
    yield FileGroup(
        "Spreadsheet",
        "All summaries in one workbook. Times are local.",
        [FileLink("All summaries", "", {"XLSX": WORKBOOK})],
    )
    yield FileGroup(
        "Programme",
        "For conference apps, screens and feed readers.",
        [
            FileLink(
                "Schedule",
                "What EventFahrplan, Giggity and info-beamer read.",
                {"XML": SCHEDULE_XML, "JSON": SCHEDULE_JSON},
            ),
            FileLink("Changes of the programme", "A feed of the latest changes.", {"Atom": FEED}),
        ],
    )
    if values.programme:
        yield from _calendars(values.programme)
    yield FileGroup(
        "Tables",
        "Each summary for programs. Instants are in UTC.",
        [
            FileLink(
                table.name, table.description, {form: table_name(table.name, end) for form, end in _TABLE_FORMS.items()}
            )
            for table in values.tables
        ],
    )


def _calendars(programme: Programme) -> Iterator[FileGroup]:
    about = "For calendar programs: subscribe to the address, or import the file."
    yield FileGroup("Calendars", about, [FileLink("The whole programme", "", {"iCalendar": calendar_name()})])
    kinds: dict[str, tuple[str, Sequence[Named]]] = {
        "Calendars of halls": ("hall", programme.halls),
        "Calendars of tracks": ("track", programme.tracks),
        "Calendars of speakers": ("speaker", programme.speakers),
    }
    for heading, (kind, members) in kinds.items():
        named = sorted(members, key=lambda each: each.name.casefold()) if kind == "speaker" else members
        links = [FileLink(each.name or each.id, "", {"iCalendar": calendar_name(kind, each.id)}) for each in named]
        yield FileGroup(heading, "", links)

"""Values that are hard to write down: what programmes have in their titles, and what no file may take for code."""

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from event_assets.site.files.values import Change, Entry, Named, Programme, Table, TableColumn, guid_of

ZONE = ZoneInfo("Europe/Brussels")
SEEN = datetime(2026, 1, 15, 7, 15, tzinfo=timezone.utc)
DAY = date(2026, 1, 31)
TEXTS = (
    "<script>alert('x')</script> & \"quotes\" ]]>",
    "=1+1",
    "+49 30 1234; DROP TABLE",
    "@SUM(A1:A9)",
    "https://example.org/?a=1&b=2",
    "0123",
    "מושב ראשי — جلسة",
    "\u202eevil\u202c",
    "👩‍👩‍👧‍👦 émoji 𠜎",
    "Donaudampfschifffahrtsgesellschaftskapitän",
    "semi;colon, comma\\backslash",
    "two\nlines\tand a tab",
    "_x0041_ is no A",
)
"""Each comes back from every file as it is."""
FORBIDDEN = "a\x00b\x0bc\x1bd\ufffee"
"""Has characters that XML 1.0 has not: they are left out."""
ALLOWED_OF_FORBIDDEN = "abcde"


def entry(number: int, title: str, **changes: object) -> Entry:
    """A lecture of an hour, the hour after the one before."""
    starts = datetime(2026, 1, 31, 9, tzinfo=ZONE) + timedelta(hours=number)
    made = Entry(
        key=f"lecture:{number}", kind="lecture", id=str(number), guid=guid_of("1", f"lecture:{number}"), day=DAY,
        starts=starts, ends=starts + timedelta(hours=1), minutes=60, title=title, abstract=f"About {title}", hall="1",
        speakers=(), tracks=(), revision=0, changed_at=SEEN,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def programme(*entries: Entry, **changes: object) -> Programme:
    """A programme with one hall, track and speaker for each text, and a session for each unless others are given."""
    named = tuple(Named(str(number), text) for number, text in enumerate([*TEXTS, FORBIDDEN], start=1))
    sessions = tuple(
        entry(number % 14, each.name, key=f"lecture:{each.id}", id=each.id, guid=guid_of("1", f"lecture:{each.id}"),
              hall=each.id, speakers=(each.id,), tracks=(each.id,))
        for number, each in enumerate(named)
    )  # fmt: skip
    made = Programme(
        event_id="1", title="Days of <Code> & =1+1", timezone=ZONE.key, version="3, 2026-01-15 08:15", days=(DAY,),
        halls=named, tracks=tuple(replace(each, color="#0d7a86") for each in named), speakers=named,
        entries=entries or tuple(sorted(sessions, key=lambda each: each.starts)),
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


EMPTY = Programme("", "Event", "UTC", "0, 1970-01-01 00:00", (), (), (), (), ())
"""An event of which nothing is known."""


def changes() -> list[Change]:
    """A change of each kind, the latest first, and the texts as titles and values."""
    kinds = ["added", "removed", "returned", "renamed", "moved_day", "moved_time", "moved_hall", "speakers_changed"]
    made = []
    for number, text in enumerate([*TEXTS, FORBIDDEN]):
        kind, seen = kinds[number % len(kinds)], SEEN - timedelta(minutes=number)
        old = None if kind in ("added", "returned") else f"before {text}"
        made.append(Change(guid_of("1", str(number), kind), kind, text, seen, old, None if kind == "removed" else text))
    return made


def table(rows: int = 1) -> Table:
    """A table with every kind of column, and the texts in one of them."""
    columns = (
        TableColumn("title", "text", "The title. <b>Not bold</b>"),
        TableColumn("seats", "integer", "How many."),
        TableColumn("share", "number", "A share."),
        TableColumn("is_full", "boolean", "Whether it is full."),
        TableColumn("day", "date", "The day."),
        TableColumn("starts_local", "local time", "Local start."),
        TableColumn("starts_at", "instant", "Start."),
    )
    instant = datetime(2026, 7, 1, 7, 30, tzinfo=timezone.utc)
    of_texts = [
        (text, number, number / 3, number % 2 == 0, DAY, datetime(2026, 7, 1, 9, 30), instant)
        for number, text in enumerate([*TEXTS, FORBIDDEN])
    ]
    odd = [
        (None,) * len(columns),
        ("", 2**60, -0.5, True, date(1815, 6, 18), datetime(1815, 6, 18, 11, 30), instant),
        ("x" * 40_000, -1, 1e300, False, date(2100, 1, 1), datetime(2100, 1, 1), instant + timedelta(microseconds=5)),
    ]
    return Table("hostile", "One row per text.", columns, [*of_texts, *odd] * rows)

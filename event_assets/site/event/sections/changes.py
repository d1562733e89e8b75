"""What has changed in the programme since yesterday."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from event_assets.site.event.section import Clock, Section
from event_assets.site.event.tables import CHANGES, Row, Tables

MOST = 60
"""How many entries are listed on the page; the sheet that is printed has all of them."""


@dataclass(frozen=True)
class Change:
    """One change of an entry.

    Attributes:
        change: What kind of change it is, as ``summary.schedule_changes`` has it.
        old: The value before.
        new: The value after.
    """

    change: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class ChangedEntry:
    """A session or break, and what one refresh has seen changed of it.

    Attributes:
        kind: lecture, workshop or break.
        title: Its title after the changes.
        day: Its day after the changes.
        seen: When the refresh ran, on the event's clock.
        changes: The changes.
    """

    kind: str
    title: str | None
    day: date | None
    seen: datetime
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Changes:
    """What has changed.

    Attributes:
        since: From when on, on the event's clock.
        entries: The entries, the latest first.
    """

    since: datetime
    entries: tuple[ChangedEntry, ...]


def changes_since_yesterday(tables: Tables, clock: Clock) -> Changes:
    """Return what has changed since yesterday began."""
    rows = [row for row in tables[CHANGES] if clock.at(row.seen_at) >= clock.yesterday]
    seen: dict[tuple[int, str, int], list[Row]] = {}
    for row in rows:
        seen.setdefault((-row.refresh_number, row.entry_key, row.version), []).append(row)
    entries = tuple(
        ChangedEntry(
            of_entry[0].kind,
            of_entry[0].title,
            of_entry[0].day,
            clock.at(of_entry[0].seen_at).replace(tzinfo=None),
            tuple(
                Change(row.change, row.old_value, row.new_value) for row in sorted(of_entry, key=lambda row: row.change)
            ),
        )
        for _, of_entry in sorted(seen.items())
    )
    return Changes(clock.yesterday.replace(tzinfo=None), entries)


SECTION = Section("changes", 30, (CHANGES,), changes_since_yesterday, "changes.html", wide=True)

"""Puts the page together: the value of each section, made of the rows that were read, at a moment that is handed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from event_assets.site.event.printed import PRINT_READS, DoorSign, RunSheet, door_signs, run_sheets
from event_assets.site.event.section import Clock, Section
from event_assets.site.event.sections import sections
from event_assets.site.event.sections.changes import Changes, changes_since_yesterday
from event_assets.site.event.tables import CHANGES, OVERVIEW, Query, Row, Tables


@dataclass(frozen=True)
class Shown:
    """A section with what it shows.

    Attributes:
        section: The section.
        value: What it shows; None if there is nothing to show.
        lacking: The tables that it needs and that are not there.
    """

    section: Section
    value: object | None
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True)
class EventPage:
    """Everything that the page and what is printed show.

    Attributes:
        made_at: When it was made, in the event's zone.
        timezone: The name of that zone.
        overview: The row of ``summary.event_overview``; None if it is not there.
        as_of: The endpoint, and when a sync last changed what it sends, on the event's clock; None before the first.
        held_back: The tables whose latest build or check failed, by name.
        shown: The sections in their order.
        doors: The signs of the doors.
        changes: What has changed since yesterday; None if the table is not there.
        speakers: The run sheet of each speaker.
    """

    made_at: datetime
    timezone: str
    overview: Row | None
    as_of: tuple[tuple[str, datetime | None], ...]
    held_back: tuple[str, ...]
    shown: tuple[Shown, ...]
    doors: tuple[DoorSign, ...]
    changes: Changes | None
    speakers: tuple[RunSheet, ...]


def queries() -> list[Query]:
    """Return everything that the page reads."""
    return [OVERVIEW, CHANGES, *PRINT_READS, *(query for section in sections() for query in section.reads)]


def describe_page(tables: Tables, now: datetime, held_back: Sequence[str] = ()) -> EventPage:
    """Return what the page shows.

    Args:
        tables: What was read.
        now: The moment, in the event's zone.
        held_back: The tables whose latest build or check failed, by name.
    """
    clock = Clock(now)
    overview = None if tables.lacking([OVERVIEW]) else tables[OVERVIEW][0]
    endpoints = ("content", "partners", "participants")
    changed = {endpoint: getattr(overview, f"{endpoint}_as_of", None) for endpoint in endpoints}
    can_print = not tables.lacking(PRINT_READS)
    return EventPage(
        now,
        str(now.tzinfo),
        overview,
        tuple((name, clock.at(at).replace(tzinfo=None) if at else None) for name, at in changed.items()),
        tuple(held_back),
        tuple(shown for section in sections() if (shown := _shown(section, tables, clock))),
        door_signs(tables) if can_print else (),
        None if tables.lacking([CHANGES]) else changes_since_yesterday(tables, clock),
        run_sheets(tables) if can_print else (),
    )


def _shown(section: Section, tables: Tables, clock: Clock) -> Shown | None:
    if lacking := tables.lacking(section.reads):
        return None if section.optional else Shown(section, None, tuple(lacking))
    return Shown(section, section.describe(tables, clock))

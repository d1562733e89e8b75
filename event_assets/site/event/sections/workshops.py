"""How full the workshops are, the fullest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from event_assets.site.event.section import Clock, Section
from event_assets.site.event.tables import WORKSHOPS, Tables

MOST = 40
"""How many workshops are listed; the table has all of them."""


@dataclass(frozen=True)
class Workshop:
    """A workshop and its seats.

    Attributes:
        title: Its title.
        day: Its day.
        starts: The local start.
        hall: The name of its hall.
        taken: Seats that are taken; None if the API does not say.
        capacity: Seats that are offered; None if the API does not say.
        share: The share that is taken, from 0 to 1; None without seats.
        is_full: Whether it is booked out; None if the API does not say.
        overbooked: Seats that are taken beyond the capacity.
    """

    title: str | None
    day: date | None
    starts: datetime | None
    hall: str | None
    taken: int | None
    capacity: int | None
    share: float | None
    is_full: bool | None
    overbooked: int


@dataclass(frozen=True)
class Workshops:
    """The workshops.

    Attributes:
        listed: The fullest.
        count: How many there are.
        full: How many of them are full.
    """

    listed: tuple[Workshop, ...]
    count: int
    full: int


def _describe(tables: Tables, clock: Clock) -> Workshops | None:
    rows = sorted(
        tables[WORKSHOPS],
        key=lambda row: (
            not row.overbooked_seats,
            not row.is_full,
            -(row.fill_share or 0),
            row.title or "",
            row.session_key,
        ),
    )
    listed = tuple(
        Workshop(
            row.title,
            row.day,
            row.starts_local,
            row.hall,
            row.booked_seats,
            row.capacity,
            row.fill_share,
            row.is_full,
            row.overbooked_seats or 0,
        )
        for row in rows[:MOST]
    )
    return Workshops(listed, len(rows), sum(bool(row.is_full) for row in rows)) if rows else None


SECTION = Section("workshops", 80, (WORKSHOPS,), _describe, "workshops.html", wide=True)

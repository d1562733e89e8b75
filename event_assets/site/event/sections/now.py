"""What is on in each hall at the moment, and what begins next. A script moves it with the reader's clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from event_assets.site.event.section import Clock, Section
from event_assets.site.event.tables import AGENDA, HALLS, OVERVIEW, Row, Tables


@dataclass(frozen=True)
class Slot:
    """A session or break with its times.

    Attributes:
        title: Its title, or none.
        starts: The local start.
        ends: The local end.
        starts_at: The start in milliseconds since 1970, as scripts count.
        ends_at: The end likewise.
    """

    title: str | None
    starts: datetime
    ends: datetime
    starts_at: int
    ends_at: int

    @property
    def data(self) -> list[Any]:
        """What the script needs of it."""
        times = f"{self.starts:%H:%M}", f"{self.ends:%H:%M}", self.starts.date().isoformat()
        return [self.starts_at, self.ends_at, self.title, *times]


@dataclass(frozen=True)
class HallNow:
    """What is on in a hall, and what begins next.

    Attributes:
        hall: The name of the hall, or its identifier.
        now: What is on; several where sessions clash.
        next: What begins next; None after the last session.
        slots: All that takes place in it, in the order of the start.
    """

    hall: str
    now: tuple[Slot, ...]
    next: Slot | None
    slots: tuple[Slot, ...]


@dataclass(frozen=True)
class NowAndNext:
    """The halls at the moment.

    Attributes:
        at: The moment, on the event's clock.
        zone: The name of the event's zone.
        first_day: The first day of the event.
        last_day: The last one.
        halls: The halls that have a session, in the order of the programme.
        breaks: The breaks of the event, as a hall of their own.
    """

    at: datetime
    zone: str
    first_day: date | None
    last_day: date | None
    halls: tuple[HallNow, ...]
    breaks: HallNow

    @property
    def days_before(self) -> int:
        """How many days it is until the event opens; 0 or less from then on."""
        return (self.first_day - self.at.date()).days if self.first_day else 0

    @property
    def is_over(self) -> bool:
        """Whether nothing is on or comes any more."""
        return not any(hall.now or hall.next for hall in self.halls)

    @property
    def data(self) -> dict[str, Any]:
        """What the script needs: the zone, and every slot."""
        return {
            "zone": self.zone,
            "firstDay": self.first_day.isoformat() if self.first_day else None,
            "halls": [[slot.data for slot in hall.slots] for hall in self.halls],
            "breaks": [slot.data for slot in self.breaks.slots],
        }

    @property
    def days(self) -> list[date]:
        """The local dates on which anything starts."""
        return sorted({slot.starts.date() for hall in (*self.halls, self.breaks) for slot in hall.slots})


def _describe(tables: Tables, clock: Clock) -> NowAndNext | None:
    timed = [row for row in tables[AGENDA] if row.starts_at and row.ends_at and row.starts_at < row.ends_at]
    order = {row.hall_id: row.list_order for row in tables[HALLS]}
    placed: dict[str, list[Row]] = {}
    for row in timed:
        if row.hall_id is not None:
            placed.setdefault(row.hall_id, []).append(row)
    names = {hall: rows[0].hall or hall for hall, rows in placed.items()}
    listed = sorted(placed, key=lambda hall: hall_order(order.get(hall), names[hall], hall))
    halls = tuple(_hall(names[hall], placed[hall], clock) for hall in listed)
    (overview,) = tables[OVERVIEW]
    breaks = _hall("", [row for row in timed if row.kind == "break"], clock)
    zone = str(clock.now.tzinfo)
    return NowAndNext(clock.local, zone, overview.first_day, overview.last_day, halls, breaks) if halls else None


def hall_order(list_order: int | None, name: str, hall_id: str) -> tuple[bool, int, str, str]:
    """Return what halls are sorted by: the order of the programme, then the name."""
    return list_order is None, list_order or 0, name.casefold(), hall_id


def _hall(name: str, rows: Iterable[Row], clock: Clock) -> HallNow:
    slots = tuple(
        Slot(
            row.title,
            row.starts_local,
            row.ends_local,
            round(clock.at(row.starts_at).timestamp() * 1000),
            round(clock.at(row.ends_at).timestamp() * 1000),
        )
        for row in sorted(rows, key=lambda row: (row.starts_at, row.entry_key))
    )
    at = clock.now.timestamp() * 1000
    now = tuple(slot for slot in slots if slot.starts_at <= at < slot.ends_at)
    return HallNow(name, now, next((slot for slot in slots if slot.starts_at > at), None), slots)


SECTION = Section("now", 10, (OVERVIEW, AGENDA, HALLS), _describe, "now.html")

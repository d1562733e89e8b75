"""Who has checked in: a gauge, the roles, and how many came in each quarter of an hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from event_assets.site.event.charts import Bar, Bars, Columns
from event_assets.site.event.section import Clock, Section
from event_assets.site.event.tables import ARRIVALS, CHECKINS, Tables

QUARTER = timedelta(minutes=15)
MOST_DAYS = 7
"""How many days of arrivals are shown: the latest ones."""


@dataclass(frozen=True)
class CheckIns:
    """Who has checked in.

    Attributes:
        registered: Registered people.
        checked_in: Those of them who have checked in.
        roles: The same for each role.
        days: The arrivals on each day.
    """

    registered: int
    checked_in: int
    roles: Bars
    days: tuple[Columns, ...]

    @property
    def share(self) -> float:
        """The share of the registered who have checked in, from 0 to 1."""
        return self.checked_in / self.registered if self.registered else 0.0


def _describe(tables: Tables, clock: Clock) -> CheckIns | None:
    rows = {(row.dimension, row.value): row for row in tables[CHECKINS]}
    everybody = rows.get(("all", "(all)"))
    if everybody is None:
        return None
    of_roles = sorted(
        (row for (dimension, _), row in rows.items() if dimension == "role"),
        key=lambda row: (-row.registered, row.value),
    )
    roles = tuple(Bar(row.value, row.rate, (row.checked_in, row.registered)) for row in of_roles)
    return CheckIns(everybody.registered, everybody.checked_in, Bars(roles, 1), _days(tables))


def _days(tables: Tables) -> tuple[Columns, ...]:
    counts: dict[datetime, int] = {row.starts_local: row.checkins for row in tables[ARRIVALS] if row.checkins}
    days = sorted({start.date() for start in counts})[-MOST_DAYS:]
    found, scale = [], max((count for start, count in counts.items() if start.date() in days), default=0)
    for day in days:
        begins = datetime.combine(day, time())
        quarters = [begins + place * QUARTER for place in range(96)]
        used = [start for start in quarters if counts.get(start)]
        shown = [start for start in quarters if used[0] <= start <= used[-1]]
        found.append(Columns(day, tuple((f"{start:%H:%M}", counts.get(start, 0)) for start in shown), scale))
    return tuple(found)


SECTION = Section("arrivals", 50, (CHECKINS, ARRIVALS), _describe, "arrivals.html", tall=True)

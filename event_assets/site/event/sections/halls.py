"""How full the halls are: a heat map of halls and days, with the share in words and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from event_assets.site.event.section import Clock, Section
from event_assets.site.event.sections.now import hall_order
from event_assets.site.event.tables import HALLS, UTILISATION, Tables

LEVELS = 5
"""How many shades there are beside that of an empty hall."""


@dataclass(frozen=True)
class Use:
    """The use of a hall on a day.

    Attributes:
        share: The busy share of the span of the day, from 0 to 1; None on a day without a session in a hall.
        sessions: How many sessions it has.
        minutes: How long it is busy.
    """

    share: float | None
    sessions: int
    minutes: int

    @property
    def level(self) -> int:
        """The shade: 0 for an unused hall, up to ``LEVELS``."""
        if not self.share:
            return 0
        return min(LEVELS, 1 + int(self.share * LEVELS))


@dataclass(frozen=True)
class HeatMap:
    """The use of all halls on all days.

    Attributes:
        days: The days; None for sessions of an unknown one.
        halls: The name of each hall, with its use on each of the days; None where nothing is known.
    """

    days: tuple[date | None, ...]
    halls: tuple[tuple[str, tuple[Use | None, ...]], ...]


def _describe(tables: Tables, clock: Clock) -> HeatMap | None:
    rows = tables[UTILISATION]
    order = {row.hall_id: row.list_order for row in tables[HALLS]}
    names = {row.hall_id: row.hall or row.hall_id for row in rows}
    uses = {(row.hall_id, row.day): Use(row.busy_share_of_day, row.sessions, row.busy_minutes) for row in rows}
    days = sorted({row.day for row in rows}, key=lambda day: (day is None, day or date.max))
    listed = sorted(names, key=lambda hall: hall_order(order.get(hall), names[hall], hall))
    halls = tuple((names[hall], tuple(uses.get((hall, day)) for day in days)) for hall in listed)
    return HeatMap(tuple(days), halls) if halls else None


SECTION = Section("halls", 70, (UTILISATION, HALLS), _describe, "halls.html")

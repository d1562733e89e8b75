"""How registration goes: how many have registered, against the days to the opening."""

from __future__ import annotations

from event_assets.site.event.charts import Curve, Point
from event_assets.site.event.section import Clock, Section
from event_assets.site.event.tables import REGISTRATIONS, Tables


def _describe(tables: Tables, clock: Clock) -> Curve | None:
    rows = sorted((row for row in tables[REGISTRATIONS] if row.registrations), key=lambda row: row.day)
    if not rows:
        return None
    last = rows[-1]
    has_opening = last.days_to_opening is not None
    opening = last.day.toordinal() + (last.days_to_opening if has_opening else 0)
    points = tuple(
        Point(row.day.toordinal() - opening, row.registrations_so_far, row.day, row.registrations) for row in rows
    )
    until = max(points[-1].x, 0)
    today = clock.today.toordinal() - opening
    return Curve(points, until, min(until, max(today, points[-1].x)), has_opening)


SECTION = Section("registrations", 60, (REGISTRATIONS,), _describe, "curve.html")

"""How sessions were rated, the best first; only where reviews are synced. Comments of people are not read."""

from __future__ import annotations

from dataclasses import dataclass

from event_assets.site.event.section import Clock, Section
from event_assets.site.event.tables import Query, Row, Tables

RATINGS = Query("summary.session_ratings", "session_key title day reviews average_stars lowest_stars highest_stars")
MOST = 40
"""How many sessions are listed; the table has all of them."""


@dataclass(frozen=True)
class Ratings:
    """The sessions that were rated.

    Attributes:
        listed: The best, as rows of the table.
        count: How many were rated.
        reviews: How many reviews there are of all sessions.
        most: The best rating that any has.
    """

    listed: tuple[Row, ...]
    count: int
    reviews: int
    most: float


def _describe(tables: Tables, clock: Clock) -> Ratings | None:
    rated = [row for row in tables[RATINGS] if row.average_stars is not None]
    rated.sort(key=lambda row: (-row.average_stars, -row.reviews, row.title or "", row.session_key))
    if not rated:
        return None
    most = max(float(row.highest_stars or row.average_stars) for row in rated)
    return Ratings(tuple(rated[:MOST]), len(rated), sum(row.reviews for row in tables[RATINGS]), most)


SECTION = Section("ratings", 100, (RATINGS,), _describe, "ratings.html", optional=True, wide=True)

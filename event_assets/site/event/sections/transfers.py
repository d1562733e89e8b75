"""Speakers who have too little time to get from one hall to another."""

from __future__ import annotations

from event_assets.site.event.section import Clock, Section
from event_assets.site.event.tables import TRANSFERS, Row, Tables


def _describe(tables: Tables, clock: Clock) -> tuple[Row, ...] | None:
    """The rows are the value: they are frozen, and nothing is to be made of them but their order."""
    tight = [row for row in tables[TRANSFERS] if row.is_tight]
    return tuple(sorted(tight, key=lambda row: (row.next_starts_local, row.speaker or "", row.session_key))) or None


SECTION = Section("transfers", 90, (TRANSFERS,), _describe, "transfers.html", wide=True)

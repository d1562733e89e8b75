"""What needs somebody: contradictions first, then what is probably a mistake, then what may be meant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from event_assets.site.event.section import Clock, Section
from event_assets.site.event.tables import CONFLICTS, DEMAND, FINDINGS, SPEAKER_CONFLICTS, Row, Tables

SEVERITIES = ("error", "warning", "note")
MOST = 25
"""How many cases of one kind are listed: who has more looks into the table."""


@dataclass(frozen=True)
class Case:
    """A case of something that needs somebody.

    Attributes:
        names: What it is about: titles, or the name of a speaker and titles.
        day: The day of it.
        at: The local time of it.
        halls: The names of halls.
        detail: What else is known of it.
        records: How many records it is about.
        minutes: How long it lasts, of an overlap.
    """

    names: tuple[str, ...]
    day: date | None = None
    at: datetime | None = None
    halls: tuple[str, ...] = ()
    detail: str = ""
    records: int = 1
    minutes: int | None = None


@dataclass(frozen=True)
class Group:
    """The cases of one kind.

    Attributes:
        severity: One of ``SEVERITIES``.
        rule: Which rule found them.
        what_to_do: What to do about each, as the table says it; the texts of the page come first.
        cases: The first of them.
        count: How many there are.
        table: Where all of them are.
    """

    severity: str
    rule: str
    what_to_do: str
    cases: tuple[Case, ...]
    count: int
    table: str


def _describe(tables: Tables, clock: Clock) -> tuple[Group, ...] | None:
    kinds: dict[tuple[str, str], list[Case]] = {}
    known: dict[tuple[str, str], tuple[str, str]] = {}
    for severity, rule, what_to_do, table, case in _cases(tables):
        kinds.setdefault((severity, rule), []).append(case)
        known[severity, rule] = what_to_do, table
    groups = [
        Group(severity, rule, known[severity, rule][0], _first(cases), len(cases), known[severity, rule][1])
        for (severity, rule), cases in kinds.items()
    ]
    order = {severity: place for place, severity in enumerate(SEVERITIES)}
    return tuple(sorted(groups, key=lambda group: (order.get(group.severity, 0), -group.count, group.rule))) or None


def _first(cases: list[Case]) -> tuple[Case, ...]:
    ordered = sorted(cases, key=lambda case: (case.at is None, case.at or datetime.max, case.names, case.detail))
    return tuple(ordered[:MOST])


def _cases(tables: Tables) -> Iterator[tuple[str, str, str, str, Case]]:
    """Give severity, rule, what to do, table and case of everything that needs somebody."""
    for row in tables[CONFLICTS]:
        names = _known(row.title, row.other_title)
        case = Case(names, row.day, row.overlap_starts_local, _known(row.hall), minutes=row.overlap_minutes)
        yield "error", "hall_conflict", "", CONFLICTS.table, case
    for row in tables[SPEAKER_CONFLICTS]:
        names, halls = _known(row.speaker, row.title, row.other_title), _known(row.hall, row.other_hall)
        case = Case(names, row.day, row.overlap_starts_local, halls, minutes=row.overlap_minutes)
        rule = "team_conflict" if row.likely_team else "speaker_conflict"
        yield "note" if row.likely_team else "error", rule, "", SPEAKER_CONFLICTS.table, case
    for row in tables[DEMAND]:
        detail = f"{row.booked_seats} / {row.capacity}"
        case = Case(_known(row.title), row.day, row.starts_local, _known(row.hall), detail)
        yield "warning", "overbooked", "", DEMAND.table, case
    for row in tables[FINDINGS]:
        yield row.severity, row.rule, row.what_to_do or "", FINDINGS.table, _finding(row)


def _finding(row: Row) -> Case:
    record = f"{row.resource} {row.id}" if row.id is not None else row.resource
    names = _known(row.title) or (record,)
    return Case(names, row.day, row.starts_local, _known(row.hall), row.detail or "", row.records or 1)


def _known(*names: str | None) -> tuple[str, ...]:
    return tuple(name for name in names if name)


SECTION = Section("attention", 20, (CONFLICTS, SPEAKER_CONFLICTS, DEMAND, FINDINGS), _describe, "attention.html")

"""What is wrong with the event itself, found in rows of the copy for readers: a pure function, without Dagster.

Its sentences name sessions, halls and speakers, which the programme shows to everybody, and nothing of participants.
What becomes of them is in ``event_alerts``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from event_assets.settings import AlertSettings
from event_assets.warehouse import HISTORY, SUMMARY
from event_assets.warehouse.copy_rows import Wanted
from event_assets.warehouse.failures import in_one_line
from event_assets.warehouse.relations import Relation

Rows: TypeAlias = Sequence[Mapping[str, Any]]

CONFLICTS, LATE_CHANGES, FULL_WORKSHOPS, SILENCE = "conflicts", "late_changes", "full_workshops", "silence"
"""The kinds of troubles."""

_QUARTER = timedelta(minutes=15)
_LONGEST_NAME = 80
_MOVES = {"moved_time": "time", "moved_day": "day", "moved_hall": "hall"}


def _summary(table: str, *columns: str, **where: str) -> Wanted:
    return Wanted(Relation(SUMMARY, table), columns, where)


WANTED: Mapping[str, tuple[Wanted, ...]] = {
    CONFLICTS: (
        _summary(
            "hall_conflicts", "session_key", "other_session_key", "hall", "hall_id", "overlap_starts_local",
            "overlap_minutes", "title", "other_title",
        ),
        _summary(
            "speaker_conflicts", "session_key", "other_session_key", "speaker", "speaker_id", "overlap_starts_local",
            "overlap_minutes", "title", "other_title", "hall", "other_hall", "likely_team",
        ),
    ),
    LATE_CHANGES: (
        _summary(
            "schedule_changes", "entry_key", "version", "change", "seen_at", "kind", "title", "old_value", "new_value"
        ),
        Wanted(Relation(HISTORY, "entry_versions"), ("entry_key", "version", "starts_at", "is_removed")),
    ),
    FULL_WORKSHOPS: (
        _summary(
            "workshop_capacity", "session_key", "title", "starts_local", "hall", "capacity", "booked_seats", "is_full"
        ),
    ),
    SILENCE: (
        _summary("hall_utilisation", "day", "first_start_local", "last_end_local"),
        _summary(
            "attendance_over_time", "day", "starts_local", "checkins",
            step="quarter_hour", dimension="all",
        ),
    ),
}  # fmt: skip
"""The rows that each kind is found in."""


@dataclass(frozen=True)
class EventTrouble:
    """Something that is wrong, from one instant to another, if nothing changes.

    Attributes:
        kind: One of the kinds.
        name: What it is called when it is over; the same from copy to copy.
        text: What is wrong, as a sentence.
        begins: When it begins; None for already.
        ends: When it is over by itself, such as once a session has begun; None for never.
    """

    kind: str
    name: str
    text: str
    begins: datetime | None = field(default=None)
    ends: datetime | None = field(default=None)

    def is_over(self, now: datetime) -> bool:
        """Return whether it is over by itself."""
        return self.ends is not None and self.ends <= now


def kinds_of(settings: AlertSettings) -> dict[str, int]:
    """Return the kinds that are switched on, each with the setting that its troubles depend on."""
    kinds = {
        CONFLICTS: int(settings.conflicts),
        LATE_CHANGES: settings.late_change_hours,
        FULL_WORKSHOPS: int(settings.full_workshops),
        SILENCE: settings.silent_checkin_minutes,
    }
    return {kind: value for kind, value in kinds.items() if value}


def event_troubles(rows: Mapping[str, Sequence[Rows]], settings: AlertSettings, zone: ZoneInfo) -> list[EventTrouble]:
    """Return what is wrong, or will be if nothing changes.

    Args:
        rows: The rows of each kind that is switched on, as ``WANTED`` lists them.
        settings: How early and how long counts.
        zone: The event's.
    """
    find = {
        CONFLICTS: lambda halls, speakers: [*_clashes(halls, zone), *_double_bookings(speakers, zone)],
        LATE_CHANGES: lambda changes, versions: _late_changes(changes, versions, settings.late_change_hours, zone),
        FULL_WORKSHOPS: lambda workshops: _full_workshops(workshops, zone),
        SILENCE: lambda halls, quarters: _silences(halls, quarters, settings.silent_checkin_minutes, zone),
    }
    return [trouble for kind, found in rows.items() for trouble in find[kind](*found)]


def _clashes(rows: Rows, zone: ZoneInfo) -> Iterator[EventTrouble]:
    for row in rows:
        begins, ends = _overlap(row, zone)
        sessions = f"{_session(row)} and {_session(row, 'other_')}"
        hall = _named(row["hall"], row["hall_id"])
        text = f"{sessions} overlap in the hall {hall} by {row['overlap_minutes']} minutes, from {_shown(begins)} on."
        yield EventTrouble(CONFLICTS, f"{sessions} in the hall {hall}", text, ends=ends)


def _double_bookings(rows: Rows, zone: ZoneInfo) -> Iterator[EventTrouble]:
    for row in rows:
        if row["likely_team"]:
            continue
        begins, ends = _overlap(row, zone)
        speaker, one, other = _named(row["speaker"], row["speaker_id"]), _session(row), _session(row, "other_")
        halls = [f" ({hall})" if (hall := _named(row[name], "")) else "" for name in ("hall", "other_hall")]
        text = f"{speaker} is in {one}{halls[0]} and in {other}{halls[1]} at once, from {_shown(begins)} on."
        yield EventTrouble(CONFLICTS, f"{speaker} in {one} and {other}", text, ends=ends)


def _late_changes(changes: Rows, versions: Rows, hours: int, zone: ZoneInfo) -> Iterator[EventTrouble]:
    starts = {(row["entry_key"], row["version"]): row["starts_at"] for row in versions}
    latest = {row["entry_key"]: row["is_removed"] for row in sorted(versions, key=lambda row: row["version"])}
    wanted = [
        row for row in changes if row["kind"] != "break" and (row["change"] in _MOVES or row["change"] == "removed")
    ]

    def of_an_entry(row: Mapping[str, Any]) -> tuple[str, int]:
        return row["entry_key"], row["version"]

    for (key, version), group in groupby(sorted(wanted, key=of_an_entry), of_an_entry):
        its = [*group]
        is_removed = its[0]["change"] == "removed"
        if is_removed and not latest.get(key, True):
            continue  # it is there again
        before, after = (starts.get((key, number)) for number in (version - 1, version))
        seen, near = its[0]["seen_at"], timedelta(hours=hours)
        soon = [start for start in (before, after) if start and timedelta(0) <= start - seen <= near]
        if not soon:
            continue
        session = _named(its[0]["title"], key)
        moves = "; ".join(
            f"{_MOVES[row['change']]}: {_value(row['old_value'])} → {_value(row['new_value'])}"
            for row in sorted(its, key=lambda row: row["change"])
            if row["change"] in _MOVES
        )
        what = "was removed" if is_removed else f"was moved ({moves})"
        minutes = round((min(soon) - seen) / timedelta(minutes=1))
        text = f"“{session}” {what}, seen {minutes} minutes before its start at {_shown(min(soon).astimezone(zone))}."
        yield EventTrouble(LATE_CHANGES, f"change {version} of “{session}” ({key})", text, ends=max(soon))


def _full_workshops(rows: Rows, zone: ZoneInfo) -> Iterator[EventTrouble]:
    for row in rows:
        if not row["is_full"]:
            continue
        begins = row["starts_local"] and row["starts_local"].replace(tzinfo=zone)
        where = f" in the hall {hall}" if (hall := _named(row["hall"], "")) else ""
        when = f" at {_shown(begins)}" if begins else ""
        counted = row["booked_seats"] is not None and row["capacity"]
        seats = f": {row['booked_seats']} of {row['capacity']} seats are taken" if counted else ""
        text = f"The workshop {_session(row)}{where}{when} is full{seats}."
        yield EventTrouble(FULL_WORKSHOPS, f"the workshop {_session(row)} ({row['session_key']})", text, ends=begins)


def _silences(halls: Rows, quarters: Rows, minutes: int, zone: ZoneInfo) -> Iterator[EventTrouble]:
    """Return a silence for each day: it begins after the last check-in, and ends with the last session."""
    last_checkins: dict[date, datetime] = {}
    for row in quarters:
        if row["checkins"]:
            until = row["starts_local"] + _QUARTER
            last_checkins[row["day"]] = max(until, last_checkins.get(row["day"], until))
    spans: dict[date, tuple[datetime, datetime]] = {}
    for row in halls:
        day, first, last = row["day"], row["first_start_local"], row["last_end_local"]
        if day and first and last:
            known = spans.get(day, (first, last))
            spans[day] = min(first, known[0]), max(last, known[1])
    for day, (first, last) in sorted(spans.items()):
        since = max(first, last_checkins.get(day, first)).replace(tzinfo=zone)
        begins, ends = since + timedelta(minutes=minutes), last.replace(tzinfo=zone)
        if begins < ends:
            text = f"Nobody has checked in since {_shown(since)}, while sessions go on."
            yield EventTrouble(SILENCE, f"no check-ins on {day}", text, begins, ends)


def _overlap(row: Mapping[str, Any], zone: ZoneInfo) -> tuple[datetime, datetime]:
    begins = row["overlap_starts_local"].replace(tzinfo=zone)
    return begins, begins + timedelta(minutes=row["overlap_minutes"])


def _session(row: Mapping[str, Any], prefix: str = "") -> str:
    return f"“{_named(row[f'{prefix}title'], row[f'{prefix}session_key'])}”"


def _named(name: str | None, otherwise: str | None) -> str:
    """Return a name on one line, without an address that somebody may have written in it."""
    return in_one_line(name or otherwise or "")[:_LONGEST_NAME]


def _value(sent: str | None) -> str:
    return _named(sent, "none")


def _shown(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M}"

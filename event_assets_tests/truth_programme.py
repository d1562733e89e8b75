"""What the summaries should say of conflicts, gaps and seats: minutes counted one by one, no SQL. See ``truth``."""

import re
from collections import defaultdict
from collections.abc import Container, Iterator
from datetime import datetime
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

from event_assets.sandbox import Event
from event_assets_tests.truth import MINUTE, Session, agenda, day_spans, minutes, on_the_clock, sessions

GROUPS = {"team", "staff", "committee", "organisers", "organizers", "crew", "group"}


def hall_conflicts(event: Event) -> dict[tuple[str, str], dict[str, Any]]:
    """Per pair of sessions that share a minute in one hall: how many minutes, and where and when."""
    return {
        (first.key, second.key): {**_pair(first, second), "hall": first.hall, "hall_id": str(first.hall_id)}
        for first, second in _overlapping(sessions(event))
        if first.hall_id is not None and first.hall_id == second.hall_id
    }


def hall_gaps(event: Event) -> dict[tuple[str, Any, datetime], dict[str, Any]]:
    """Per run of free minutes of a hall within a day's span, and per changeover: what is around it."""
    placed: dict[str, list[Session]] = {str(hall["id"]): [] for hall in event.content["halls"]}
    for session in sessions(event):
        if session.hall_id is not None:
            placed.setdefault(str(session.hall_id), []).append(session)
    names = {str(hall["id"]): hall["name"] for hall in event.content["halls"]}
    zone = ZoneInfo(event.timezone)
    pauses = {minute for entry in agenda(event) if entry.key.startswith("break:") for minute in minutes(entry)}
    gaps = {}
    for hall, there in placed.items():
        busy = {minute for session in there for minute in minutes(session)}
        goes_on = {minute for session in there for minute in minutes(session) if minute != session.start}
        for day, (opens, closes) in day_spans(event).items():
            for start, end in _free_spans(opens, closes, busy, goes_on):
                before = [s for s in there if minutes(s) and s.end == start > opens]
                after = [s for s in there if minutes(s) and s.start == end < closes]
                gaps[hall, day, start] = {
                    "ends_at": end,
                    "starts_local": on_the_clock(start, zone),
                    "ends_local": on_the_clock(end, zone),
                    "minutes": (end - start) / MINUTE,
                    "longest_free_minutes": _longest_run(start, end, pauses),
                    "hall": names.get(hall),
                    "slot": _slot(start == end, bool(before), bool(after)),
                    **_around(
                        max(before, key=lambda session: (session.start, session.key), default=None),
                        min(after, key=lambda session: session.key, default=None),
                    ),
                }
    return gaps


def _free_spans(
    opens: datetime, closes: datetime, busy: Container[datetime], goes_on: Container[datetime]
) -> Iterator[tuple[datetime, datetime]]:
    """The runs of minutes that are not busy, and the busy minutes in which no session goes on."""
    start = None
    for minute in _each_minute(opens, closes):
        if minute not in busy:
            start = start or minute
        elif start:
            yield start, minute
            start = None
        elif minute > opens and minute not in goes_on:
            yield minute, minute
    if start:
        yield start, closes


def _each_minute(start: datetime, end: datetime) -> list[datetime]:
    return [start + number * MINUTE for number in range(round((end - start) / MINUTE))]


def _longest_run(start: datetime, end: datetime, taken: Container[datetime]) -> int:
    longest = run = 0
    for minute in _each_minute(start, end):
        run = 0 if minute in taken else run + 1
        longest = max(longest, run)
    return longest


def _slot(changes_over: bool, has_before: bool, has_after: bool) -> str:
    if changes_over:
        return "changeover"
    names = {(True, True): "between", (False, True): "before_first", (True, False): "after_last"}
    return names.get((has_before, has_after), "all_day")


def _around(before: Session | None, after: Session | None) -> dict[str, Any]:
    return {
        "session_before": before and before.key,
        "session_after": after and after.key,
        "title_before": before and before.title,
        "title_after": after and after.title,
    }


def speaker_conflicts(event: Event) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Per speaker and pair of the speaker's sessions that share a minute: how many, and whether it is a group."""
    names = {speaker["id"]: speaker["name"] or "" for speaker in event.content["speakers"]}
    theirs: dict[Any, list[Session]] = defaultdict(list)
    for session in sessions(event):
        for speaker in session.speaker_ids:
            theirs[speaker].append(session)
    conflicts = {}
    for speaker, held in theirs.items():
        words = set(re.findall(r"\w+", names.get(speaker, "").lower()))
        at_once: dict[datetime, int] = defaultdict(int)
        for session in held:
            for minute in minutes(session):
                at_once[minute] += 1
        for first, second in _overlapping(held):
            conflicts[str(speaker), first.key, second.key] = {
                **_pair(first, second),
                "speaker": names.get(speaker, "").strip() or None,
                "hall": first.hall,
                "other_hall": second.hall,
                "likely_team": bool(words & GROUPS) or max(at_once.values()) >= 3,
            }
    return conflicts


def workshop_capacity(event: Event) -> dict[tuple[str], dict[str, Any]]:
    """Per workshop: its seats. The events at hand have neither overbooked workshops nor ones without seats."""
    capacity = {}
    for record in event.content["workshops"]:
        session, seats, free = Session("workshop", record, event), record["capacity"], record["available"]
        assert seats > 0 <= free <= seats
        capacity[(session.key,)] = {
            "title": session.title,
            "day": session.day,
            "starts_local": session.start_local,
            "hall": session.hall,
            "capacity": seats,
            "available": free,
            "booked_seats": seats - free,
            "overbooked_seats": 0,
            "fill_share": (seats - free) / seats,
            "is_full": record["booked"] or free == 0,
        }
    return capacity


def _overlapping(held: list[Session]) -> list[tuple[Session, Session]]:
    of_each = {session.key: minutes(session) for session in held}
    ordered = sorted(filter(minutes, held), key=lambda session: (session.start, session.key))
    return [pair for pair in combinations(ordered, 2) if of_each[pair[0].key] & of_each[pair[1].key]]


def _pair(first: Session, second: Session) -> dict[str, Any]:
    return {
        "overlap_minutes": len(minutes(first) & minutes(second)),
        "overlap_starts_local": second.start_local,
        "day": first.day,
        "title": first.title,
        "other_title": second.title,
    }

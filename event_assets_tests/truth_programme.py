"""What the summaries should say of conflicts, gaps and seats: minutes counted one by one, no SQL. See ``truth``."""

import re
from collections import defaultdict
from datetime import datetime, timedelta
from itertools import combinations, pairwise
from typing import Any

from event_assets.sandbox import Event
from event_assets_tests.truth import MINUTE, Session, minutes, sessions

GROUPS = {"team", "staff", "committee", "organisers", "organizers", "crew", "group"}


def hall_conflicts(event: Event) -> dict[tuple[str, str], dict[str, Any]]:
    """Per pair of sessions that share a minute in one hall: how many minutes, and where and when."""
    return {
        (first.key, second.key): {**_pair(first, second), "hall": first.hall, "hall_id": str(first.hall_id)}
        for first, second in _overlapping(sessions(event))
        if first.hall_id is not None and first.hall_id == second.hall_id
    }


def hall_gaps(event: Event) -> dict[tuple[str, Any, datetime], dict[str, Any]]:
    """Per run of free minutes in a hall that sessions of one day enclose: its end and the sessions around it."""
    busy: dict[Any, dict[datetime, list[Session]]] = defaultdict(lambda: defaultdict(list))
    for session in sessions(event):
        for minute in minutes(session) if session.hall_id is not None else ():
            busy[session.hall_id][minute].append(session)
    gaps = {}
    for hall_id, there in busy.items():
        for last, following in pairwise(sorted(there)):
            before = max(there[last], key=lambda session: (session.start, session.key))
            after = min(there[following], key=lambda session: session.key)
            start = last + MINUTE
            on_their_days = all(session.local_day == session.day for session in (before, after))
            is_night = before.day != after.day or not (on_their_days or following - start <= timedelta(hours=6))
            if following > start and not is_night:
                gaps[str(hall_id), before.day, start] = {
                    "ends_at": following,
                    "minutes": (following - start) / MINUTE,
                    "starts_local": before.end_local,
                    "ends_local": after.start_local,
                    "hall": after.hall,
                    "session_before": before.key,
                    "session_after": after.key,
                    "title_before": before.title,
                    "title_after": after.title,
                }
    return gaps


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
            "booked": seats - free,
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

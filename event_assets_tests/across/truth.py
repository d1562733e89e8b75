"""What cross-event tables should say, computed from the JSON of the events in plain Python: no SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from event_assets.sandbox import Event
from event_assets_tests.truth import sessions
from event_assets_tests.truth_people import event_overview, participants

Events = Mapping[str, Event]
"""The events by name, of which all could be read."""


def overview(events: Events, today: date) -> dict[str, dict[str, Any]]:
    """Per event: its dates and sizes, and whether it is over."""
    found = {name: event_overview(event) for name, event in events.items()}
    return {name: {**facts, "is_over": facts["last_day"] < today} for name, facts in found.items()}


def pace(events: Events, changed_on: Mapping[str, date], today: date) -> dict[tuple[str, date], dict[str, Any]]:
    """Per event and day: how far it is from the opening, who registered and checked in, and who had by then.

    Args:
        events: The events, whose people all have readable times.
        changed_on: The local day on which a sync has changed the data of each.
        today: The day after which an event is over or not.
    """
    facts = overview(events, today)
    days = {
        name: {field: Counter(_days(event, field)) for field in ("registered_at", "checked_at")}
        for name, event in events.items()
    }
    spans = {name: _span(days[name].values(), facts[name], changed_on[name]) for name in events}
    distances = {
        (facts[name]["first_day"] - day).days
        for name in events
        for day in [*days[name]["registered_at"], *days[name]["checked_at"], spans[name][1]]
    }
    rows = {}
    for name in events:
        for distance in distances:
            day = facts[name]["first_day"] - timedelta(days=distance)
            if spans[name][0] <= day <= spans[name][1]:
                rows[name, day] = {"days_to_opening": distance, **_counted(days[name], day, facts[name]["is_over"])}
    return rows


def _days(event: Event, field: str) -> Iterable[date]:
    zone = ZoneInfo(event.timezone)
    for person in participants(event):
        if person[field]:
            moment = datetime.fromisoformat(person[field].replace("Z", "+00:00"))
            yield (moment.astimezone(zone) if moment.tzinfo else moment).date()


def _span(counted: Iterable[Counter[date]], facts: Mapping[str, Any], changed_on: date) -> tuple[date, date]:
    active = [day for days in counted for day in days]
    return min(active), max(*active, min(changed_on, facts["last_day"]))


def _counted(days: Mapping[str, Counter[date]], day: date, is_over: bool) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for field, name in (("registered_at", "registrations"), ("checked_at", "checkins")):
        by_then, total = sum(number for each, number in days[field].items() if each <= day), days[field].total()
        row[name], row[f"{name}_so_far"] = days[field][day], by_then
        row[f"share_of_{name}"] = by_then / total if is_over and total else None
    return row


def speakers(events: Events) -> dict[str, dict[str, Any]]:
    """Per speaker across events: where he or she speaks, and how much."""
    spoken, opens = [], _first_days(events)
    for name, event in events.items():
        known = {str(each["id"]): each for each in event.content["speakers"]}
        talks: dict[str, list[float]] = {each: [] for each in known}
        for session in sessions(event):
            for each in session.speaker_ids:
                talks.setdefault(str(each), []).append(max(session.minutes or 0, 0))
        spoken += [(name, key, known.get(key, {}), minutes) for key, minutes in talks.items()]
    rows = {}
    for key, merged in _merged([(name, key, record.get("name")) for name, key, record, _ in spoken]).items():
        theirs = [spoken[index] for index in merged.members]
        theirs.sort(key=lambda each: (opens[each[0]], each[0]))
        rows[key] = {
            "speaker": _text(theirs[-1][2].get("name")),
            "company": _text(theirs[-1][2].get("company")),
            "events": len(theirs),
            "event_names": ", ".join(name for name, *_ in theirs),
            "first_event_day": opens[theirs[0][0]],
            "last_event_day": opens[theirs[-1][0]],
            "sessions": sum(len(minutes) for *_, minutes in theirs),
            "minutes": sum(sum(minutes) for *_, minutes in theirs),
            "is_ambiguous": merged.is_ambiguous,
        }
    return rows


def partners(events: Events) -> dict[str, dict[str, Any]]:
    """Per partner across events: where it sponsors and exhibits."""
    opens = _first_days(events)
    there = [(name, each) for name, event in events.items() for each in event.partners]
    rows = {}
    for key, merged in _merged([(name, str(each["id"]), each["company"]) for name, each in there]).items():
        theirs = sorted((there[index] for index in merged.members), key=lambda each: (opens[each[0]], each[0]))
        sponsored = [opens[name] for name, each in theirs if each["sponsor"]]
        rows[key] = {
            "company": _text(theirs[-1][1]["company"]),
            "events": len(theirs),
            "event_names": ", ".join(name for name, _ in theirs),
            "first_event_day": opens[theirs[0][0]],
            "last_event_day": opens[theirs[-1][0]],
            "sponsored_events": len(sponsored),
            "exhibited_events": sum(bool(each["exhibitor"]) for _, each in theirs),
            "last_sponsored_day": max(sponsored, default=None),
            "is_ambiguous": merged.is_ambiguous,
        }
    return rows


class _Merged:
    def __init__(self, is_ambiguous: bool) -> None:
        self.members: list[int] = []
        self.is_ambiguous = is_ambiguous


def _merged(named: Sequence[tuple[str, str, str | None]]) -> dict[str, _Merged]:
    """Merge who has the same name: of each event, identifier and name."""
    plain = [" ".join((name or "").split()).lower() for *_, name in named]
    seen = Counter((event, name) for (event, *_), name in zip(named, plain, strict=True) if name)
    ambiguous = {name for (_, name), number in seen.items() if number > 1}
    found: dict[str, _Merged] = {}
    for index, ((event, key, _), name) in enumerate(zip(named, plain, strict=True)):
        whole = f"event {event} {key}" if not name else f"id {key} {name}" if name in ambiguous else f"name {name}"
        found.setdefault(whole, _Merged(name in ambiguous)).members.append(index)
    return found


def _first_days(events: Events) -> dict[str, date]:
    return {name: event_overview(event)["first_day"] for name, event in events.items()}


def _text(value: str | None) -> str | None:
    return (value or "").strip() or None

"""What the summaries of people, partners and findings should say of an event: plain Python, no SQL, as in ``truth``."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from event_assets.sandbox import Event
from event_assets_tests.truth import RESOURCES, Session, agenda, sessions

ROLES = {"a": "admin", "m": "moderator", "l": "lecturer", "e": "attendee"}
Record = dict[str, Any]


def participants(event: Event) -> list[Record]:
    """The first participant of each address, and everybody who has none."""
    first: dict[str, Record] = {}
    for participant in event.participants:
        address = (participant["email"] or "").strip().casefold()
        first.setdefault(address if "@" in address else f"id:{participant['id']}", participant)
    return list(first.values())


def registrations_by_day(event: Event) -> dict[tuple, dict[str, Any]]:
    """Per role and local day on which anybody registered: who did, and who had by then."""
    zone = ZoneInfo(event.timezone)
    days: dict[str, list[date]] = defaultdict(list)
    for participant in participants(event):
        moment = datetime.fromisoformat(participant["registered_at"].replace("Z", "+00:00"))
        days[ROLES[participant["role"]]].append(moment.astimezone(zone).date())
    return {
        (day, role): {
            "registrations": theirs.count(day),
            "registrations_so_far": sum(other <= day for other in theirs),
        }
        for role, theirs in days.items()
        for day in {day for of_a_role in days.values() for day in of_a_role}
    }


def checkin_rate(event: Event) -> dict[tuple, dict[str, Any]]:
    """Per dimension and value: who is registered, and who is there."""
    people = participants(event)
    companies = Counter((person["company"] or "").strip() for person in people)

    def company(person: Record) -> str:
        name = (person["company"] or "").strip()
        return "(none)" if not name else name if companies[name] > 2 else "(other)"

    dimensions: dict[str, Callable[[Record], str]] = {
        "all": lambda _: "(all)",
        "role": lambda person: ROLES[person["role"]],
        "group": lambda person: "(none)" if person["group_id"] is None else str(person["group_id"]),
        "company": company,
    }
    there: dict[tuple, list[bool]] = defaultdict(list)
    for person in people:
        for dimension, value in dimensions.items():
            there[dimension, value(person)].append(person["checked_at"] is not None)
    return {
        key: {"registered": len(each), "checked_in": sum(each), "rate": sum(each) / len(each)}
        for key, each in there.items()
    }


def partners_overview(event: Event) -> dict[tuple, dict[str, Any]]:
    """Per partner: what it is, and what its profile lacks. No description of these events is empty HTML."""
    overview = {}
    for partner in event.partners:
        profile = {name: partner[name] for name in ("description", "web", "address")}
        profile |= {"logo": (partner["logo"] or {}).get("url"), "photo": partner["photo"]}
        missing = [name for name, value in profile.items() if not (value or "").strip()]
        overview[str(partner["id"]),] = {
            "company": partner["company"],
            "sponsor": bool(partner["sponsor"]),
            "exhibitor": bool(partner["exhibitor"]),
            "sponsor_order": (partner["sponsor_info"] or {}).get("order"),
            "exhibitor_order": (partner["exhibitor_info"] or {}).get("order"),
            "booth_number": (partner["exhibitor_info"] or {}).get("booth_number"),
            "missing": ", ".join(missing) or None,
        }
    return overview


def findings(event: Event) -> Counter[tuple[str, str, str | None]]:
    """Rule, resource and identifier of every finding, and how often it comes with another detail.

    What a rule says of ten records and more, and of most of a resource, is one finding without an identifier.
    """
    found = Counter(_findings(event))
    records = {**event.content, "partners": event.partners, "participants": participants(event)}
    concerned = Counter((rule, resource) for rule, resource, key in found if key is not None)
    usual = {each for each, number in concerned.items() if number >= 10 and number > len(records[each[1]]) / 2}
    single = {finding: number for finding, number in found.items() if finding[:2] not in usual}
    return Counter({**single, **{(*each, None): 1 for each in usual}})


def _findings(event: Event) -> Iterator[tuple[str, str, str | None]]:
    for entry in agenda(event):
        kind, _, key = entry.key.partition(":")
        for rule in [*_entry_rules(event, entry), *(_session_rules(event, entry) if kind != "break" else ())]:
            yield rule, RESOURCES[kind], key
    names = {name: [(r["id"], r["name"]) for r in event.content[name]] for name in NAMED}
    names["partners"] = [(partner["id"], partner["company"]) for partner in event.partners]
    for resource, named in names.items():
        for key, name in named:
            if not (name or "").strip():
                yield "blank_name", resource, str(key)
    for person in participants(event):
        if "@" not in (person["email"] or ""):
            yield "participant_without_address", "participants", str(person["id"])
    if len(participants(event)) < len(event.participants):
        yield "record_not_loaded", "participants", None


WARNINGS = {"blank_name", "session_without_hall", "session_without_speaker", "starts_on_another_day"}
NOTES = {"overlong_session", "session_without_track", "participant_without_address"}
"""How bad a finding is, by its rule: what is in neither is an error."""
NAMED = ("lectures", "workshops", "pauses", "halls", "speakers", "tracks")


def _entry_rules(event: Event, entry: Session) -> Iterator[str]:
    """The rules of sessions and breaks."""
    kind, _, key = entry.key.partition(":")
    day_id = next(record["event_day_id"] for record in event.content[RESOURCES[kind]] if str(record["id"]) == key)
    days = {day["id"]: date.fromisoformat(day["date"]) for day in event.content["days"]}
    begins = entry.local_day
    rules = {
        "unknown_day": bool(days) and day_id is not None and day_id not in days,
        "end_not_after_start": entry.minutes is not None and entry.minutes <= 0,
        "starts_on_another_day": days.get(day_id, begins) != begins,
    }
    yield from (rule for rule, applies in rules.items() if applies)


def _session_rules(event: Event, session: Session) -> Iterator[str]:
    content = event.content
    known = {name: {r["id"] for r in content[name]} for name in ("halls", "speakers", "tracks")}
    rules = {
        "session_without_hall": session.hall_id is None,
        "session_without_speaker": not session.speaker_ids,
        "session_without_track": not session.track_ids,
        "unknown_hall": session.hall_id is not None and session.hall_id not in known["halls"],
        "overlong_session": session.minutes is not None and session.minutes > 6 * 60,
    }
    yield from (rule for rule, applies in rules.items() if applies)
    yield from ("unknown_speaker" for speaker in session.speaker_ids if speaker not in known["speakers"])
    yield from ("unknown_track" for track in session.track_ids if track not in known["tracks"])


def event_overview(event: Event) -> dict[str, Any]:
    """The event at a glance."""
    content, programme, people = event.content, sessions(event), participants(event)
    days = {date.fromisoformat(day["date"]) for day in content["days"]}
    days |= {session.day for session in programme if session.day}
    speaking = {speaker for session in programme for speaker in session.speaker_ids}
    return {
        **{name: len(content[name]) for name in ("halls", "tracks", "lectures", "workshops", "speakers")},
        "breaks": len(content["pauses"]),
        "days": len(days),
        "first_day": min(days),
        "last_day": max(days),
        "session_minutes": sum(max(session.minutes or 0, 0) for session in programme),
        "sessions_without_hall": sum(session.hall_id is None for session in programme),
        "sessions_without_speaker": sum(not session.speaker_ids for session in programme),
        "speakers_with_session": sum(speaker["id"] in speaking for speaker in content["speakers"]),
        "partners": len(event.partners),
        "sponsors": sum(bool(partner["sponsor"]) for partner in event.partners),
        "exhibitors": sum(bool(partner["exhibitor"]) for partner in event.partners),
        "participants": len(people),
        "checked_in": sum(person["checked_at"] is not None for person in people),
        "findings": findings(event).total(),
        "errors": sum(number for (rule, *_), number in findings(event).items() if rule not in WARNINGS | NOTES),
        "warnings": sum(number for (rule, *_), number in findings(event).items() if rule in WARNINGS),
    }

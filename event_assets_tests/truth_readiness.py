"""What the summaries of transfers, profiles, breaks, seats and languages should say, without SQL. See ``truth``."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from event_assets.sandbox import Event
from event_assets_tests.truth import MINUTE, RESOURCES, Session, sessions
from event_assets_tests.truth_people import partners_overview

QUARTER = timedelta(minutes=15)


class _Placed(NamedTuple):
    """A session of a positive length, with its times."""

    start: datetime
    end: datetime
    session: Session


def _placed(event: Event) -> list[_Placed]:
    return [
        _Placed(session.start, session.end, session)
        for session in sessions(event)
        if session.start and session.end and session.start < session.end
    ]


def speaker_transfers(event: Event) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Per speaker and session that begins when all earlier ones of the day are over: which ended last, and when."""
    theirs: dict[Any, list[_Placed]] = defaultdict(list)
    for placed in _placed(event):
        for speaker in placed.session.speaker_ids:
            theirs[speaker].append(placed)
    transfers = {}
    for speaker, held in theirs.items():
        ordered = sorted(held, key=lambda placed: (placed.start, placed.session.key))
        for place, (start, _, later) in enumerate(ordered[1:], start=1):
            before = ordered[:place]
            _, end, last = max(before, key=lambda placed: (placed.end, placed.start, placed.session.key))
            if end > start or last.day != later.day:
                continue
            minutes = (start - end) / MINUTE
            known = None not in (last.hall_id, later.hall_id)
            transfers[str(speaker), last.key, later.key] = {
                "minutes_between": minutes,
                "day": last.day,
                "hall": last.hall,
                "next_hall": later.hall,
                "changes_hall": last.hall_id != later.hall_id if known else None,
                "is_tight": known and last.hall_id != later.hall_id and minutes < 15,
                "ends_local": last.end_local,
                "next_starts_local": later.start_local,
                "title": last.title,
                "next_title": later.title,
            }
    return transfers


def speaker_readiness(event: Event) -> dict[tuple[str], dict[str, Any]]:
    """Per speaker: what the profile lacks. No biography of these events is empty HTML."""
    programme, readiness = sessions(event), {}
    for speaker in event.content["speakers"]:
        profile = {name: speaker.get(name) for name in ("name", "company", "position", "country", "language")}
        profile |= {"biography": speaker.get("bio") or speaker.get("bio_html"), "photo": speaker.get("photo")}
        missing = [name for name, value in profile.items() if not (value or "").strip()]
        held = [session for session in programme if speaker["id"] in session.speaker_ids]
        readiness[str(speaker["id"]),] = {
            "sessions": len(held),
            "first_start_local": min((s.start_local for s in held if s.start_local), default=None),
            "profile_completeness": 1 - len(missing) / 7,
            "missing": ", ".join(missing) or None,
        }
    return readiness


def session_readiness(event: Event) -> dict[tuple[str], dict[str, Any]]:
    """Per session: what it lacks, and how many of its speakers lack something."""
    speakers, readiness = speaker_readiness(event), {}
    descriptions = {
        f"{kind}:{record['id']}": record["description"]
        for kind, name in RESOURCES.items()
        for record in event.content[name]
    }
    for session in sessions(event):
        listed = [speakers[str(speaker),] for speaker in session.speaker_ids if (str(speaker),) in speakers]
        fields = {
            "title": session.title,
            "description": descriptions[session.key],
            "start": session.start,
            "end": session.end,
            "hall": session.hall,
            "track": session.tracks,
            "speaker": listed,
        }
        missing = [name for name, value in fields.items() if not value]
        readiness[session.key,] = {
            "completeness": 1 - len(missing) / 7,
            "missing": ", ".join(missing) or None,
            "incomplete_speakers": sum(speaker["missing"] is not None for speaker in listed),
        }
    return readiness


def session_demand(event: Event) -> dict[tuple[str], dict[str, Any]]:
    """Per session with a capacity: its seats. The events at hand have none that is overbooked."""
    demand = {}
    for kind in ("lecture", "workshop"):
        for record in event.content[RESOURCES[kind]]:
            seats, free = record["capacity"], record["available"]
            if seats is not None:
                assert seats > 0 <= free <= seats
                demand[f"{kind}:{record['id']}",] = {
                    "kind": kind,
                    "title": record["name"],
                    "capacity": seats,
                    "booked_seats": seats - free,
                    "free_seats": free,
                    "overbooked_seats": 0,
                    "demand_share": (seats - free) / seats,
                }
    return demand


def break_pressure(event: Event) -> dict[tuple[str], dict[str, Any]]:
    """Per break: the sessions that end just before it, go on through it, and begin just after it."""
    demand, pressure, programme = session_demand(event), {}, _placed(event)
    for pause in event.content["pauses"]:
        its = Session("break", pause, event)
        assert its.start is not None
        assert its.end is not None
        begins, ends = its.start, its.end
        before = [session for _, end, session in programme if begins - QUARTER <= end <= begins]
        booked = [demand[session.key,]["booked_seats"] for session in before if (session.key,) in demand]
        pressure[str(pause["id"]),] = {
            "title": its.title,
            "day": its.day,
            "sessions_before": len(before),
            "halls_before": len({session.hall_id for session in before} - {None}),
            "booked_seats_before": sum(booked) if booked else None,
            "uncounted_sessions_before": len(before) - len(booked),
            "sessions_during": sum(start < ends and end > begins for start, end, _ in programme),
            "sessions_after": sum(ends <= start <= ends + QUARTER for start, _, _ in programme),
        }
    return pressure


def language_mix(event: Event) -> dict[tuple[str], dict[str, Any]]:
    """Per language: who speaks it, and the sessions that they hold."""
    speakers = event.content["speakers"]
    languages = {speaker["id"]: (speaker["language"] or "").strip() or "(none)" for speaker in speakers}
    mix = {}
    for language in set(languages.values()):
        theirs = {speaker for speaker, spoken in languages.items() if spoken == language}
        held = [session for session in sessions(event) if theirs & set(session.speaker_ids)]
        mix[language,] = {
            "speakers": len(theirs),
            "share_of_speakers": len(theirs) / len(languages),
            "sessions": len(held),
            "minutes": sum(max(session.minutes or 0, 0) for session in held),
        }
    return mix


def sponsor_levels(event: Event) -> dict[tuple[str], dict[str, Any]]:
    """Per level: its partners, and how complete they are."""
    levels: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for partner in partners_overview(event).values():
        flags = [name for name in ("sponsor", "exhibitor") if partner[name]]
        levels[" and ".join(flags) or "partner"].append(partner)
    return {
        (level,): {
            "partners": len(its),
            "share_of_partners": len(its) / len(event.partners),
            "with_booth": sum(bool(partner["booth_number"]) for partner in its),
            "complete_profiles": sum(partner["missing"] is None for partner in its),
            "profile_completeness": sum(
                1 - len((p["missing"] or "").split(", ") if p["missing"] else []) / 5 for p in its
            )
            / len(its),
        }
        for level, its in levels.items()
    }

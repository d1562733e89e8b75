"""What the summaries should say of an event, computed from the JSON in plain Python: no SQL, nothing of the package."""

from collections import defaultdict
from datetime import date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from event_assets.sandbox import Event

MINUTE = timedelta(minutes=1)


class Session:
    """A lecture, workshop or break, with its times and names resolved."""

    def __init__(self, kind: str, record: dict[str, Any], event: Event):
        content, zone = event.content, ZoneInfo(event.timezone)
        self.key = f"{kind}:{record['id']}"
        self.title = record["name"]
        self.start, self.end = (_moment(record[end], zone) for end in ("start", "end"))
        self.hall_id = record.get("hall_id")
        self.hall = {hall["id"]: hall["name"] for hall in content["halls"]}.get(self.hall_id)
        days = {day["id"]: date.fromisoformat(day["date"]) for day in content["days"]}
        self.speaker_ids = list(dict.fromkeys(record.get("speakers", ())))
        self.track_ids = list(dict.fromkeys(record.get("tracks", ())))
        names = {speaker["id"]: speaker["name"] for speaker in content["speakers"]}
        self.speakers = [names[speaker].strip() for speaker in self.speaker_ids if (names.get(speaker) or "").strip()]
        tracks = {track["id"]: track["name"] for track in content["tracks"]}
        self.tracks = [tracks[track] for track in self.track_ids if track in tracks]
        self.start_local, self.end_local = (_on_the_clock(moment, zone) for moment in (self.start, self.end))
        self.local_day = self.start_local.date() if self.start_local else None
        self.day = days.get(record["event_day_id"]) or self.local_day

    @property
    def minutes(self) -> float | None:
        """The length; None if it is not known."""
        return (self.end - self.start) / MINUTE if self.start and self.end else None


def _moment(text: str | None, zone: ZoneInfo) -> datetime | None:
    """A time as the API sends it, in UTC; without an offset, it is one of the event's zone."""
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(timezone.utc)


def _on_the_clock(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    return moment.astimezone(zone).replace(tzinfo=None) if moment else None


def participants(event: Event) -> dict[str, str]:
    """The address or placeholder of the first participant of each address, and of everybody without one, by the key."""
    first: dict[str, str] = {}
    for participant in event.participants:
        address = participant["email"].strip().casefold()
        first.setdefault(address if "@" in address else f"id:{participant['id']}", participant["email"])
    return first


RESOURCES = {"lecture": "lectures", "workshop": "workshops", "break": "pauses"}
"""Kind of entry → the resource that it comes from."""


def sessions(event: Event) -> list[Session]:
    """Every session of the programme."""
    kinds = {"lecture": "lectures", "workshop": "workshops"}
    return [Session(kind, record, event) for kind, name in kinds.items() for record in event.content[name]]


def agenda(event: Event) -> list[Session]:
    """Every session, and every break as a session without hall, speakers and tracks."""
    return [*sessions(event), *(Session("break", record, event) for record in event.content["pauses"])]


def hall_utilisation(event: Event) -> dict[tuple[str, date | None], dict[str, Any]]:
    """Per hall and day: sessions, and busy minutes counted one by one."""
    placed: dict[tuple[str, date | None], list[Session]] = defaultdict(list)
    zone = ZoneInfo(event.timezone)
    for session in sessions(event):
        if session.hall_id is not None:
            placed[str(session.hall_id), session.day].append(session)
    return {
        place: {
            "sessions": len(there),
            "busy_minutes": len({minute for session in there for minute in minutes(session)}),
            "first_start_local": _on_the_clock(min((s.start for s in there if s.start), default=None), zone),
            "last_end_local": _on_the_clock(max((s.end for s in there if s.end), default=None), zone),
        }
        for place, there in placed.items()
    }


def speaker_load(event: Event) -> dict[tuple[str], dict[str, Any]]:
    """Per speaker of the list or of a session: sessions, minutes, days."""
    load: dict[str, list[Session]] = {str(speaker["id"]): [] for speaker in event.content["speakers"]}
    for session in sessions(event):
        for speaker in session.speaker_ids:
            load.setdefault(str(speaker), []).append(session)
    return {
        (speaker,): {
            "sessions": len(theirs),
            "minutes": sum(max(session.minutes or 0, 0) for session in theirs),
            "days": len({session.day for session in theirs} - {None}),
        }
        for speaker, theirs in load.items()
    }


def track_summary(event: Event) -> dict[tuple[str], dict[str, Any]]:
    """Per track of the list or of a session: sessions, minutes, speakers, halls."""
    tracks: dict[str, list[Session]] = {str(track["id"]): [] for track in event.content["tracks"]}
    for session in sessions(event):
        for track in session.track_ids:
            tracks.setdefault(str(track), []).append(session)
    return {
        (track,): {
            "sessions": len(its),
            "minutes": sum(max(session.minutes or 0, 0) for session in its),
            "speakers": len({speaker for session in its for speaker in session.speaker_ids}),
            "halls": len({session.hall_id for session in its} - {None}),
        }
        for track, its in tracks.items()
    }


def minutes(session: Session) -> set[datetime]:
    """Every minute of a session, by its beginning in UTC; none where its length is not known."""
    return {session.start + minute * MINUTE for minute in range(round(session.minutes or 0)) if session.start}

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
        self.start_local, self.end_local = (on_the_clock(moment, zone) for moment in (self.start, self.end))
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


def on_the_clock(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    """An instant as the clock of a zone shows it."""
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


def day_spans(event: Event) -> dict[date | None, tuple[datetime, datetime]]:
    """Per day: the first start and the last end in all halls, of sessions that take time.

    A day ends at six in the morning: what starts on it at another time counts only where nothing else is there.
    """
    placed: dict[date | None, list[Session]] = defaultdict(list)
    for session in sessions(event):
        if session.hall_id is not None and minutes(session):
            placed[session.day].append(session)
    spans = {}
    for day, theirs in placed.items():
        own = [session for session in theirs if _is_on(day, session)] or theirs
        spans[day] = min(filter(None, (s.start for s in own))), max(filter(None, (s.end for s in own)))
    return spans


def _is_on(day: date | None, session: Session) -> bool:
    start = session.start_local
    if day is None or start is None:
        return False
    return start.date() == day or (start.hour < 6 and start.date() == day + timedelta(days=1))


def hall_utilisation(event: Event) -> dict[tuple[str, date | None], dict[str, Any]]:
    """Per hall and day, used or not: sessions, busy minutes counted one by one, and their shares of both spans."""
    placed: dict[tuple[str, date | None], list[Session]] = defaultdict(list)
    zone, spans = ZoneInfo(event.timezone), day_spans(event)
    for session in sessions(event):
        if session.hall_id is not None:
            placed[str(session.hall_id), session.day].append(session)
    days = {date.fromisoformat(day["date"]) for day in event.content["days"]}
    days |= {session.day for session in sessions(event) if session.day}
    halls = {str(hall["id"]) for hall in event.content["halls"]} | {hall for hall, _ in placed}
    utilisation = {}
    for hall, day in {*placed, *((hall, day) for hall in halls for day in days)}:
        there = placed.get((hall, day), [])
        busy = {minute for session in there for minute in minutes(session)}
        span = (max(busy) + MINUTE - min(busy)) / MINUTE if busy else None
        opens, closes = spans.get(day, (None, None))
        day_span = (closes - opens) / MINUTE if opens and closes else None
        within = sum(opens <= minute < closes for minute in busy) if opens and closes else 0
        utilisation[hall, day] = {
            "sessions": len(there),
            "busy_minutes": len(busy),
            "first_start_local": on_the_clock(min(busy, default=None), zone),
            "last_end_local": on_the_clock(max(busy) + MINUTE if busy else None, zone),
            "span_minutes": span,
            "busy_share_of_span": len(busy) / span if span else None,
            "day_span_minutes": day_span,
            "busy_share_of_day": within / day_span if day_span else None,
        }
    return utilisation


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


def track_summary(event: Event) -> dict[tuple[str | None], dict[str, Any]]:
    """Per track of the list or of a session, and of sessions without one: sessions, minutes, speakers, halls."""
    tracks: dict[str | None, list[Session]] = {str(track["id"]): [] for track in event.content["tracks"]}
    for session in sessions(event):
        for track in session.track_ids or [None]:
            tracks.setdefault(None if track is None else str(track), []).append(session)
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

"""Makes iCalendar files (RFC 5545) of a programme: for all of it, and for each hall, track and speaker.

A session or break keeps its UID for ever, and its SEQUENCE counts the changes that were seen. One that is gone stays as
CANCELLED: whoever has imported the file earlier is told when importing it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta, timezone

from icalendar import Calendar, Event, Timezone, vDuration, vText

from event_assets.site.files.values import Entry, Named, Programme, calendar_name, xml_text

UNTITLED = "(no title)"
SPEAKERS = "Speakers"
_PRODUCT = "-//event_assets//programme//EN"
_REFRESH = timedelta(hours=1)
"""How often programs that subscribe to a calendar should fetch it."""
_END = b"END:VCALENDAR\r\n"


def calendar_files(programme: Programme) -> dict[str, bytes]:
    """Return the calendars by file name: ``all.ics``, ``hall-ID.ics``, ``track-ID.ics`` and ``speaker-ID.ics``.

    There is one for every hall and track, and for every speaker with a session.

    Args:
        programme: The programme.
    """
    # Each entry is in several calendars, and made once.
    events = {entry.key: _event(entry, programme).to_ical() for entry in programme.entries}
    zone = _timezone(programme).to_ical()

    def calendar(kind: str, identifier: str, name: str, entries: Iterable[Entry]) -> bytes:
        head = _head(
            ": ".join(filter(None, (programme.title, name))), programme.guid(f"calendar of {kind}", identifier)
        )
        return b"".join([head.removesuffix(_END), zone, *(events[entry.key] for entry in entries), _END])

    files = {calendar_name(): calendar("all", "", "", programme.entries)}
    kinds: list[tuple[str, Iterable[Named], Callable[[Entry], Iterable[str]]]] = [
        ("hall", programme.halls, lambda entry: (entry.hall,)),
        ("track", programme.tracks, lambda entry: entry.tracks),
        ("speaker", programme.speakers, lambda entry: entry.speakers),
    ]
    for kind, members, ids_of in kinds:
        found: dict[str, list[Entry]] = {}
        for entry in programme.entries:
            for identifier in ids_of(entry):
                found.setdefault(identifier, []).append(entry)
        for member in members:
            if member.id in found or kind != "speaker":
                entries = found.get(member.id, [])
                files[calendar_name(kind, member.id)] = calendar(kind, member.id, member.name or member.id, entries)
    return files


def _head(name: str, uid: object) -> bytes:
    """Return a calendar without components."""
    calendar = Calendar.new(prodid=_PRODUCT, uid=str(uid), calscale="GREGORIAN")
    for known_as in ("name", "x-wr-calname"):
        # As a text: the library escapes nothing in a name of its own.
        calendar.add(known_as, vText(" ".join(xml_text(name).split())))
    calendar.add("refresh-interval", vDuration(_REFRESH), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(_REFRESH))  # the same for Outlook
    return calendar.to_ical()


def _timezone(programme: Programme) -> Timezone:
    """Return the event's zone, from the year before its first entry to the one after its last.

    It is there also without an entry: a calendar has at least one component.
    """
    days = [*programme.days, *(entry.starts.date() for entry in programme.entries)] or [date(1970, 1, 1)]
    first, last = min(days).year - 1, max(days).year + 2
    return Timezone.from_tzid(programme.timezone, first_date=date(first, 1, 1), last_date=date(last, 1, 1))


def _event(entry: Entry, programme: Programme) -> Event:
    event = Event()
    event.add("uid", str(entry.guid))
    event.add("dtstamp", entry.changed_at.astimezone(timezone.utc))
    event.add("last-modified", entry.changed_at.astimezone(timezone.utc))
    event.add("sequence", entry.revision)
    event.add("dtstart", _local(entry.starts))
    if entry.ends:
        event.add("dtend", _local(entry.ends))
    event.add("summary", xml_text(entry.title) or UNTITLED)
    event.add("status", "CANCELLED" if entry.is_cancelled else "CONFIRMED")
    if entry.kind == "break":
        event.add("transp", "TRANSPARENT")
    if hall := programme.hall_names.get(entry.hall):
        event.add("location", xml_text(hall))
    names = [name for each in entry.speakers if (name := programme.speaker_names.get(each))]
    lines = [f"{SPEAKERS}: {', '.join(names)}" if names else "", entry.abstract]
    if description := "\n\n".join(filter(None, lines)):
        event.add("description", xml_text(description))
    if tracks := [xml_text(name) for each in entry.tracks if (name := programme.track_names.get(each))]:
        event.add("categories", tracks)
    return event


def _local(time: datetime) -> datetime:
    """Return a time as it is; in UTC where the clock shows it a second time, because a local time means the first."""
    return time.astimezone(timezone.utc) if time.fold else time

"""Makes iCalendar files (RFC 5545) of a programme: for all of it, and for each hall, track and speaker.

A session or break keeps its UID for ever, and its SEQUENCE counts the changes that were seen. One that is gone stays as
CANCELLED: whoever has imported the file earlier is told when importing it again.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from functools import cached_property

from icalendar import Calendar, Event, Timezone, vDuration, vText

from event_assets.site.files.calendar_lists import CalendarList, names_in, zone_years
from event_assets.site.files.values import Entry, Programme, xml_text

UNTITLED = "(no title)"
SPEAKERS = "Speakers"
_PRODUCT = "-//event_assets//programme//EN"
_REFRESH = timedelta(hours=1)
"""How often programs that subscribe to a calendar should fetch it."""
_END = b"END:VCALENDAR\r\n"


class CalendarMaker:
    """Makes the calendars of a programme. An entry is in several of them, and made once."""

    def __init__(self, programme: Programme) -> None:
        """Take the programme. Nothing is made yet."""
        self._programme = programme
        self._events: dict[str, bytes] = {}

    def calendar(self, of: CalendarList) -> bytes:
        """Return a calendar as iCalendar.

        Args:
            of: What it holds.
        """
        programme = self._programme
        name = ": ".join(filter(None, (programme.title, of.name)))
        head = _head(name, programme.guid(f"calendar of {of.kind}", of.id))
        return b"".join([head.removesuffix(_END), self._zone, *map(self._event, of.entries), _END])

    @cached_property
    def _zone(self) -> bytes:
        first, last = (date(year, 1, 1) for year in zone_years(self._programme))
        return Timezone.from_tzid(self._programme.timezone, first_date=first, last_date=last).to_ical()

    def _event(self, entry: Entry) -> bytes:
        if entry.key not in self._events:
            self._events[entry.key] = _event(entry, self._programme).to_ical()
        return self._events[entry.key]


def _head(name: str, uid: object) -> bytes:
    """Return a calendar without components."""
    calendar = Calendar.new(prodid=_PRODUCT, uid=str(uid), calscale="GREGORIAN")
    for known_as in ("name", "x-wr-calname"):
        # As a text: the library escapes nothing in a name of its own.
        calendar.add(known_as, vText(" ".join(xml_text(name).split())))
    calendar.add("refresh-interval", vDuration(_REFRESH), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(_REFRESH))  # the same for Outlook
    return calendar.to_ical()


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
    hall, speakers, tracks = names_in(entry, programme)
    if hall:
        event.add("location", xml_text(hall))
    lines = [f"{SPEAKERS}: {', '.join(speakers)}" if speakers else "", entry.abstract]
    if description := "\n\n".join(filter(None, lines)):
        event.add("description", xml_text(description))
    if tracks:
        event.add("categories", [xml_text(name) for name in tracks])
    return event


def _local(time: datetime) -> datetime:
    """Return a time as it is; in UTC where the clock shows it a second time, because a local time means the first."""
    return time.astimezone(timezone.utc) if time.fold else time

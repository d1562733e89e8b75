"""A page of an event that was made for a test, and what plain Python finds of halls at a moment."""

from collections import defaultdict
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple

from event_assets.sandbox import Event
from event_assets.site.event.describe import EventPage
from event_assets.site.event.tables import Tables
from event_assets_tests import truth
from event_assets_tests.site.document import Element

UNKNOWN = "\N{EN DASH}"


class Made(NamedTuple):
    """An event, and its page at a moment."""

    event: Event
    tables: Tables
    page: EventPage
    html: Element

    def value(self, section: str) -> Any:
        return next(shown.value for shown in self.page.shown if shown.section.name == section)

    def part(self, section: str) -> Element:
        return self.html.one(f"#{section}")


def clock(at: datetime | None) -> str:
    return f"{at:%H:%M}" if at else UNKNOWN


def moment(at: datetime) -> str:
    return f"{at:%a} {at.day} {at:%b}, {at:%H:%M}"


def squeezed(text: str | None) -> str:
    return " ".join((text or "(no title)").split())


def placed(event: Event) -> dict[str, list[truth.Session]]:
    """The sessions of each hall with a length, by hall."""
    found: dict[str, list[truth.Session]] = defaultdict(list)
    for session in truth.sessions(event):
        if session.hall_id is not None and (session.minutes or 0) > 0:
            found[session.hall or str(session.hall_id)].append(session)
    return found


def now_and_next(event: Event, at: datetime) -> dict[str, tuple[list[str], tuple[datetime | None, str] | None]]:
    """By hall: the titles of what is on, and the start and title of what comes next."""
    found = {}
    for hall, sessions in placed(event).items():
        ordered = sorted(sessions, key=lambda s: (s.start or at, s.key))
        on = [squeezed(s.title) for s in ordered if is_on(s, at)]
        later = next(((s.start_local, squeezed(s.title)) for s in ordered if s.start and s.start > at), None)
        found[hall.strip()] = on, later
    return found


def is_on(entry: truth.Session, at: datetime) -> bool:
    return bool(entry.start and entry.end and entry.start <= at < entry.end)


def on_its_day(entry: truth.Session) -> bool:
    if not (entry.day and entry.start_local and entry.end_local):
        return False
    begins = datetime.combine(entry.day, time())
    return begins <= entry.start_local and entry.end_local <= begins + timedelta(hours=30)

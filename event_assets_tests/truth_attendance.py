"""What the summaries of tickets, no-shows and attendance should say: people counted one by one. See ``truth``."""

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from event_assets.sandbox import Event
from event_assets_tests.truth import sessions
from event_assets_tests.truth_people import ROLES, Record, participants


def first_day(event: Event) -> date:
    """The first date of the event's days and sessions."""
    days = [date.fromisoformat(day["date"]) for day in event.content["days"]]
    return min([*days, *(session.day for session in sessions(event) if session.day)])


def tickets(person: Record) -> list[str]:
    """The different names of a person's tickets; "(none)" where there is none."""
    return sorted({ticket["name"] for ticket in person["tickets"]}) or ["(none)"]


def local(text: str, event: Event) -> datetime:
    """What the clock of the event showed at a time with an offset."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(ZoneInfo(event.timezone)).replace(tzinfo=None)


def ticket_types(event: Event) -> dict[tuple, dict[str, Any]]:
    """Per ticket: who holds it, alone or not, and who of them is there."""
    people = participants(event)
    holders: dict[str, list[Record]] = defaultdict(list)
    for person in people:
        for ticket in tickets(person):
            holders[ticket].append(person)
    return {
        (ticket,): {
            "holders": len(theirs),
            "sole_holders": sum(tickets(person) == [ticket] for person in theirs),
            "share_of_people": len(theirs) / len(people),
            "checked_in": sum(person["checked_at"] is not None for person in theirs),
            "checkin_rate": sum(person["checked_at"] is not None for person in theirs) / len(theirs),
            "first_registered_day": min(local(person["registered_at"], event).date() for person in theirs),
            "last_registered_day": max(local(person["registered_at"], event).date() for person in theirs),
        }
        for ticket, theirs in holders.items()
    }


def no_shows(event: Event) -> dict[tuple, dict[str, Any]]:
    """Per dimension and value: who is registered, and who is not there."""
    people, opening = participants(event), first_day(event)
    companies = Counter((person["company"] or "").strip() for person in people)

    def company(person: Record) -> list[str]:
        name = (person["company"] or "").strip()
        return ["(none)" if not name else name if companies[name] > 2 else "(other)"]

    def registered(person: Record) -> list[str]:
        before = (opening - local(person["registered_at"], event).date()).days
        bands = {0: "from the first day on", 7: "1 to 7 days before", 30: "8 to 30 days before"}
        return [next((band for days, band in bands.items() if before <= days), "over 30 days before")]

    dimensions: dict[str, Callable[[Record], list[str]]] = {
        **_KINDS,
        "company": company,
        "registered": registered,
    }
    absent: dict[tuple, list[bool]] = defaultdict(list)
    for person in people:
        for dimension, values in dimensions.items():
            for value in values(person):
                absent[dimension, value].append(person["checked_at"] is None)
    return {
        key: {
            "registered": len(each),
            "checked_in": len(each) - sum(each),
            "no_shows": sum(each),
            "no_show_share": sum(each) / len(each),
        }
        for key, each in absent.items()
    }


_KINDS: dict[str, Callable[[Record], list[str]]] = {
    "all": lambda _: ["(all)"],
    "role": lambda person: [ROLES[person["role"]]],
    "group": lambda person: ["(none)" if person["group_id"] is None else str(person["group_id"])],
    "ticket": tickets,
}


class _Moment(NamedTuple):
    """When somebody of a kind registered or checked in."""

    clock: datetime
    kind: tuple[str, str]
    is_checkin: bool


def attendance_over_time(event: Event) -> dict[tuple, dict[str, Any]]:
    """Per step, period and kind of people: who registered and checked in within it, and up to its end."""
    moments = [
        _Moment(local(person[field], event), (dimension, value), field == "checked_at")
        for person in participants(event)
        for field in ("registered_at", "checked_at")
        if person[field] is not None
        for dimension, values in _KINDS.items()
        for value in values(person)
    ]
    with_checkins = {moment.clock.date() for moment in moments if moment.is_checkin}
    days = {datetime.combine(moment.clock.date(), time()) for moment in moments}
    quarters = {
        moment.clock.replace(minute=moment.clock.minute // 15 * 15, second=0, microsecond=0)
        for moment in moments
        if moment.clock.date() in with_checkins
    }
    kinds: dict[tuple[str, str], list[_Moment]] = defaultdict(list)
    for moment in moments:
        kinds[moment.kind].append(moment)
    opening, rows = first_day(event), {}
    for step, periods, length in (("day", days, timedelta(1)), ("quarter_hour", quarters, timedelta(minutes=15))):
        for start in periods:
            for kind, theirs in kinds.items():
                so_far = [moment for moment in theirs if moment.clock < start + length]
                within = [moment for moment in so_far if moment.clock >= start]
                rows[(step, start, *kind)] = {
                    "day": start.date(),
                    "days_to_opening": (opening - start.date()).days,
                    "registrations": sum(not moment.is_checkin for moment in within),
                    "checkins": sum(moment.is_checkin for moment in within),
                    "registrations_so_far": sum(not moment.is_checkin for moment in so_far),
                    "checkins_so_far": sum(moment.is_checkin for moment in so_far),
                }
    return rows

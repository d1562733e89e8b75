"""Invents events: lifelike, consistent in themselves, and the same bytes for the same arguments.

What is decided where: ``timetable`` (when and where), ``programme`` (the records of it), ``people`` and
``participants`` (who), ``words`` (the vocabulary). Only names and numbers that cannot be anybody's are used.
"""

from collections.abc import Collection
from datetime import date
from random import Random
from typing import NamedTuple

from event_assets.sandbox.bookings import book_workshops
from event_assets.sandbox.event import EncodedRecords, Event, known_zone
from event_assets.sandbox.more import invent_more
from event_assets.sandbox.participants import invent_participants, plant_key_trouble
from event_assets.sandbox.people import People
from event_assets.sandbox.programme import Programme
from event_assets.sandbox.timetable import plan


class Size(NamedTuple):
    """The size of an event."""

    lectures: int
    participants: int


SIZES = {
    "meetup": Size(lectures=12, participants=40),
    "conference": Size(lectures=120, participants=600),
    "large": Size(lectures=900, participants=1500),
}


def generate_event(
    *,
    size: str = "conference",
    lectures: int | None = None,
    participants: int | None = None,
    seed: int = 1,
    first_day: date = date(2026, 5, 12),
    timezone: str = "Europe/Vienna",
    troubled_participants: int = 0,
    more: Collection[str] = (),
) -> Event:
    """Invents an event.

    From twelve lectures on, its programme holds the trouble that real ones show: see ``timetable.plan``, which says
    what is planted, and ``words.DESCRIPTION_STYLES``. Nothing else in it is out of order.

    Args:
        size: a name in ``SIZES``; says what the two numbers are where they are not given.
        lectures: how many lectures; days, halls, speakers, workshops, tracks and partners follow from it.
        participants: how many participants; a million take 0.4 GB.
        seed: another seed, another event. The programme does not depend on the number of participants, except for who
            has booked a workshop.
        first_day: the date of the first day.
        timezone: IANA name of the event's zone, which session times carry the offset of.
        troubled_participants: how many participants' e-mail addresses are spoilt; by default each has one of their own.
        more: the names of further resources to serve, of ``more.MORE``. Nothing else depends on them.

    Raises:
        ValueError: a number is negative, or the size, the zone or a resource is unknown.
    """
    if size not in SIZES:
        raise ValueError(f"{size!r} is not a size of an event: {', '.join(SIZES)} are.")
    lectures = SIZES[size].lectures if lectures is None else lectures
    participants = SIZES[size].participants if participants is None else participants
    if min(lectures, participants, troubled_participants) < 0:
        raise ValueError("An event cannot have a negative number of lectures, participants or troubled participants.")

    zone = known_zone(timezone)
    people = People()
    # Each part draws from its own numbers, so that more participants do not make another programme.
    rng = Random(f"{seed} programme")
    timetable = plan(rng, lectures)
    programme = Programme(rng, timetable, people, first_day, zone)
    content, partners = programme.content(), programme.partners()
    registered = EncodedRecords(
        invent_participants(
            Random(f"{seed} participants"), participants, people, programme.speakers, first_day, timetable.days, zone
        )
    )
    plant_key_trouble(Random(f"{seed} trouble"), registered, troubled_participants)
    book_workshops(Random(f"{seed} bookings"), content["workshops"], registered)
    return Event(
        content, partners, registered, timezone, invent_more(more, seed, people, content["lectures"], registered)
    )

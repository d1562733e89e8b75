"""The records of ``/participants`` of an invented event: up to a million people, made one at a time."""

from collections.abc import Iterator, MutableSequence, Sequence
from datetime import date, datetime, time, timedelta, timezone
from random import Random
from zoneinfo import ZoneInfo

from event_assets.sandbox.event import Record
from event_assets.sandbox.people import People, Person
from event_assets.sandbox.words import TICKETS

FIRST_ID = 500001
REGISTRATION_DAYS = 120
DOORS_OPEN = time(8)
CHECK_IN_SECONDS = 3 * 3600
DAY_SECONDS = 24 * 3600


def invent_participants(
    rng: Random, number: int, people: People, speakers: Sequence[Person], first_day: date, days: int, zone: ZoneInfo
) -> Iterator[Record]:
    """Yields so many participants, by id and time of registration, as they stand when the event is over.

    First come the organisers (role ``a``), moderators (``m``) and the speakers (``l``, with the name and address they
    have there, but at most a third of all participants), then the attendees (``e``).
    """
    admins = 1 + min(number // 400, 11)
    moderators = min(number // 50, 60)
    lecturers = speakers[: number // 3]
    start = datetime.combine(first_day - timedelta(days=REGISTRATION_DAYS), time(), timezone.utc)
    dates = [(start + timedelta(days=day)).date().isoformat() for day in range(REGISTRATION_DAYS + days + 1)]
    mornings = [
        int((datetime.combine(first_day + timedelta(days=day), DOORS_OPEN, zone) - start).total_seconds())
        for day in range(days)
    ]
    # Registration closes when the doors open, or at the day's end before, where that comes later in UTC.
    registration_seconds = min(REGISTRATION_DAYS * DAY_SECONDS, mornings[0])

    def stamp(seconds: int) -> str:
        # By hand: strftime() would take as long as all the rest of a record.
        day, seconds = divmod(seconds, DAY_SECONDS)
        return f"{dates[day]}T{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.000000Z"

    random = rng.random
    for place in range(number):
        if place < admins:
            person, role, ticket = people.draw(rng), "a", "Crew"
        elif place < admins + moderators:
            person, role, ticket = people.draw(rng), "m", "Crew"
        elif place < admins + moderators + len(lecturers):
            person, role, ticket = lecturers[place - admins - moderators], "l", "Speaker"
        else:
            person, role, ticket = people.draw(rng), "e", TICKETS[int(random() * len(TICKETS))]
        checks_in = ticket != "Online" and random() < 0.8
        answers = random()  # some leave fields of the form empty, which the API sends as null or as ""
        yield {
            "id": FIRST_ID + place,
            "email": person.email,
            "first_name": person.first_name,
            "last_name": person.last_name,
            "name": person.name,
            "company": person.company if answers < 0.85 else None if answers < 0.95 else "",
            "position": person.position if answers < 0.75 else None if answers < 0.9 else "",
            "role": role,
            "group_id": 1 + int(random() * 20) if random() < 0.5 else None,
            "tickets": [{"name": ticket}, {"name": "Workshop Pass"}] if random() < 0.08 else [{"name": ticket}],
            "checked_at": stamp(mornings[int(random() * days)] + int(random() * CHECK_IN_SECONDS))
            if checks_in
            else None,
            "registered_at": stamp(int(registration_seconds * (place + random()) / number)),
        }


def plant_key_trouble(rng: Random, participants: MutableSequence[Record], number: int) -> None:
    """Spoils the e-mail address of so many participants, in turn in the ways real ones are.

    A placeholder without ``@`` that is the same each time; somebody else's address in upper case, with a blank after
    it, and as it is.

    Raises:
        ValueError: there are fewer than two participants for each that is spoilt.
    """
    if 2 * number > len(participants):
        raise ValueError(
            f"{number} troubled participants need at least {2 * number} participants, and there are "
            f"{len(participants)}: each takes the address of another one."
        )
    places = rng.sample(range(len(participants)), 2 * number)
    for turn, (place, other) in enumerate(zip(places[:number], places[number:], strict=True)):
        address = participants[other]["email"]
        spoilt = ("anonymous", address.upper(), f"{address} ", address)[turn % 4]
        participants[place] = {**participants[place], "email": spoilt}

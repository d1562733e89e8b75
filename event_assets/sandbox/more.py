"""Invents the records of the resources that an event may have beside the usual ones: groups, registrations, reviews.

Their fields are called as in descriptions of the API, in camelCase. Everybody in them is one of the participants, or
somebody who has not been accepted, and as invented as they are.
"""

from collections.abc import Callable, Collection, Sequence
from random import Random

from event_assets.sandbox.event import Record
from event_assets.sandbox.people import People
from event_assets.sandbox.words import TICKETS

MORE = ("reviews", "groups", "registrations")
"""The names of these resources, which are also their paths."""

_GROUPS = 20
"""Participants have the groups 1 to 20: see ``participants``."""
_FLAGS = ("agenda", "gamification", "networking", "newsfeed", "sessionRatings", "socialWall")
_COMMENTS = ("Great talk!", "Too fast for me.", "More code, please.", "Очень интересно", "", None)
_WRITTEN = "2026-05-12T15:00:00.000000Z"


def invent_more(
    wanted: Collection[str], seed: int, people: People, lectures: Sequence[Record], participants: Sequence[Record]
) -> dict[str, list[Record]]:
    """Invents the records of some of these resources, by name.

    Args:
        wanted: their names.
        seed: another seed, other records.
        people: whom further people are drawn from.
        lectures: those that may be reviewed.
        participants: those that review and are registered.

    Raises:
        ValueError: there is no such resource.
    """
    if unknown := sorted({*wanted} - {*MORE}):
        raise ValueError(f"{', '.join(map(repr, unknown))}: only {', '.join(MORE)} can be served beside the others.")
    invent: dict[str, Callable[[Random], list[Record]]] = {
        "reviews": lambda rng: _reviews(rng, lectures, participants),
        "groups": _groups,
        "registrations": lambda rng: _registrations(rng, people, participants),
    }
    return {name: invent[name](Random(f"{seed} {name}")) for name in MORE if name in wanted}


def _reviews(rng: Random, lectures: Sequence[Record], participants: Sequence[Record]) -> list[Record]:
    reviews: list[Record] = []
    for lecture in lectures:
        for reviewer in rng.sample(range(len(participants)), min(len(participants), rng.randrange(6))):
            person = participants[reviewer]
            reviews.append(
                {
                    "id": 70_001 + len(reviews),
                    "lectureId": lecture["id"],
                    "userId": person["id"],
                    "username": person["name"],
                    "userphoto": None,
                    "stars": rng.choice((2, 3, 4, 4, 5, 5)),
                    "comment": rng.choice(_COMMENTS),
                    "device": rng.choice(("iPhone", "Pixel")),
                    "OS": rng.choice(("iOS", "Android")),
                    "lecture": {"id": lecture["id"], "name": lecture["name"]},
                    "createdAt": _WRITTEN,
                    "updatedAt": _WRITTEN,
                }
            )
    return reviews


def _groups(rng: Random) -> list[Record]:
    return [
        {
            "id": number,
            "name": f"Group {number}",
            "publicName": f"Group {number}" if number % 3 else None,
            "ticketNames": rng.sample(TICKETS, number % 3),
            "color": f"#{rng.randrange(1 << 24):06x}",
            "emoji": rng.choice(("🦀", "🐍", None)),
            "isDefault": number == 1,
            **{flag: rng.random() < 0.8 for flag in _FLAGS},
        }
        for number in range(1, _GROUPS + 1)
    ]


def _registrations(rng: Random, people: People, participants: Sequence[Record]) -> list[Record]:
    registered = [(person, "accepted") for person in participants]
    for number in range(len(participants) // 10):
        person = people.draw(rng)
        named = {"email": person.email, "first_name": person.first_name, "last_name": person.last_name}
        record = {**named, "company": person.company, "position": person.position, "group_id": None}
        registered.append((record, ("pending", "rejected")[number % 2]))
    return [
        {
            "id": 80_001 + place,
            "email": person["email"],
            "firstName": person["first_name"],
            "lastName": person["last_name"],
            "company": person["company"],
            "position": person["position"],
            **dict.fromkeys(("phone", "bio", "photo", "web", "twitterLink", "facebookLink", "linkedInLink")),
            "groupId": person["group_id"],
            "status": status,
            "emailValid": "@" in person["email"],
            "sendEmail": status == "accepted",
        }
        for place, (person, status) in enumerate(registered)
    ]

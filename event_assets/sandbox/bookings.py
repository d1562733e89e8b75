"""Books the workshops of an invented event."""

from collections.abc import Sequence
from random import Random

from event_assets.sandbox.event import Record

FIRST_ID = 580001


def book_workshops(rng: Random, workshops: list[Record], participants: Sequence[Record]) -> None:
    """Gives the workshops seats and lets participants take them; one workshop in five is booked out."""
    # Nobody books two: so nobody sits in two at once.
    queue = rng.sample(range(len(participants)), min(len(participants), 30 * len(workshops)))
    for number, workshop in enumerate(workshops):
        capacity = rng.choice((12, 16, 20, 24, 30))
        wanted = capacity if rng.random() < 0.2 else rng.randint(capacity // 4, capacity - 1)
        booking, queue = queue[:wanted], queue[wanted:]
        attendees = [{field: participants[place][field] for field in ("id", "name", "email")} for place in booking]
        available = capacity - len(attendees)
        seats = {"capacity": capacity, "available": available, "booked": available == 0}
        workshop.update(seats)
        ids = {"id": FIRST_ID + number, "lecture_id": workshop["id"]}
        workshop["booking_info"] = [{**ids, **seats, "booked_attendees": attendees}]

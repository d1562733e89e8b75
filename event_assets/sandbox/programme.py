"""The records of ``/content`` and ``/partners`` of an invented event, made from its timetable.

When what takes place is decided in ``timetable``; here sessions get ids, titles, tracks and all other fields.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from event_assets.sandbox import words
from event_assets.sandbox.event import Record
from event_assets.sandbox.people import DOMAINS, LOCALES, People, Person, phone
from event_assets.sandbox.timetable import BLOCKS, DAY, SMALLEST_TROUBLED_PROGRAMME, Session, Timetable

EVENT_ID = 4217
FIRST_ID = {
    "halls": 301,
    "days": 51,
    "sessions": 20001,  # lectures and workshops count in one sequence
    "speakers": 7001,
    "pauses": 901,
    "tracks": 601,
    "partners": 1201,
}
PAUSES = ("Coffee", "Lunch", "Tea and Cake")
SESSION_TYPES = {"keynote": 1, "talk": 1, "open stage": 1, "party": 1, "workshop": 2}


class Programme:
    """Makes the records of one event.

    Args:
        rng: where all choices come from.
        timetable: what takes place.
        people: where the speakers are drawn from.
        first_day: the date of day 0.
        zone: the zone of all session times.
    """

    def __init__(self, rng: Random, timetable: Timetable, people: People, first_day: date, zone: ZoneInfo):
        self._rng = rng
        self._timetable = timetable
        self._first_day = first_day
        self._zone = zone
        # One of each locale first: even a small event has names in every script.
        self.speakers: list[Person] = [
            people.draw(rng, number if number < len(LOCALES) else None) for number in range(timetable.speakers)
        ]
        self._tracks = list(words.TRACKS)[: min(max(3, len(timetable.lectures) // 12), len(words.TRACKS))]
        self._decks: dict[str, list[str]] = {}

    def content(self) -> dict[str, list[Record]]:
        """The seven arrays of ``/content``."""
        sessions = [*self._timetable.lectures, *self._timetable.workshops]
        records = self._sessions(sessions)
        return {
            "halls": [self._hall(number) for number in range(self._timetable.halls)],
            "days": [self._day(number) for number in range(self._timetable.days)],
            "lectures": records[: len(self._timetable.lectures)],
            "speakers": [self._speaker(number, person) for number, person in enumerate(self.speakers)],
            "workshops": records[len(self._timetable.lectures) :],
            "pauses": self._pauses(sessions),
            "tracks": [self._track(number, name) for number, name in enumerate(self._tracks)],
        }

    def partners(self) -> list[Record]:
        """The records of ``/partners``: one for every eight lectures, at least two, at most sixty."""
        number = min(max(2, len(self._timetable.lectures) // 8), 60)
        return [self._partner(order, name) for order, name in enumerate(self._rng.sample(words.COMPANIES, number))]

    def _hall(self, number: int) -> Record:
        stamps = self._stamps()
        hall_id = FIRST_ID["halls"] + number
        stream = {
            "type": "url",
            "available": True,
            "code": None,
            **stamps,
            "is_live": False,
            "streamable_id": hall_id,
            "streamable_type": "App\\Models\\Hall",
            "url": f"https://example.org/live/{hall_id}",
        }
        return {
            "id": hall_id,
            "event_id": EVENT_ID,
            "name": words.HALLS[number] if number < len(words.HALLS) else f"Room {number + 1}",
            "order": number + 1,
            "stream": stream if _is_streamed(number) else None,
            **stamps,
        }

    def _day(self, number: int) -> Record:
        day = self._first_day + timedelta(days=number)
        content_url = f"https://example.org/days/{day.isoformat()}"
        return {
            "id": FIRST_ID["days"] + number,
            "event_id": EVENT_ID,
            "date": day.isoformat(),
            "content_url": content_url,
        }

    def _track(self, number: int, name: str) -> Record:
        color = f"#{self._rng.randrange(0x1000000):06x}"
        return {"id": FIRST_ID["tracks"] + number, "name": name, "color": color, "order": number + 1, **self._stamps()}

    def _sessions(self, sessions: Sequence[Session]) -> list[Record]:
        rng = self._rng
        styles = [words.DESCRIPTION_STYLES[number % len(words.DESCRIPTION_STYLES)] for number in range(len(sessions))]
        rng.shuffle(styles)
        elsewhere = self._titles_elsewhere(sessions)
        titles: Counter[str] = Counter()
        records = []
        for number, (session, style) in enumerate(zip(sessions, styles, strict=True)):
            tracks = self._tracks_of(session)
            subject, other = self._subjects(self._tracks[tracks[0]] if tracks else rng.choice(self._tracks))
            title = elsewhere.get(session) or self._title(session, subject, other)
            titles[title] += 1
            if titles[title] > 1:
                title = f"{title}, Part {titles[title]}"
            description = words.description(rng, style, subject)
            records.append(self._session(FIRST_ID["sessions"] + number, session, title, description, tracks))
        return records

    def _subjects(self, track: str) -> tuple[str, str]:
        """Two subjects of a session: each subject of the track is used before one is used again."""
        deck = self._decks.setdefault(track, [])
        if not deck:
            deck += self._rng.sample(words.TRACKS[track], len(words.TRACKS[track]))
        subject = deck.pop()
        return subject, self._rng.choice([other for other in words.TRACKS[track] if other != subject])

    def _title(self, session: Session, subject: str, other: str) -> str:
        if session.kind == "party":
            return words.PARTY_TITLE
        if session.kind == "keynote":
            return f"{'Opening ' if session.day == 0 else ''}Keynote: {self._rng.choice(words.KEYNOTES)}"
        if session.kind == "open stage":
            return words.OPEN_STAGE_TITLE
        patterns = words.WORKSHOP_TITLES if session.kind == "workshop" else words.TITLES
        return words.title(self._rng, patterns, subject, other)

    def _titles_elsewhere(self, sessions: Sequence[Session]) -> dict[Session, str]:
        """Some talks' titles in other languages: one talk in forty, and at least three where there are enough."""
        if len(sessions) < SMALLEST_TROUBLED_PROGRAMME:
            return {}
        talks = [session for session in sessions if session.kind == "talk"]
        number = min(max(3, len(sessions) // 40), len(words.TITLES_ELSEWHERE))
        return dict(zip(self._rng.sample(talks, number), words.TITLES_ELSEWHERE[:number], strict=True))

    def _tracks_of(self, session: Session) -> list[int]:
        """A hall keeps to one track for a day; keynotes and the party have none, some talks none or a second one."""
        if session.kind in ("keynote", "party"):
            return []
        draw = self._rng.random()
        if draw < 0.04:
            return []
        main = ((session.hall or 0) + 3 * session.day) % len(self._tracks)
        return [main, (main + 1) % len(self._tracks)] if draw > 0.9 else [main]

    def _session(
        self, session_id: int, session: Session, title: str, description: str | None, tracks: list[int]
    ) -> Record:
        rng = self._rng
        code = str(UUID(int=rng.getrandbits(128), version=4))
        slides = {"name": "Slides", "url": f"https://example.org/files/{code}.pdf", "type": "slides"}
        record = {
            "id": session_id,
            "event_id": EVENT_ID,
            "event_day_id": FIRST_ID["days"] + session.day,
            "hall_id": None if session.hall is None else FIRST_ID["halls"] + session.hall,
            "name": title,
            "description": description,
            "start": self._moment(session.start),
            "end": self._moment(session.end),
            "type": SESSION_TYPES[session.kind],
            "speakers": [FIRST_ID["speakers"] + speaker for speaker in session.speakers],
            "tracks": [FIRST_ID["tracks"] + track for track in tracks],
            # Only workshops have seats to book; `book_workshops` fills these.
            "capacity": None,
            "available": None,
            "booked": False,
            "booking_info": [],
            "code": code,
            "qr_code_url": f"https://example.org/qr/{code}.png",
            "files": [slides] if rng.random() < 0.15 else [],
            "discussion": int(rng.random() < 0.1),
            "panel_discussion": int(len(session.speakers) > 2),
            "mentoring": False,
            "moderating": rng.random() < 0.05,
            "overlapping": False,
            "polling": rng.random() < 0.2,
            "laravel_through_key": EVENT_ID,
            **self._stamps(),
        }
        if session.hall is not None and _is_streamed(session.hall):
            record["stream"] = {"url": f"https://example.org/live/{record['hall_id']}", "provider": "example"}
        return record

    def _pauses(self, sessions: Sequence[Session]) -> list[Record]:
        """The breaks between the blocks of talks, for as long as a day's programme goes on."""
        pauses = []
        for day in range(self._timetable.days):
            for name, ((_, start), (end, _)) in zip(PAUSES, pairwise(BLOCKS), strict=True):
                if any(session.day == day and session.start >= day * DAY + end for session in sessions):
                    pause = {
                        "id": FIRST_ID["pauses"] + len(pauses),
                        "event_id": EVENT_ID,
                        "event_day_id": FIRST_ID["days"] + day,
                        "name": name,
                        "description": "Served in the foyer." if name == "Lunch" else None,
                        "start": self._moment(day * DAY + start),
                        "end": self._moment(day * DAY + end),
                        "laravel_through_key": EVENT_ID,
                    }
                    pauses.append({**pause, **self._stamps()})
        return pauses

    def _speaker(self, number: int, person: Person) -> Record:
        rng = self._rng
        bio = rng.choice(words.BIOS).format(name=person.name, position=person.position, company=person.company)
        return {
            "id": FIRST_ID["speakers"] + number,
            "event_id": EVENT_ID,
            "order": number + 1,
            "name": person.name,
            "email": person.email if rng.random() < 0.92 else None,
            "phone": phone(rng) if rng.random() < 0.3 else None,
            "company": person.company,
            "position": person.position,
            "country": person.locale.country,
            "language": person.locale.language,
            "bio": bio,
            "bio_html": f"<p>{bio.replace('&', '&amp;')}</p>",
            "web": f"https://example.org/people/{person.handle}" if rng.random() < 0.4 else None,
            # Always null here, as in some events.
            "facebook": None,
            "twitter": None,
            "linkedIn": f"https://example.org/in/{person.handle}" if rng.random() < 0.5 else None,
            "instagram": None,
            "photo": f"https://example.org/photos/{person.handle}.jpg" if rng.random() < 0.7 else None,
        }

    def _partner(self, order: int, company: str) -> Record:
        rng = self._rng
        partner_id = FIRST_ID["partners"] + order
        name = "-".join(company.lower().split()[:2])
        photo = f"https://example.org/logos/{name}.png"
        logo = {
            "id": partner_id,
            "type": "image/png",
            "url": photo,
            "thumbnail": f"https://example.org/logos/{name}-small.png",
            "width": 600,
            "height": rng.choice((200, 300, 600)),
        }
        sponsor = rng.random() < 0.6
        exhibitor = not sponsor or rng.random() < 0.4
        booth = f"{rng.choice('ABC')}{rng.randint(1, 40)}"
        code = f"P{rng.randrange(0x1000000):06X}"
        return {
            "id": partner_id,
            "company": company,
            "description": rng.choice(words.PARTNER_DESCRIPTIONS).format(company=company.replace("&", "&amp;")),
            "web": f"https://example.org/partners/{name}",
            "email": f"hello.{name}@{rng.choice(DOMAINS)}",
            "phone": phone(rng) if rng.random() < 0.6 else None,
            "address": f"{rng.choice(words.STREETS)} {rng.randint(1, 120)}" if rng.random() < 0.7 else None,
            "code": code,
            "sponsor": sponsor,
            "exhibitor": exhibitor,
            "sponsor_info": {"order": order + 1, "photo": photo} if sponsor else None,
            "exhibitor_info": {"booth_number": booth, "order": order + 1, "photo": None} if exhibitor else None,
            "logo": logo if rng.random() < 0.85 else None,
            "photo": photo,
            "qr_code_url": f"https://example.org/qr/{code}.png",
            "sections": [],
            **self._stamps(),
        }

    def _moment(self, minutes: int) -> str:
        wall_clock = datetime.combine(self._first_day, time()) + timedelta(minutes=minutes)
        return wall_clock.replace(tzinfo=self._zone).isoformat()

    def _stamps(self) -> dict[str, str]:
        """Created one to five months before the event; every other record was edited since, but not on the last day."""
        rng = self._rng
        created = datetime.combine(self._first_day, time()) - timedelta(minutes=rng.randrange(30 * DAY, 150 * DAY))
        updated = created + timedelta(minutes=rng.randrange(28 * DAY)) if rng.random() < 0.5 else created
        return {"created_at": f"{created.isoformat()}.000000Z", "updated_at": f"{updated.isoformat()}.000000Z"}


def _is_streamed(hall: int) -> bool:
    return hall % 2 == 0

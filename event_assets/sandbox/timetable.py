"""The timetable of an invented event: which session is when, in which hall, held by whom. Numbers only, no texts.

Days, halls and speakers are counted from 0. Times are minutes of wall-clock time since midnight before the first day.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random
from typing import Literal

DAY = 24 * 60
KEYNOTE_MINUTES = 45
KEYNOTE_HALL = 0
BLOCKS = ((9 * 60, 10 * 60 + 30), (11 * 60, 12 * 60 + 30), (13 * 60 + 30, 15 * 60), (15 * 60 + 30, 17 * 60 + 30))
"""When there are talks; between the blocks are the breaks."""
PARTY = (22 * 60, DAY + 2 * 60)

TALK_MINUTES = (20, 25, 30, 30, 40, 45)
CHANGEOVER_MINUTES = 5
WORKSHOP_STARTS = (10 * 60, 14 * 60)
WORKSHOP_MINUTES = (60, 90, 120, 150, 180)
SPEAKERS_PER_SESSION = (1,) * 15 + (2,) * 4 + (3,)
RETURNING_SPEAKERS = 0.25  # how often a session's speaker has another session already

SMALLEST_TROUBLED_PROGRAMME = 12  # below that, hardly a session would be left as it should be


@dataclass(eq=False)
class Session:
    """One session: ``start`` and ``end`` in minutes, ``day`` the day it is listed under."""

    kind: Literal["keynote", "talk", "workshop", "open stage", "party"]
    day: int
    hall: int | None
    start: int
    end: int
    speakers: list[int] = field(default_factory=list)

    def overlaps(self, other: "Session") -> bool:
        """Returns whether two sessions overlap."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True)
class Timetable:
    """Sessions by start, and how many days, halls and speakers they use; the last halls are for workshops only."""

    lectures: list[Session]
    workshops: list[Session]
    days: int
    halls: int
    speakers: int


def plan(rng: Random, lectures: int) -> Timetable:
    """Plans an event of so many lectures, with a workshop for every dozen of them.

    From ``SMALLEST_TROUBLED_PROGRAMME`` lectures on, it has one each of: a session without a hall, a session without a
    speaker, a party until after midnight (without speakers, too), a session that runs into the next one of its hall, a
    speaker listed twice in one session, and a speaker with two sessions at once.
    """
    days = 1 if lectures <= 20 else 2 if lectures <= 60 else 3 if lectures <= 600 else 4
    days = min(days, max(lectures, 1))
    talks, talk_halls = _plan_lectures(rng, lectures, days)
    workshops, workshop_halls = _plan_workshops(rng, -(-lectures // 12), days, talk_halls)
    troubled = lectures >= SMALLEST_TROUBLED_PROGRAMME
    # Times first: who is free at a time is known when it no longer moves.
    if troubled:
        _trouble_talks(rng, talks)
    sessions = sorted(talks + workshops, key=lambda session: session.start)
    speakers = _assign_speakers(rng, sessions)
    if troubled:
        _trouble_speakers(rng, sessions)
    talks.sort(key=lambda session: session.start)
    return Timetable(talks, workshops, days, talk_halls + workshop_halls, speakers)


def _plan_lectures(rng: Random, lectures: int, days: int) -> tuple[list[Session], int]:
    wanted = [lectures // days + (day < lectures % days) for day in range(days)]
    planned: list[list[Session]] = [[] for _ in range(days)]
    halls = 0
    # Two at least where trouble is planted: nobody can be double-booked where there is one session at a time.
    least = 2 if lectures >= SMALLEST_TROUBLED_PROGRAMME else 1
    while halls < least or any(len(sessions) < number for sessions, number in zip(planned, wanted, strict=True)):
        for day, sessions in enumerate(planned):
            sessions += _fill_hall(rng, day, halls)
        halls += 1
    talks = []
    for sessions, number in zip(planned, wanted, strict=True):
        sessions.sort(key=lambda session: session.start)
        talks += sessions[:number]  # so a day ends when there are enough, instead of having holes
    return talks, halls


def _fill_hall(rng: Random, day: int, hall: int) -> list[Session]:
    sessions = []
    for block, (opens, closes) in enumerate(BLOCKS):
        start = opens
        if block == 0:  # nothing runs against the keynote
            if hall == KEYNOTE_HALL:
                sessions.append(Session("keynote", day, hall, day * DAY + start, day * DAY + start + KEYNOTE_MINUTES))
            start += KEYNOTE_MINUTES + CHANGEOVER_MINUTES
        while start + min(TALK_MINUTES) <= closes:
            minutes = rng.choice([minutes for minutes in TALK_MINUTES if start + minutes <= closes])
            sessions.append(Session("talk", day, hall, day * DAY + start, day * DAY + start + minutes))
            start += minutes + CHANGEOVER_MINUTES
    return sessions


def _plan_workshops(rng: Random, number: int, days: int, first_hall: int) -> tuple[list[Session], int]:
    workshops = []
    for place in range(number):
        place, half = divmod(place, len(WORKSHOP_STARTS))
        hall, day = divmod(place, days)
        start = day * DAY + WORKSHOP_STARTS[half]
        end = start + rng.choice(WORKSHOP_MINUTES)
        workshops.append(Session("workshop", day, first_hall + hall, start, end))
    workshops.sort(key=lambda session: session.start)
    return workshops, -(-number // (len(WORKSHOP_STARTS) * days))


def _trouble_talks(rng: Random, talks: list[Session]) -> None:
    ordered = sorted(
        (talk for talk in talks if talk.kind == "talk"), key=lambda talk: (talk.day, talk.hall, talk.start)
    )
    neighbours = [
        (talk, following)
        for talk, following in pairwise(ordered)
        if talk.hall == following.hall and following.start - talk.end == CHANGEOVER_MINUTES
    ]
    overrunning, overrun = rng.choice(neighbours)
    overrunning.end = overrun.start + 10
    homeless, speakerless, party = rng.sample([talk for talk in ordered if talk not in (overrunning, overrun)], 3)
    homeless.hall = None
    speakerless.kind = "open stage"
    party.kind, party.day, party.hall, (party.start, party.end) = "party", 0, KEYNOTE_HALL, PARTY


def _assign_speakers(rng: Random, sessions: Sequence[Session]) -> int:
    """Gives the sessions speakers, nobody two at a time; returns how many speakers there are."""
    sessions_of: list[list[Session]] = []
    for session in sessions:
        wanted = 0 if session.kind in ("open stage", "party") else rng.choice(SPEAKERS_PER_SESSION)
        while len(session.speakers) < wanted:
            if sessions_of and rng.random() < RETURNING_SPEAKERS:
                speaker = rng.randrange(len(sessions_of))
                # This session is among the speaker's own once they hold it, so nobody is listed twice either.
                if any(session.overlaps(other) for other in sessions_of[speaker]):
                    continue
            else:
                speaker = len(sessions_of)
                sessions_of.append([])
            sessions_of[speaker].append(session)
            session.speakers.append(speaker)
    return len(sessions_of)


def _trouble_speakers(rng: Random, sessions: Sequence[Session]) -> None:
    repeating = rng.choice([session for session in sessions if session.kind == "talk"])
    repeating.speakers.append(repeating.speakers[0])
    placed = [session for session in sessions if session.speakers and session.hall is not None]
    for session in rng.sample(placed, len(placed)):
        speaker = session.speakers[0]
        own = [other for other in sessions if speaker in other.speakers]
        # Against this session and no other one of theirs: it shall be one double booking, not three.
        against = [
            other
            for other in placed
            if other.hall != session.hall and [held for held in own if held.overlaps(other)] == [session]
        ]
        if against:
            rng.choice(against).speakers.append(speaker)
            return

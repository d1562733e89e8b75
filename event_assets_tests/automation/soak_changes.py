"""The people who change the event of a soak, and what a reader can see of their changes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random
from typing import Any

import duckdb

from event_assets.sandbox import Event
from event_assets_tests import truth, truth_people


@dataclass
class Shown:
    """What the published copy shows of what is changed here."""

    agenda: dict[str, tuple[Any, ...]]
    checked_in: int
    booths: dict[str, str | None]

    @classmethod
    def read(cls, published: Path) -> Shown:
        with duckdb.connect(str(published), read_only=True) as connection:
            return cls.of(lambda query: connection.sql(query).fetchall())

    @classmethod
    def of(cls, rows: Callable[[str], list[tuple[Any, ...]]]) -> Shown:
        agenda = rows("select entry_key, title, hall, starts_local from summary.agenda")
        there = rows("select checked_in from summary.event_overview")
        booths = rows("select partner_id, booth_number from summary.partners_overview")
        return cls({key: tuple(rest) for key, *rest in agenda}, int(there[0][0]), dict(booths))


@dataclass
class Change:
    """A change of the event, and whether a reader can see it.

    Attributes:
        kind: What was changed.
        record: Which one; no record is changed again before a reader has seen it.
        is_in: Whether what is shown has it.
        at: When, as a timestamp.
        seen_at: When a reader saw it.
        undisturbed: Whether nothing failed on purpose in between.
    """

    kind: str
    record: str
    is_in: Callable[[Shown], bool]
    at: float = field(default_factory=time.time)
    seen_at: float | None = None
    undisturbed: bool = True

    @property
    def is_of_partners(self) -> bool:
        """Whether it is at `/partners`."""
        return self.record.startswith("partner:")


class Organisers:
    """People who change the event while it is on."""

    def __init__(self, event: Event, rng: Random):
        self._event, self._rng = event, rng
        self._ids = iter(range(90_000, 99_999))
        self.checked_in = sum(person["checked_at"] is not None for person in truth_people.participants(event))

    def change(self, untouchable: set[str]) -> Change:
        """Change something at random, but none of the records named."""
        kinds = [self._move, self._rename, self._add, self._remove, self._check_in, self._new_booth]
        return self._rng.choices(kinds, weights=[6, 4, 2, 1, 6, 1])[0](untouchable)

    def _lecture(self, untouchable: set[str]) -> dict[str, Any]:
        lectures = self._event.content["lectures"]
        return self._rng.choice([lecture for lecture in lectures if _key(lecture) not in untouchable])

    def _entry(self, kind: str, lecture: dict[str, Any]) -> Change:
        session = truth.Session("lecture", lecture, self._event)
        expected = (session.title, session.hall, session.start_local)
        return Change(kind, session.key, lambda shown: shown.agenda.get(session.key) == expected)

    def _move(self, untouchable: set[str]) -> Change:
        lecture = self._lecture(untouchable)
        by = timedelta(minutes=self._rng.choice([-20, -10, 10, 20, 30]))
        moved = {end: (datetime.fromisoformat(lecture[end]) + by).isoformat() for end in ("start", "end")}
        lecture |= {**moved, "hall_id": self._rng.choice(self._event.content["halls"])["id"]}
        return self._entry("move", lecture)

    def _rename(self, untouchable: set[str]) -> Change:
        lecture = self._lecture(untouchable)
        lecture["name"] = f"Renamed {next(self._ids)}"
        return self._entry("rename", lecture)

    def _add(self, untouchable: set[str]) -> Change:
        new = {**self._lecture(untouchable), "id": next(self._ids), "name": "An additional lecture"}
        self._event.content["lectures"].append(new)
        return self._entry("add", new)

    def _remove(self, untouchable: set[str]) -> Change:
        lecture = self._lecture(untouchable)
        self._event.content["lectures"].remove(lecture)
        return Change("remove", _key(lecture), lambda shown: _key(lecture) not in shown.agenda)

    def _check_in(self, _: set[str]) -> Change:
        people = self._event.participants
        absent = [number for number, person in enumerate(people) if person["checked_at"] is None]
        number = self._rng.choice(absent)
        people[number] = {**people[number], "checked_at": datetime.now(timezone.utc).isoformat()}
        self.checked_in += 1
        count = self.checked_in
        return Change("check-in", f"participant:{number}", lambda shown: shown.checked_in >= count)

    def _new_booth(self, untouchable: set[str]) -> Change:
        exhibitors = [
            p for p in self._event.partners if p["exhibitor_info"] and f"partner:{p['id']}" not in untouchable
        ]
        if not exhibitors:
            return self._check_in(untouchable)
        partner, booth = self._rng.choice(exhibitors), f"Z{next(self._ids)}"
        partner["exhibitor_info"] = {**partner["exhibitor_info"], "booth_number": booth}
        key = str(partner["id"])
        return Change("new booth", f"partner:{key}", lambda shown: shown.booths.get(key) == booth)


def _key(lecture: dict[str, Any]) -> str:
    return f"lecture:{lecture['id']}"

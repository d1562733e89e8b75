"""Kills the parts of one server while its events change, and sees what becomes of both."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from os import kill
from random import Random
from signal import SIGKILL

import duckdb
import psycopg2
import requests
import sqlalchemy.exc
from dagster._core.scheduler.instigation import InstigatorState, TickStatus
from dagster_postgres.utils import DagsterPostgresException

from event_assets.sandbox import Event
from event_assets_tests.automation.soak_changes import Change, Organisers, Shown
from event_assets_tests.deploy.door import OPERATOR, READER
from event_assets_tests.deploy.one_server import LOCATIONS, SECOND, WEBSERVERS, OneServer

RUN, POSTGRES = "run", "postgres"
PARTS = (*WEBSERVERS, "daemon", *LOCATIONS, RUN, POSTGRES)
REST_SECONDS, REST_MINUTES = 60, 20
"""What is rest at the end, and how long to wait for it."""
LOOK_EVERY = 1.0
_AWAY = (
    AssertionError, requests.RequestException, psycopg2.Error, sqlalchemy.exc.SQLAlchemyError, DagsterPostgresException
)  # fmt: skip
"""How it shows that a part is not there."""


@dataclass(frozen=True)
class Course:
    """What happens how often: seconds from one to the next, at random between two bounds.

    Attributes:
        change: Changes of each event.
        kill: From when all are back to the next kill.
        launch: Launches of a job by a person.
        down: How long a part is away before it is started again.
        parts: Which parts are killed in turn, in a random order.
    """

    change: tuple[float, float] = (30, 60)
    kill: tuple[float, float] = (10, 60)
    launch: tuple[float, float] = (90, 180)
    down: tuple[float, float] = (0, 20)
    parts: Sequence[str] = PARTS


@dataclass
class Kill:
    """A kill of a part.

    Attributes:
        part: The part.
        at: When, as a timestamp.
        starts_at: When it is started again; None for a run.
        run: The run, if it is one.
        started: Whether it was started again.
        back_at: When it did its work again; of a run, when Dagster had recorded that it has ended.
    """

    part: str
    at: float
    starts_at: float | None = None
    run: str = ""
    started: bool = False
    back_at: float | None = None


@dataclass
class Programme:
    """An event that changes, and what readers see of it."""

    event: Event
    organisers: Organisers
    changes: list[Change] = field(default_factory=list)

    @property
    def waiting(self) -> list[Change]:
        """Changes that nobody has seen yet."""
        return [change for change in self.changes if change.seen_at is None]


class Kills:
    """What is done to the server, and what is seen of it."""

    def __init__(self, server: OneServer, rng: Random, say: Callable[[str], object], course: Course):
        self.server, self.rng, self.course = server, rng, course
        self.programmes = {
            name: Programme(api.event, Organisers(api.event, rng)) for name, api in server.apis.items()
        }  # fmt: skip
        self.kills: list[Kill] = []
        self.restarted: Counter[str] = Counter()
        self.launched: list[str] = []
        self.refused: Counter[str] = Counter()
        self.unreadable: Counter[str] = Counter()
        self._round: list[str] = []
        self._say = say

    @property
    def waiting(self) -> list[Change]:
        """Changes of both that nobody has seen yet."""
        return [change for programme in self.programmes.values() for change in programme.waiting]

    @property
    def under_way(self) -> Kill | None:
        """The kill after which the part is not back yet. A killed run holds up no other kill."""
        return next((each for each in self.kills if each.back_at is None and each.part != RUN), None)

    def say(self, line: str) -> None:
        """Say when something happened."""
        self._say(f"{datetime.now():%H:%M:%S} {line}")

    def go(self, seconds: float) -> None:
        """Let everything happen for so long, then let it come to rest."""
        ends = time.time() + seconds
        next_change = {name: self._soon(self.course.change) for name in self.programmes}
        next_kill, next_launch = self._soon(self.course.kill), self._soon(self.course.launch)
        while time.time() < ends:
            now = time.time()
            for name in self.programmes:
                if now >= next_change[name]:
                    self.change(name)
                    next_change[name] = self._soon(self.course.change)
            if now >= next_launch and self._launch():
                next_launch = self._soon(self.course.launch)
            if self.under_way or (now >= next_kill and self._kill_next()):
                next_kill = self._soon(self.course.kill)
            self.look()
            time.sleep(LOOK_EVERY)
        self.say(f"changes and kills have ended; {len(self.waiting)} changes are under way")
        self._rest()

    def _rest(self) -> None:
        deadline, rest_since = time.time() + REST_MINUTES * 60, time.time()
        while time.time() < min(deadline, rest_since + REST_SECONDS):
            self.look()
            time.sleep(LOOK_EVERY)
            if self.waiting or any(each.back_at is None for each in self.kills) or not self._is_quiet():
                rest_since = time.time()

    def _is_quiet(self) -> bool:
        try:
            return self.server.records.is_quiet()
        except _AWAY:
            return False

    def _soon(self, between: tuple[float, float]) -> float:
        return time.time() + self.rng.uniform(*between)

    def change(self, name: str) -> None:
        """Change something of an event.

        Args:
            name: The service that syncs it.
        """
        programme = self.programmes[name]
        change = programme.organisers.change({change.record for change in programme.waiting})
        change.undisturbed = all(each.back_at for each in self.kills)
        programme.changes.append(change)

    def _launch(self) -> bool:
        """Launch a job as a person does, and return whether it was accepted; a person tries again."""
        name = self.rng.choice([*LOCATIONS])
        job = self.rng.choice(["sync_content", "sync_participants", "refresh_everything"])
        try:
            self.launched.append(self.server.launch(f"{name}__{job}" if name == SECOND else job, LOCATIONS[name]))
        except _AWAY as error:
            self.refused[type(error).__name__] += 1
            return False
        return True

    def _kill_next(self) -> bool:
        if not self._round:
            self._round = self.rng.sample(self.course.parts, len(self.course.parts))
        if not self.kill(self._round[-1]):
            return False
        self._round.pop()
        return True

    def kill(self, part: str) -> bool:
        """Kill a part, and return whether there was anything to kill."""
        services = self.server.services
        run = self._kill_run() if part == RUN else ""
        if part == RUN and not run:
            return False
        if part == POSTGRES:
            self.server.postgres.stop()
        elif part != RUN:
            services.kill(part)
        now = time.time()
        self.kills.append(Kill(part, now, None if run else self._soon(self.course.down), run, bool(run)))
        for change in self.waiting:
            change.undisturbed = False
        self.say(f"{part} {run[:8]} is killed".replace("  ", " "))
        return True

    def _kill_run(self) -> str:
        with suppress(*_AWAY):
            records = self.server.records
            run = next((run for run in records.runs(time.time() - 300) if run.status == "STARTED"), None)
            pid = records.pid(run) if run else None
            if run and pid:
                with suppress(ProcessLookupError):
                    kill(pid, SIGKILL)
                    return run.id
        return ""

    def look(self) -> None:
        """See who is back and what readers see, and start again what has ended."""
        self._restart_what_ended()
        for each in [each for each in self.kills if each.back_at is None]:
            if not each.started:
                self._start_again(each)
            else:
                with suppress(*_AWAY):
                    if self._is_back(each):
                        each.back_at = time.time()
                        self.say(f"{each.part} is back after {each.back_at - each.at:.0f} s")
        for name, programme in self.programmes.items():
            if programme.waiting:
                self._look_at_copy(name, programme)

    def _start_again(self, each: Kill) -> None:
        if each.starts_at is None or time.time() < each.starts_at:
            return
        if each.part == POSTGRES:
            self.server.postgres.start()
        else:
            self.server.services.start(each.part)
        each.started, each.starts_at = True, time.time()

    def _restart_what_ended(self) -> None:
        for name in self.server.services.ended():
            self.server.services.kill(name)  # and what it has left
            self.server.services.start(name)
            self.restarted[name] += 1
            self.say(f"{name} has ended by itself, and is started again")

    def _is_back(self, each: Kill) -> bool:
        since = each.starts_at or each.at
        if each.part in WEBSERVERS:
            user = READER if each.part == "webserver-reader" else OPERATOR
            return self.server.loaded(user) == {*LOCATIONS.values()}
        if each.part == RUN:
            run = self.server.records.instance.get_run_by_id(each.run)
            return run is not None and run.is_finished
        locations = {LOCATIONS[each.part]} if each.part in LOCATIONS else {*LOCATIONS.values()}
        return locations <= self._looked_since(since)

    def _looked_since(self, since: float) -> set[str]:
        """Return the code locations of which a sensor has looked and not failed, since an instant."""
        instance, found = self.server.records.instance, set()
        for state in instance.all_instigator_state():
            ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1, after=since)
            if any(tick.status in (TickStatus.SKIPPED, TickStatus.SUCCESS) for tick in ticks):
                found.add(location_of(state))
        return found

    def _look_at_copy(self, name: str, programme: Programme) -> None:
        try:
            shown = Shown.of(self.server.published[name].rows)
        except psycopg2.OperationalError:
            if not any(each.part == POSTGRES and each.back_at is None for each in self.kills):
                raise
            return
        except (OSError, duckdb.Error) as error:
            self.unreadable[str(error)[:200]] += 1
            return
        for change in programme.waiting:
            if change.is_in(shown):
                change.seen_at = time.time()


def location_of(state: InstigatorState) -> str:
    """Return the code location of a sensor."""
    return state.origin.repository_origin.code_location_origin.location_name

"""What an event goes through while syncs of it are killed, and what comes of it where none is."""

import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import NamedTuple

from event_assets.sandbox import Event, Sandbox, generate_event
from event_assets.source.tables.schema import TABLES
from event_assets_tests.running import Reader
from event_assets_tests.source.syncing import run_sync
from event_assets_tests.warehouses import file_warehouse

ENDPOINTS = {"content": ("lectures", "halls", "tracks"), "participants": ("participants",)}


def table_contents(reader: Reader, resources: Sequence[str]) -> dict[str, list[str]]:
    """What the tables hold, without dlt's identifiers and the times of removal."""
    contents = {}
    for name in resources:
        columns = ", ".join(f'"{column.name}"' for column in TABLES[name].columns)
        query = f"select {columns}, record_hash, removed_at is not null from raw.{name}"
        contents[name] = sorted(map(repr, reader.rows(query)))
        for link in TABLES[name].link_tables:
            query = (
                f"select p.id, l.value, l._dlt_list_idx from raw.{link} l"
                f" left join raw.{name} p on p._dlt_id = l._dlt_parent_id"
            )
            contents[link] = sorted(map(repr, reader.rows(query)))
    return contents


def change(event: Event, numbers: random.Random) -> None:
    """Move, add and cancel some of the programme."""
    lectures, halls = event.content["lectures"], event.content["halls"]
    for lecture in numbers.sample(lectures, 5):
        lecture.update(hall_id=numbers.choice(halls)["id"], speakers=[numbers.randint(7001, 7010)])
    lectures.append({**lectures[0], "id": numbers.randint(90000, 99999), "tracks": []})
    lectures.remove(numbers.choice(lectures))
    event.content["tracks"][0]["name"] = f"Renamed {numbers.random()}"
    people = event.participants
    for index in numbers.sample(range(len(people)), 5):
        people[index] = {**people[index], "position": f"Promoted {numbers.random()}"}
    people.append({**people[0], "id": numbers.randint(90000, 99999), "email": f"{numbers.random()}@example.org"})
    people.append({**people[1], "email": f"{numbers.random()}@example.org", "shoe_size": 40})
    people.remove(numbers.choice(people))


class Course(NamedTuple):
    """What an event goes through, and what is synced of it.

    Attributes:
        endpoint: What is synced.
        first: Whether the sync that may be killed is the first one.
        before: Whether the event has changed before its first sync: the fields that come with it are there from the
            beginning, and not new later.
        after: Whether it changes before the last sync as well.
    """

    endpoint: str
    first: bool
    before: bool
    after: bool

    def events(self) -> Iterator[Event]:
        """The event at each of its syncs: one that is well, unless there is none, the one to kill, the last one."""
        event, numbers = generate_event(lectures=24, participants=50, seed=7), random.Random(repr(self))
        if self.before:
            change(event, numbers)
        if not self.first:
            yield event
            change(event, numbers)
        yield event
        if self.after:
            change(event, numbers)
        yield event


class Undisturbed(NamedTuple):
    """What comes of a course in which no sync is killed: the file before that sync, and what the tables hold."""

    begun: Path
    contents: dict[str, list[str]]


def undisturbed_courses(folder: Path) -> Callable[[Course], Undisturbed]:
    """Go through courses in DuckDB files below a folder: each once, for all the stages at which it can be disturbed."""

    @cache
    def go(course: Course) -> Undisturbed:
        warehouse, resources = (
            file_warehouse(Path(mkdtemp(dir=folder)) / "w.duckdb"),
            ENDPOINTS[course.endpoint],
        )
        begun, events = warehouse.path.with_name("begun.duckdb"), course.events()
        if not course.first:
            with Sandbox(next(events)) as api:
                run_sync(api, warehouse, *resources)
            shutil.copy(warehouse.path, begun)
        *_, last = events
        with Sandbox(last) as api:
            run_sync(api, warehouse, *resources)
        return Undisturbed(begun, table_contents(Reader(warehouse.path), resources))

    return go

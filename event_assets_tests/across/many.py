"""Very many small events, made quickly: some programmes go through all models, and each is held at many dates.

And what it takes to build cross-event tables of them: seconds, and the memory of the processes.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import duckdb

from event_assets.across.copies import EventCopy
from event_assets.across.inputs import INPUTS
from event_assets.across.lake import lake_plan
from event_assets.sandbox import generate_event
from event_assets.source.tables.schema import TABLES
from event_assets.warehouse.engines.duckdb import DuckDbEngine
from event_assets_tests.engines.databases import DuckDb
from event_assets_tests.models import bench

PROGRAMMES = 20
ZONE = "Europe/Vienna"
_FIRST = date(2000, 1, 4)

SOURCES = [each.source for each in INPUTS]
PLAN = {
    relation: columns
    for relation, columns in lake_plan(bench.models_of(TABLES), participants=False).items()
    if relation in SOURCES
}
"""What goes into the lake: the tables that cross-event models read."""


def many_copies(number: int, folder: Path) -> list[EventCopy]:
    """Make the published copies of events: files with the tables that cross-event models read."""
    copies = []
    for programme in range(min(number, PROGRAMMES)):
        event = generate_event(lectures=6, participants=20, seed=programme, first_day=_FIRST, timezone=ZONE)
        people = [{**person, "email_key": person["email"]} for person in event.participants]
        with bench.loaded({**event.content, "partners": event.partners, "participants": people}) as database:
            assert isinstance(database, DuckDb)
            for relation, kind, select in bench.statements(ZONE, *map(str, SOURCES)):
                database.make(relation, kind, select)
            for year in range(programme, number, PROGRAMMES):
                copies.append(_copy(database.connection, f"event{year:04}", year, folder))
    return sorted(copies, key=lambda copy: copy.event)


def _copy(connection: duckdb.DuckDBPyConnection, name: str, number: int, folder: Path) -> EventCopy:
    """Write the copy of a programme that is held some days later, under a name of its own."""
    engine = DuckDbEngine(folder / name / "warehouse.duckdb", folder / name / "published.duckdb")
    engine.published.parent.mkdir(parents=True)
    connection.execute(f"attach '{engine.published}' as copy")
    connection.execute("create schema copy.summary")
    for source in SOURCES:
        types = dict(connection.execute(f"select column_name, column_type from (describe {source})").fetchall())
        values = [
            f"{column} + {number * 7} as {column}"
            if kind == "DATE"
            else f"'{name}' as event_id"
            if column == "event_id"
            else column
            for column, kind in types.items()
        ]
        connection.execute(f"create table copy.{source} as select {', '.join(values)} from {source}")
    connection.execute("detach copy")
    return EventCopy(name, engine, ZONE)


def last_day(number: int) -> date:
    """Return the day at which the middle one of some events is held."""
    return _FIRST + timedelta(days=number // 2 * 7)


@dataclass
class Cost:
    """What something took.

    Attributes:
        seconds: How long it took.
        mebibytes: The most memory that this process and those that it has started held at once.
    """

    seconds: float = 0
    mebibytes: float = field(default=0)


@contextmanager
def measured() -> Iterator[Cost]:
    """Measure what a block takes, by looking ten times a second. On Linux."""
    cost, done = Cost(), threading.Event()

    def look() -> None:
        while not done.wait(0.1):
            cost.mebibytes = max(cost.mebibytes, sum(map(_held, _processes())) / 1024)

    looking = threading.Thread(target=look)
    looking.start()
    began = time.perf_counter()
    try:
        yield cost
    finally:
        cost.seconds = time.perf_counter() - began
        done.set()
        looking.join()


def _processes() -> list[int]:
    """Return this process and those that it has started, or they."""
    parents = {}
    for each in Path("/proc").iterdir():
        if each.name.isdigit():
            try:
                parents[int(each.name)] = int((each / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:  # it has ended
                continue
    found = [os.getpid()]
    for process in found:
        found += [child for child, parent in parents.items() if parent == process]
    return found


def _held(process: int) -> int:
    """Return the proportional set size of a process in KiB."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)

"""Very many small events, made quickly: some programmes go through all models, and each is published as many events.

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

import pyarrow as pa
from deltalake import write_deltalake

from event_assets.across.copies import EventCopy
from event_assets.across.inputs import EVENT, INPUTS
from event_assets.across.lake import lake_plan, of_event
from event_assets.sandbox import generate_event
from event_assets.source.tables.schema import TABLES
from event_assets.warehouse import SUMMARY
from event_assets.warehouse.engines.duckdb import DuckDbEngine
from event_assets.warehouse.engines.spark.lake import Lake
from event_assets.warehouse.relations import Relation
from event_assets_tests.engines.databases import DuckDb
from event_assets_tests.models import bench

PROGRAMMES = 20
ZONE = "Europe/Vienna"
_FIRST = date(2026, 1, 6)

SOURCES = [each.source for each in INPUTS]
PLAN = {
    relation: columns
    for relation, columns in lake_plan(bench.models_of(TABLES), participants=False).items()
    if relation in SOURCES
}
"""What goes into the lake: the tables that cross-event models read."""


def many_copies(number: int, folder: Path) -> list[EventCopy]:
    """Make the published copies of events: files with the tables that cross-event models read."""
    made = [_publish(programme, folder) for programme in range(min(number, PROGRAMMES))]
    copies = []
    for each in range(number):
        engine = DuckDbEngine(folder / "none.duckdb", folder / f"event{each:04}.duckdb")
        os.link(made[each % len(made)], engine.published)
        copies.append(EventCopy(f"event{each:04}", engine, ZONE))
    return copies


def _publish(number: int, folder: Path) -> Path:
    """Write the copy of a programme."""
    first_day = _FIRST + timedelta(days=30 * number)
    event = generate_event(lectures=6, participants=20, seed=number, first_day=first_day, timezone=ZONE)
    people = [{**person, "email_key": person["email"]} for person in event.participants]
    path = folder / f"programme{number}.duckdb"
    with bench.loaded({**event.content, "partners": event.partners, "participants": people}) as database:
        assert isinstance(database, DuckDb)
        for relation, kind, select in bench.statements(ZONE, *map(str, SOURCES)):
            database.make(relation, kind, select)
        database.run(f"attach '{path}' as copy")
        database.run("create schema copy.summary")
        for source in SOURCES:
            database.run(f"create table copy.{source} as from {source}")
        database.run("detach copy")
    return path


def fill_lake(lake: Lake, copies: list[EventCopy]) -> None:
    """Put the rows of many events into a lake that has some, in one commit for each table."""
    tables: dict[Relation, list[pa.Table]] = {source: [] for source in SOURCES}
    made: dict[int, dict[Relation, pa.Table]] = {}
    for copy in copies:
        assert isinstance(copy.engine, DuckDbEngine)
        file = copy.engine.published.stat().st_ino
        if file not in made:  # one programme is published as many events
            made[file] = dict(copy.engine.copied_tables(SUMMARY))
        for source, table in made[file].items():
            tables[source].append(of_event(table, copy.event, PLAN[source]))
    for source, rows in tables.items():
        write_deltalake(lake.location(source), pa.concat_tables(rows), mode="append", partition_by=[EVENT])


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

"""All engines in one go: what each makes of the same responses, to be compared with what DuckDB makes of them.

A warehouse goes through three refreshes: a first sync; a changed response with removals, whose sync is killed and then
repeated; and removed sessions that return. ``make engines`` prints what comes of it.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from event_assets.assets.copy_plan import publish_plan
from event_assets.automation.event_troubles import WANTED, event_troubles, kinds_of
from event_assets.models import Model, build
from event_assets.sandbox import Event, Sandbox
from event_assets.settings import AlertSettings, RemovalSettings
from event_assets.source.api.resources import resources_by_endpoint
from event_assets.source.tables.more import ALL_TABLES, tables_of
from event_assets.warehouse import HISTORY, RAW, STAGING, SUMMARY, Warehouse
from event_assets.warehouse.relations import Relation
from event_assets_tests.engines.delta import LakeReader, lake_warehouse
from event_assets_tests.engines.lakes import Lake
from event_assets_tests.engines.programmes import changed, returned
from event_assets_tests.engines.servers import PostgresServer
from event_assets_tests.models.bench import models_of
from event_assets_tests.source import crash
from event_assets_tests.source.syncing import run_sync
from event_assets_tests.warehouses import PostgresReader, file_warehouse, postgres_warehouse

ENGINES = ("duckdb", "postgres", "ducklake", "spark")
"""The engines that are compared with the first one."""

SCHEMAS = (RAW, STAGING, HISTORY, SUMMARY)
RANDOM = {"_dlt_id", "_dlt_root_id", "_dlt_load_id", "load_id"}
"""Columns that differ from run to run."""
OF_THE_MOMENT = {"removed_at", "seen_at", "changed_at"}
OF_THE_MOMENT |= {"as_of", "content_as_of", "partners_as_of", "participants_as_of"}
"""Columns with the time of a run: compared is whether there is one."""

Rows = Sequence[Mapping[str, Any]]
Tables = Mapping[str, Rows]


@dataclass(frozen=True)
class Place:
    """An empty warehouse of an engine.

    Attributes:
        warehouse: Opens it as a new process would. Can be pickled.
        tables: Reads its tables, by name.
        copy: Reads the tables for readers, by the same names.
        stage: Where the sync is killed; None: not at all. What is loaded by then is not all.
    """

    warehouse: Callable[[], Warehouse]
    tables: Callable[[], Tables]
    copy: Callable[[], Tables]
    stage: str | None


@dataclass
class Outcome:
    """What came of an event on an engine.

    Attributes:
        versions: The content versions of the resources after each refresh.
        failing: How many rows fail each data test in the end.
        tables: The rows of each table in the end.
        copy: The same of the tables for readers.
        troubles: What is wrong with the event, as the alerts find it in the tables for readers.
        seconds: What the builds of each model took.
    """

    versions: list[dict[str, str]] = field(default_factory=list)
    failing: dict[str, int] = field(default_factory=dict)
    tables: dict[str, Counter[str]] = field(default_factory=dict)
    copy: dict[str, Counter[str]] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))


@dataclass(frozen=True)
class Servers:
    """What engines need beside a folder, each started when it is asked for.

    Attributes:
        postgres: A PostgreSQL server.
        spark: The address of a Spark server.
        extensions: The folder of DuckDB's extensions.
    """

    postgres: Callable[[], PostgresServer]
    spark: Callable[[], str]
    extensions: Callable[[], Path]


@contextmanager
def empty_place(engine: str, folder: Path, servers: Servers) -> Iterator[Place]:
    """Make an empty warehouse of an engine, whose folder is empty."""
    if engine == "duckdb":
        yield in_file(folder)
    elif engine == "spark":
        yield in_delta(folder, servers.spark())
    else:
        server = servers.postgres()
        with server.database() as name:
            if engine == "postgres":
                yield in_postgres(folder, server.url(name))
            else:
                yield in_ducklake(Lake(folder, servers.extensions(), server.url(name)))


def in_file(folder: Path) -> Place:
    """Return a DuckDB file, whose syncs nobody kills: the truth."""
    path = folder / "warehouse.duckdb"
    files = path, path.with_name("published.duckdb")
    return Place(partial(file_warehouse, path), *(partial(_of_file, each) for each in files), stage=None)


def in_postgres(folder: Path, url: str, prefix: str = "") -> Place:
    """Return a PostgreSQL database, whose schemas begin with a prefix where it has several events."""
    records = PostgresReader(url).records
    read = partial(_of_sql, records, prefix), partial(_of_sql, records, f"{prefix}published_")
    return Place(partial(postgres_warehouse, url, folder, 30), *read, stage="load after")


def in_ducklake(lake: Lake, event: str = "") -> Place:
    """Return a DuckLake, of an event of [events]."""
    name = f"ducklake_{event}" if event else "ducklake"
    read = (partial(_of_sql, lake.reader(each).records) for each in (name, f"{name}_published"))
    return Place(partial(lake.warehouse, event=event), *read, stage="load after")


def in_delta(folder: Path, remote: str, event: str = "") -> Place:
    """Return Delta tables, whose models a Spark server builds, of an event of [events]."""
    lake, prefix = LakeReader(folder), f"{event}_" if event else ""
    read = partial(_of_delta, lake, prefix), partial(_of_delta, lake, f"{prefix}published_")
    return Place(partial(lake_warehouse, folder, remote, event=event), *read, stage="commit 5")


def _of_file(path: Path) -> Tables:
    with duckdb.connect(str(path), read_only=True) as connection:  # one for all tables: to open a file takes long
        connection.execute("set timezone = 'UTC'")

        def records(query: str) -> Rows:
            result = connection.sql(query)
            return [dict(zip(result.columns, row, strict=True)) for row in result.fetchall()]

        return _of_sql(records)


def _of_sql(records: Callable[[str], Rows], prefix: str = "") -> Tables:
    schemas = ", ".join(f"'{prefix}{schema}'" for schema in SCHEMAS)
    names = [
        tuple(row.values())
        for row in records(
            "select table_schema as one, table_name as other from information_schema.tables"
            f" where table_schema in ({schemas}) and substr(table_name, 1, 5) <> '_dlt_'"
        )
    ]
    relations = {f"{schema.removeprefix(prefix)}.{name}": f'"{schema}"."{name}"' for schema, name in names}
    return {name: records(f"select * from {relation}") for name, relation in relations.items()}


def _of_delta(lake: LakeReader, prefix: str = "") -> Tables:
    schemas = tuple(f"{prefix}{schema}." for schema in SCHEMAS)
    names = [name for name in lake.tables() if name.startswith(schemas) and "._dlt_" not in name]
    return {name.removeprefix(prefix): lake.table(name) for name in names}


def states(event: Event) -> list[Event]:
    """Return an event as it is at each refresh."""
    after = changed(event)
    return [event, after, returned(event, after)]


def go_through(place: Place, events: Sequence[Event]) -> Outcome:
    """Refresh a warehouse with each state of an event, the second one after a sync that was killed; publish it."""
    outcome, warehouse = Outcome(), place.warehouse()
    tables = tables_of(events[0].more)
    models = models_of(tables)
    for number, event in enumerate(events):
        with Sandbox(event) as api:
            if number == 1 and place.stage:
                assert crash.killed(place.warehouse, api, place.stage, "content", resources_by_endpoint()["content"])
                warehouse = place.warehouse()
            results = {}
            with warehouse.kept_open():
                for resources in resources_by_endpoint(tables).values():
                    results |= run_sync(api, warehouse, *resources, removals=RemovalSettings(allowed=True))
                _build(warehouse, models, event.timezone, outcome.seconds)
        outcome.versions.append({name: result.version for name, result in results.items()})
    with warehouse.connect() as session:
        for relation, model in models.items():
            for test in model.data_tests:
                outcome.failing[f"{relation} {test.name}"] = len(session.query(test.render(session.dialect)))
    warehouse.publish(publish_plan(models, {}, personal_data=False, tables=tables))
    outcome.troubles = _troubles(warehouse, events[0].timezone)
    outcome.tables, outcome.copy = comparable(place.tables()), comparable(place.copy())
    return outcome


def _build(warehouse: Warehouse, models: Mapping[Relation, Model], zone: str, seconds: dict[str, float]) -> None:
    with warehouse.connect() as session:
        for relation, model in models.items():
            began = time.perf_counter()
            build(session, model, {"event_timezone": zone})
            seconds[str(relation)] += time.perf_counter() - began


def _troubles(warehouse: Warehouse, zone: str) -> list[str]:
    settings = AlertSettings(late_change_hours=1, full_workshops=True, silent_checkin_minutes=15)
    rows = {kind: warehouse.engine.read_copy(WANTED[kind]) for kind in kinds_of(settings)}
    return sorted(map(repr, event_troubles(rows, settings, ZoneInfo(zone))))


def comparable(tables: Tables) -> dict[str, Counter[str]]:
    """Return the rows of each table as texts, without what differs from run to run."""
    return {name: Counter(_comparable(rows, _parents(name, tables))) for name, rows in tables.items()}


def _parents(name: str, tables: Tables) -> Mapping[str, Any]:
    """Return the key of each row that the rows of a link table belong to, by its identifier."""
    parent, _, link = name.partition("__")
    if not link:
        return {}
    return {row["_dlt_id"]: row[ALL_TABLES[parent.removeprefix(f"{RAW}.")].key] for row in tables[parent]}


def _comparable(rows: Rows, parents: Mapping[str, Any]) -> Iterable[str]:
    for row in rows:
        values = {name: _plain(value) for name, value in row.items() if name not in RANDOM}
        values |= {name: row[name] is None for name in OF_THE_MOMENT & row.keys()}
        if "_dlt_parent_id" in row:
            values["_dlt_parent_id"] = parents[row["_dlt_parent_id"]]
        yield repr(sorted(values.items()))


def _plain(value: Any) -> Any:
    """Return a value as every driver shows it: an instant in UTC, a fraction to nine digits."""
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(timezone.utc).isoformat()
    return f"{value:.9g}" if isinstance(value, float) else value


def differences(found: Mapping[str, Counter[str]], expected: Mapping[str, Counter[str]]) -> dict[str, tuple[Any, ...]]:
    """Return the tables that differ: how many rows are missing and how many are foreign, and one of each."""
    different = {}
    for name in found.keys() | expected.keys():
        rows, wanted = found.get(name, Counter()), expected.get(name, Counter())
        if rows != wanted or not (name in found and name in expected):
            missing, foreign = wanted - rows, rows - wanted
            different[name] = (missing.total(), foreign.total(), [*missing][:1], [*foreign][:1])
    return different

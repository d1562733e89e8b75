"""All models run on every engine, and give DuckDB's rows: of a real programme, and of one with odd values.

The raw tables are synced into DuckDB and copied from there; the models are built in their order, twice.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlglot import exp

from event_assets.models import build
from event_assets.sandbox import Event, Sandbox
from event_assets.settings import RemovalSettings
from event_assets.source.api.resources import resources_by_endpoint
from event_assets.warehouse.relations import Relation
from event_assets_tests.engines.databases import Database, Postgres, SparkTables
from event_assets_tests.engines.programmes import changed, odd_event
from event_assets_tests.engines.servers import PostgresServer, spark_server
from event_assets_tests.models.bench import models, raw_columns
from event_assets_tests.source.syncing import run_sync
from event_assets_tests.warehouses import file_warehouse

Rows = list[dict[str, Any]]
Tables = dict[Relation, Rows]
NEVER_THE_SAME = {"seen_at"}


@dataclass
class State:
    """What DuckDB holds after a sync and a build."""

    raw: Tables
    built: Tables


@dataclass
class Programme:
    """An event's zone and its two states."""

    timezone: str
    states: list[State]


@pytest.fixture(scope="module", params=["odd", "fosdem"])
def programme(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Programme:
    event: Event = odd_event() if request.param == "odd" else request.getfixturevalue("fosdem")
    path = tmp_path_factory.mktemp("warehouse") / "warehouse.duckdb"
    return Programme(event.timezone, [refresh(each, path) for each in (event, changed(event))])


def refresh(event: Event, path: Path) -> State:
    """Sync an event into DuckDB, build all models, and return what there is."""
    warehouse = file_warehouse(path)
    with Sandbox(event) as api:
        for resources in resources_by_endpoint().values():
            run_sync(api, warehouse, *resources, removals=RemovalSettings(allowed=True))
    with warehouse.connect() as client:
        for model in models().values():
            build(client, model, {"event_timezone": event.timezone})
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")

        def rows(relation: Relation, columns: list[str]) -> Rows:
            names = ", ".join(f'"{name}"' for name in columns)
            found = connection.sql(f"select {names} from {relation.sql()}").fetchall()
            return [dict(zip(columns, row, strict=True)) for row in found]

        raw = {relation: rows(relation, [*columns]) for relation, columns in raw_columns().items()}
        return State(raw, {relation: rows(relation, model.columns) for relation, model in models().items()})


@pytest.fixture(scope="module", params=["postgres", "spark"])
def database(request: pytest.FixtureRequest, programme: Programme) -> Iterator[Database]:
    if request.param == "spark":
        with spark_server() as address:  # of its own: other tests have views of the same names
            database = SparkTables(address)
            yield database
            database.close()
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.database() as name:
        database = Postgres(server, name)
        yield database
        database.close()


@pytest.fixture(scope="module")
def built(programme: Programme, database: Database) -> list[Tables]:
    """The rows of all models on the engine, in both states."""
    built = []
    for number, state in enumerate(programme.states):
        for relation, types in raw_columns().items():
            database.put(relation, types, state.raw[relation])
        tables: Tables = {}
        for relation, model in models().items():
            parameters = {"event_timezone": programme.timezone}
            if model.kind == "incremental" and number:
                names = ", ".join(map(database.column, model.columns))
                select = model.render(parameters, database.dialect)
                database.run(f"insert into {database.name(relation)} ({names}) {select}")
            else:
                kind = "view" if model.kind == "view" else "table"
                database.make(relation, kind, model.render(parameters, database.dialect, first=True))
        for relation, model in models().items():
            names = ", ".join(map(database.column, model.columns))
            tables[relation] = database.rows(f"select {names} from {database.name(relation)}")
        built.append(tables)
    return built


@pytest.mark.parametrize("model", [*map(str, models())])
def test_a_model_has_the_rows_of_duckdb(programme: Programme, built: list[Tables], model: str):
    relation = Relation(*model.split("."))
    for state, tables in zip(programme.states, built, strict=True):
        expected, found = (sorted(map(comparable, each[relation])) for each in (state.built, tables))
        missing = [row for row in expected if row not in found]
        others = [row for row in found if row not in expected]
        assert (missing[:5], others[:5]) == ([], [])
        assert len(found) == len(expected)


def comparable(row: dict[str, Any]) -> list[str]:
    """Return the values of a row as text with their types: instants in UTC, fractions to nine digits."""
    return [_comparable(value) for name, value in row.items() if name not in NEVER_THE_SAME]


def _comparable(value: Any) -> str:
    if isinstance(value, datetime) and value.tzinfo:
        value = value.astimezone(timezone.utc).replace(tzinfo=timezone.utc)
    if isinstance(value, float):
        return f"{value:.9g}"
    return repr(value)


def test_both_programmes_have_what_the_comparison_is_of(programme: Programme):
    first, second = (state.built for state in programme.states)
    empty = {str(relation) for relation, rows in second.items() if not rows}
    # FOSDEM publishes no breaks and no partners.
    assert empty <= {"staging.rejected", "staging.pauses", "staging.partners", "summary.partners_overview"}
    changes = {row["change"] for row in second[Relation("summary", "schedule_changes")]}
    assert changes >= {"removed", "renamed", "moved_time", "moved_hall", "speakers_changed"}
    assert first[Relation("summary", "schedule_changes")] == []


@pytest.mark.parametrize("model", [*map(str, models())])
def test_no_replacement_refers_back_to_a_group(model: str):
    r"""``\\1`` is ``$1`` in Spark, and sqlglot leaves it as it is."""
    query = models()[Relation(*model.split("."))].query
    replacements = [call.args["replacement"].name for call in query.find_all(exp.RegexpReplace)]
    assert [text for text in replacements if re.search(r"\\\d|\$", text)] == []

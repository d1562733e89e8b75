"""Rows in, rows out: builds the models over raw rows that a test writes down, in a database of its own.

On DuckDB, or on each engine in turn: see the fixture `engine`.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from event_assets.assets.keys import raw_relations
from event_assets.models import Model, available_models, load_models
from event_assets.source.tables.columns import DataType, Table
from event_assets.source.tables.more import ALL_TABLES
from event_assets.source.tables.schema import REJECTED, REJECTED_COLUMNS, Column
from event_assets.warehouse.relations import Relation
from event_assets_tests.engines.databases import Database, DuckDb
from event_assets_tests.models.inputs import with_inputs

Rows = Iterable[Mapping[str, Any]]
TYPES: dict[DataType, str] = {
    "text": "VARCHAR",
    "bigint": "BIGINT",
    "bool": "BOOLEAN",
    "json": "JSON",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
    "binary": "BLOB",
}

_engines: list[Database] = [DuckDb()]
"""The engine that models are built on: the last one."""


@contextmanager
def building_on(database: Database) -> Iterator[None]:
    """Build models in another database."""
    _engines.append(database)
    try:
        yield
    finally:
        _engines.pop()


def build(
    raw: Mapping[str, Rows], model: str, timezone: str = "UTC", tables: Mapping[str, Table] = ALL_TABLES
) -> list[dict[str, Any]]:
    """The rows of a model over the given raw rows, in the order of its SELECT where that has one.

    Args:
        raw: Rows by raw table. Records are as the API has them: `speakers` and `tracks` are lists of identifiers. All
            other tables are empty. Rows of `rejected` are as they are.
        model: The model, such as ``staging.sessions``.
        timezone: The event's.
        tables: The raw tables of the event's resources.
    """
    with built(raw, model, timezone=timezone, tables=tables) as database:
        return database.rows(f"select * from {model}")


@contextmanager
def built(
    raw: Mapping[str, Rows], *models: str, timezone: str = "UTC", tables: Mapping[str, Table] = ALL_TABLES
) -> Iterator[Database]:
    """A database in which some models have been built, and what they read; see `build`."""
    names = frozenset(tables)
    with loaded(raw, *_needed(names, *models)) as database:
        for relation, kind, select in statements(timezone, *models, dialect=database.dialect, tables=names):
            database.make(relation, kind, select)
        yield database


@contextmanager
def loaded(raw: Mapping[str, Rows], *only: Relation) -> Iterator[Database]:
    """A database with the raw tables, all or some, and no model; see `build`."""
    database = _engines[-1]
    with database.fresh():
        for relation, columns in raw_columns().items():
            if not only or relation in only:
                database.put(relation, columns, raw_rows(raw, relation.name))
        yield database


@cache
def raw_columns() -> dict[Relation, dict[str, str]]:
    """Return DuckDB's type of each column of each raw table."""
    tables = {name: table.all_columns for name, table in ALL_TABLES.items()}
    links = {link: columns for table in ALL_TABLES.values() for link, columns in table.link_tables.items()}
    everything: dict[str, Iterable[Column]] = {**tables, **links, REJECTED: REJECTED_COLUMNS}
    return {
        Relation("raw", name): {column.name: TYPES[column.data_type] for column in columns}
        for name, columns in everything.items()
    }


def raw_rows(raw: Mapping[str, Rows], name: str) -> list[dict[str, Any]]:
    """Return the rows of a raw table: those of a list of links are within the records."""
    table, _, link = name.partition("__")
    if name == REJECTED:
        return [dict(row) for row in raw.get(name, ())]
    records = [{**record, "_dlt_id": f"{table}-{record['id']}"} for record in raw.get(table, ())]
    if link:
        return [
            {"_dlt_parent_id": record["_dlt_id"], "_dlt_list_idx": index, "value": str(value)}
            for record in records
            for index, value in enumerate(record.get(link, ()))
        ]
    links = ALL_TABLES[table].links or ()
    return [{field: value for field, value in record.items() if field not in links} for record in records]


@cache
def statements(
    timezone: str, *names: str, dialect: str = "duckdb", tables: frozenset[str] = frozenset(ALL_TABLES)
) -> list[tuple[Relation, str, str]]:
    """Return some models and those that they read, directly or not, each with its kind and SELECT, in their order.

    Kept: reading SQL takes longest.
    """
    parameters = {"event_timezone": timezone}
    needed = _needed(tables, *names)
    wanted = {relation: model for relation, model in models_of(tables).items() if relation in needed}
    return [
        (relation, "view" if model.kind == "view" else "table", model.render(parameters, dialect, first=True))
        for relation, model in wanted.items()
    ]


@cache
def _needed(tables: frozenset[str], *names: str) -> set[Relation]:
    """Return some models, and all relations that they read, directly or not."""
    return with_inputs(models_of(tables), (Relation(*name.split(".")) for name in names))


@cache
def models() -> dict[Relation, Model]:
    """All models of the project, read once."""
    return load_models(raw_relations())


def models_of(tables: Iterable[str]) -> dict[Relation, Model]:
    """The models of an event that has only some of the raw tables, by their names."""
    return available_models(models(), raw_relations({name: ALL_TABLES[name] for name in tables}))

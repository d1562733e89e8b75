"""Rows in, rows out: builds the models over raw rows that a test writes down, in a DuckDB of its own."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

import duckdb

from event_assets.assets.keys import raw_relations
from event_assets.models import Model, load_models
from event_assets.source.tables.columns import DataType
from event_assets.source.tables.schema import REJECTED, REJECTED_COLUMNS, TABLES, Column
from event_assets.warehouse.relations import Relation

Rows = Iterable[Mapping[str, Any]]
TYPES: dict[DataType, str] = {
    "text": "varchar",
    "bigint": "bigint",
    "bool": "boolean",
    "json": "json",
    "timestamp": "timestamptz",
    "binary": "blob",
}


def build(raw: Mapping[str, Rows], model: str, timezone: str = "UTC") -> list[dict[str, Any]]:
    """The rows of a model over the given raw rows.

    Args:
        raw: Rows by raw table. Records are as the API has them: `speakers` and `tracks` are lists of identifiers. All
            other tables are empty. Rows of `rejected` are as they are.
        model: The model, such as ``staging.sessions``.
        timezone: The event's.
    """
    with built(raw, model, timezone) as connection:
        result = connection.sql(f"select * from {model}")
        return [dict(zip(result.columns, row, strict=True)) for row in result.fetchall()]


@contextmanager
def built(raw: Mapping[str, Rows], model: str, timezone: str = "UTC") -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in which a model has been built, and what it reads; see `build`."""
    with loaded(raw) as connection:
        for statement in statements(timezone, model):
            connection.execute(statement)
        yield connection


@contextmanager
def loaded(raw: Mapping[str, Rows]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with the raw tables and no model; see `build`."""
    with duckdb.connect() as connection:
        connection.execute(
            "set timezone = 'UTC'; create schema raw;"
            " create schema staging; create schema history; create schema summary"
        )
        for name, table in TABLES.items():
            _create(connection, name, table.all_columns)
            for link, columns in table.link_tables.items():
                _create(connection, link, columns)
            for record in raw.get(name, ()):
                _insert(connection, name, record, tuple(table.links or ()))
        _create(connection, REJECTED, REJECTED_COLUMNS)
        for row in raw.get(REJECTED, ()):
            _insert_row(connection, REJECTED, row)
        yield connection


@cache
def statements(timezone: str, *names: str) -> list[str]:
    """Return what builds some models and those that they read, directly or not. Kept: reading SQL takes longest."""
    wanted = {Relation(*name.split(".")) for name in names}
    found = []
    for relation, each in reversed(models().items()):
        if relation in wanted:
            wanted |= each.reads
            kind = "view" if each.kind == "view" else "table"
            select = each.render({"event_timezone": timezone}, first=True)
            found.append(f"create {kind} {relation.sql()} as {select}")
    return found[::-1]


@cache
def models() -> dict[Relation, Model]:
    """All models of the project, read once."""
    return load_models(raw_relations())


def _create(connection: duckdb.DuckDBPyConnection, name: str, columns: Iterable[Column]) -> None:
    declared = ", ".join(f'"{column.name}" {TYPES[column.data_type]}' for column in columns)
    connection.execute(f"create table raw.{name} ({declared})")


def _insert(
    connection: duckdb.DuckDBPyConnection, name: str, record: Mapping[str, Any], links: tuple[str, ...]
) -> None:
    row_id = f"{name}-{record['id']}"
    values = {field: value for field, value in record.items() if field not in links} | {"_dlt_id": row_id}
    _insert_row(connection, name, values)
    for link in links:
        for index, value in enumerate(record.get(link, ())):
            connection.execute(
                f"insert into raw.{name}__{link} (_dlt_parent_id, _dlt_list_idx, value) values (?, ?, ?)",
                [row_id, index, str(value)],
            )


def _insert_row(connection: duckdb.DuckDBPyConnection, name: str, values: Mapping[str, Any]) -> None:
    names = ", ".join(f'"{field}"' for field in values)
    connection.execute(f"insert into raw.{name} ({names}) values ({', '.join('?' * len(values))})", [*values.values()])

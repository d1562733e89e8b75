"""How tests make a warehouse without settings: a DuckDB file, or a database on the PostgreSQL server of the tests."""

from pathlib import Path
from typing import Any

import psycopg2
import pytest
import sqlglot
from dlt.destinations.impl.postgres.configuration import PostgresCredentials
from psycopg2.extras import register_default_json

from event_assets.settings import WarehouseSettings
from event_assets.warehouse import Warehouse
from event_assets.warehouse.copy_plan import Published, PublishPlan
from event_assets.warehouse.engines.duckdb import DuckDbEngine
from event_assets.warehouse.engines.postgres import PostgresEngine
from event_assets.warehouse.namespace import EventNamespace
from event_assets_tests.running import Reader

on_every_engine = pytest.mark.parametrize(
    "engine", ["duckdb", pytest.param("postgres", marks=pytest.mark.nightly)], indirect=True
)
"""Runs tests that take a `warehouse` on every engine. `test_every_engine` has each kind of change on all of them."""


def file_warehouse(
    path: Path, wait_seconds: float = WarehouseSettings.lock_wait_seconds, memory_limit: str | None = None
) -> Warehouse:
    """Return the warehouse in a file, with its copy for readers beside it."""
    return Warehouse(DuckDbEngine(path, path.with_name("published.duckdb"), memory_limit), wait_seconds)


def postgres_warehouse(
    url: str, folder: Path, wait_seconds: float = WarehouseSettings.lock_wait_seconds, event: str = ""
) -> Warehouse:
    """Return the warehouse in a database, with a folder for its marks and load packages, of an event of [events]."""
    engine = PostgresEngine(PostgresCredentials(url), folder, wait_seconds, EventNamespace(event))
    return Warehouse(engine, wait_seconds)


def publish(warehouse: Warehouse, target: Path, plan: PublishPlan) -> Published:
    """Publish the copy of a warehouse file to a path."""
    return Warehouse(DuckDbEngine(warehouse.path, target), warehouse.wait_seconds).publish(plan)


def reader_of(warehouse: Warehouse) -> Reader:
    """Return what reads a warehouse, as an analyst would."""
    if isinstance(warehouse.engine, PostgresEngine):
        return PostgresReader(warehouse.engine.credentials.to_native_representation())
    return Reader(warehouse.path)


class PostgresReader(Reader):
    """Reads a database with psycopg2 alone. Its queries are written for DuckDB, as those of the other tests."""

    def __init__(self, url: str):
        super().__init__(Path())
        self.url = url

    def records(self, query: str) -> list[dict[str, Any]]:
        """The rows of a query, by column."""
        wanted = query.removesuffix(" order by all")  # which PostgreSQL does not know
        [translated] = sqlglot.transpile(wanted, read="duckdb", write="postgres")
        connection = psycopg2.connect(self.url)
        register_default_json(connection, loads=str)  # as text, which it is in DuckDB
        try:
            with connection.cursor() as cursor:
                cursor.execute("set timezone = 'UTC'")
                cursor.execute(translated)
                names = [column[0] for column in cursor.description or ()]
                rows = [tuple(map(_plain, row)) for row in cursor.fetchall()]
                return [
                    dict(zip(names, row, strict=True))
                    for row in (rows if wanted == query else sorted(rows, key=_nulls_last))
                ]
        finally:
            connection.close()

    def columns(self, table: str) -> list[str]:
        """The columns of a table, in their order."""
        query = "select column_name from information_schema.columns where table_schema || '.' || table_name"
        return [name for (name,) in self.rows(f"{query} = '{table}' order by ordinal_position")]

    def tables(self) -> list[str]:
        """Every table, of whatever schema that is not the server's own."""
        own = "schemaname not in ('pg_catalog', 'information_schema')"
        return [name for (name,) in self.rows(f"select schemaname || '.' || tablename from pg_tables where {own}")]


def _nulls_last(row: tuple[Any, ...]) -> list[tuple[bool, Any]]:
    return [(value is None, value) for value in row]


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value

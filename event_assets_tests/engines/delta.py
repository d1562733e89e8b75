"""How tests make a warehouse of Delta tables, and read it back without Spark and without the project's code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from deltalake import DeltaTable
from dlt.common.storages import FilesystemConfiguration

from event_assets.warehouse import Warehouse
from event_assets.warehouse.engines.spark import SparkEngine
from event_assets.warehouse.namespace import EventNamespace

NOWHERE = "sc://127.0.0.1:1"
"""The address of a Spark server that is not there: what syncs need no server for is tested with it."""


def lake_warehouse(folder: Path, remote: str = NOWHERE, wait_seconds: float = 600, event: str = "") -> Warehouse:
    """Return the warehouse whose Delta tables are in ``lake`` of a folder, as a new process would have it.

    Args:
        folder: The folder.
        remote: The address of the server.
        wait_seconds: How long a writer waits.
        event: The event of [events] that it is of.
    """
    storage = FilesystemConfiguration(bucket_url=FilesystemConfiguration.make_file_url(str(folder / "lake")))
    storage.resolve()
    return Warehouse(SparkEngine(remote, storage, folder / "data", EventNamespace(event)), wait_seconds)


class LakeReader:
    """Reads Delta tables with delta-rs and DuckDB, as an analyst would."""

    def __init__(self, folder: Path):
        self.root = folder / "lake"

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query. Instants come in UTC."""
        with self._tables() as connection:
            return connection.sql(query).fetchall()

    def records(self, query: str) -> list[dict[str, Any]]:
        """The rows of a query, by column."""
        with self._tables() as connection:
            result = connection.sql(query)
            return [dict(zip(result.columns, row, strict=True)) for row in result.fetchall()]

    def tables(self) -> list[str]:
        """The names of all tables, sorted: ``raw.halls``."""
        return sorted(".".join(log.parent.relative_to(self.root).parts) for log in self.root.glob("*/*/_delta_log"))

    def table(self, name: str) -> list[dict[str, Any]]:
        """The rows of a table as they are."""
        return DeltaTable(self.root / name.replace(".", "/")).to_pyarrow_table().to_pylist()

    def versions(self) -> dict[str, int]:
        """The version of each table."""
        return {table: DeltaTable(self.root / table.replace(".", "/")).version() for table in self.tables()}

    @contextmanager
    def _tables(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with duckdb.connect() as connection:
            connection.execute("set timezone = 'UTC'")
            for table in self.tables():
                schema, name = table.split(".")
                connection.register("rows", DeltaTable(self.root / schema / name).to_pyarrow_table())
                connection.execute(f'create schema if not exists "{schema}"')
                connection.execute(f'create table "{schema}"."{name}" as from rows')
            yield connection

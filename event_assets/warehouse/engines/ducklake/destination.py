"""A DuckLake as a dlt destination whose connections share one DuckDB, with the lake attached as long as one is open.

dlt opens a DuckDB for each connection, some thirty in a load, and each would load DuckDB's extensions and attach the
lake again: a second each time.
"""

from __future__ import annotations

import threading
from typing import Any

import dlt
import duckdb
from dlt.common.destination import Destination, DestinationCapabilitiesContext
from dlt.destinations.impl.ducklake.configuration import DuckLakeCredentials
from dlt.destinations.impl.ducklake.ducklake import DuckLakeClient
from dlt.destinations.impl.ducklake.sql_client import DuckLakeSqlClient
from dlt.destinations.sql_client import raise_open_connection_error

from event_assets.warehouse.engines.destinations import ReadOnce
from event_assets.warehouse.names import MERGE
from event_assets.warehouse.relations import quoted


class SharedDuckDb:
    """One DuckDB in memory, with a lake attached as long as a connection is open."""

    def __init__(self, lake: DuckLakeCredentials) -> None:
        """Take the credentials of the lake, with DuckDB's settings."""
        self._lake = lake
        self._database: duckdb.DuckDBPyConnection | None = None
        self._open = 0
        self._lock = threading.RLock()

    def connect(self, client: DuckLakeSqlClient) -> duckdb.DuckDBPyConnection:
        """Return a connection in which the lake is the current database.

        Args:
            client: Knows the statements that attach the lake.
        """
        with self._lock:
            database = self._database = self._database or self._started()
            if not self._open:
                for statement in client.attach_statements(alias=self._lake.ducklake_name):
                    database.execute(statement["sql"])
            self._open += 1
        connection = database.cursor()
        connection.execute(f"use {quoted(self._lake.ducklake_name)}")
        return connection

    def close(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Close a connection, and detach the lake with the last one."""
        connection.close()
        with self._lock:
            self._open -= 1
            if not self._open and self._database:
                self._database.execute(f"detach {quoted(self._lake.ducklake_name)}")

    def _started(self) -> duckdb.DuckDBPyConnection:
        database = duckdb.connect(":memory:")
        for name, value in {"TimeZone": "UTC", **(self._lake.global_config or {})}.items():
            database.execute(f"set global {name} = ?", [value])
        for extension in self._lake.extensions or []:
            database.load_extension(extension)
        for statement in self._lake.statements or []:
            database.execute(statement)
        return database


class _SqlClient(DuckLakeSqlClient):
    """dlt's client, on a connection of the shared DuckDB."""

    shared: SharedDuckDb

    @raise_open_connection_error
    def open_connection(self) -> duckdb.DuckDBPyConnection:
        self._conn = self.shared.connect(self)
        return self._conn

    def close_connection(self) -> None:
        if self._conn:
            self.shared.close(self._conn)
            self._conn = None  # type: ignore[assignment]


def lake_destination(credentials: DuckLakeCredentials) -> Destination[Any, Any]:
    """Return a lake as a dlt destination.

    dlt merges by way of a second dataset, which it would call ``raw_staging``: too near to ``staging``.
    """
    duckdb_of_lake = SharedDuckDb(credentials)

    class Client(DuckLakeClient):
        def __init__(self, schema: Any, config: Any, capabilities: Any) -> None:
            super().__init__(schema, config, capabilities)
            plain = self.sql_client
            self.sql_client = _SqlClient(
                plain.dataset_name,
                plain.staging_dataset_name,
                plain.credentials,
                capabilities,
                plain.override_data_path,
                plain.automatic_migration,
            )
            self.sql_client.shared = duckdb_of_lake

    class Lake(ReadOnce, dlt.destinations.ducklake):
        @property
        def client_class(self) -> type:
            return Client

        @property
        def destination_type(self) -> str:
            """The type that dlt knows: settings, state and schemas are those of ``ducklake``."""
            return "dlt.destinations.ducklake"

        @classmethod
        def adjust_capabilities(cls, caps: Any, config: Any, naming: Any) -> DestinationCapabilitiesContext:
            """Return the capabilities. One job after the other: two that change one table would end in a conflict."""
            capabilities = super().adjust_capabilities(caps, config, naming)
            capabilities.loader_parallelism_strategy = "sequential"
            return capabilities

    return Lake(credentials, staging_dataset_name_layout=MERGE)

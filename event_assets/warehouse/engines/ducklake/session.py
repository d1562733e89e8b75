"""DuckDB's SQL on a DuckLake, where it differs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dlt.destinations.sql_client import SqlClientBase

from event_assets.warehouse.engines.duckdb.session import DuckDbSession
from event_assets.warehouse.engines.ducklake.catalogue import Catalogue
from event_assets.warehouse.names import STAGING, SUMMARY, SYNC
from event_assets.warehouse.relations import Relation, RelationKind

REWRITE = Relation(SYNC, "rewrite_requested")
"""After an erasure: the tables that were built before it, the copy for readers that was made before it, and a row
without a name as long as files have to be rewritten."""
_COPY = "copy for readers"


class DuckLakeSession(DuckDbSession):
    """A connection to a DuckLake."""

    def __init__(self, client: SqlClientBase[Any], catalogue: Catalogue) -> None:
        """Take dlt's client, which is connected, and the catalogue."""
        super().__init__(client)
        self._catalogue = catalogue

    @contextmanager
    def begin_transaction(self) -> Iterator[None]:
        """Run a block in a transaction, which is committed if this process still is the one writer.

        Raises:
            WarehouseUnreadableError: The write lock is lost. The transaction is rolled back.
        """
        with super().begin_transaction():
            yield
            self._catalogue.check_lock()

    def replace(self, relation: Relation, kind: RelationKind, select: str) -> None:
        """Replace a table or view; see the base class."""
        with self.begin_transaction():
            self.put(relation, kind, select)
            self._rebuilt(relation)

    def _kind(self, relation: Relation) -> RelationKind | None:
        """Return the current kind of a relation."""
        # Not the information_schema, which asks the catalogue how many rows each table has.
        named = "database_name = current_database() and schema_name = %s and"
        views = f"select 1 from duckdb_views() where {named} view_name = %s"  # noqa: S608
        if self.execute_sql(views, relation.schema, relation.name):
            return "view"
        columns = f"select 1 from duckdb_columns() where {named} table_name = %s limit 1"  # noqa: S608
        return "table" if self.execute_sql(columns, relation.schema, relation.name) else None

    def request_rewrite(self) -> None:
        """Record that files hold remains of erased rows, and models what was built before."""
        self.execute_sql(f"create schema if not exists {SYNC}")
        self.execute_sql(f"create table if not exists {REWRITE.sql()} (relation varchar)")
        self.execute_sql(f"delete from {REWRITE.sql()}")  # noqa: S608
        built = "select schema_name || '.' || table_name from duckdb_tables()"
        self.execute_sql(
            f"insert into {REWRITE.sql()} {built} where database_name = current_database()"
            " and schema_name in (%s, %s) union all select null union all select %s",
            STAGING,
            SUMMARY,
            _COPY,
        )

    def published(self) -> None:
        """Record that the copy for readers was made anew: after an erasure, what it had before has to go."""
        self._made_anew(_COPY)

    def _rebuilt(self, relation: Relation) -> None:
        """Record that a table was built after an erasure, so that its old files have to go."""
        self._made_anew(str(relation))

    def _made_anew(self, name: str) -> None:
        if not self.has_table(REWRITE):
            return
        table = REWRITE.sql()
        if self.execute_sql(f"select 1 from {table} where relation = %s", name):  # noqa: S608
            self.execute_sql(f"delete from {table} where relation = %s", name)  # noqa: S608
            self.execute_sql(f"insert into {table} values (null)")  # noqa: S608

    def is_rewrite_due(self) -> bool:
        """Return whether files have to go."""
        if not self.has_table(REWRITE):
            return False
        return bool(self.execute_sql(f"select 1 from {REWRITE.sql()} where relation is null limit 1"))  # noqa: S608

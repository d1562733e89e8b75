"""DuckDB's SQL, where it has words of its own."""

from __future__ import annotations

from typing import Any

from event_assets.warehouse.engines.duckdb.rewrite import is_due, request_rewrite
from event_assets.warehouse.engines.session import Session
from event_assets.warehouse.relations import Relation, RelationColumn, RelationKind

_UNREADABLE = 1


class DuckDbSession(Session):
    """A connection to a DuckDB file."""

    dialect = "duckdb"
    binary_type = "blob"
    own_schema = "main"

    def replace(self, relation: Relation, kind: RelationKind, select: str) -> None:
        """Replace a table or view; see the base class."""
        with self.begin_transaction():
            self.put(relation, kind, select)

    def put(self, relation: Relation, kind: RelationKind, select: str) -> None:
        """Replace a table or view within a transaction."""
        self.execute_sql(f"create schema if not exists {relation.schema}")
        if (there := self._kind(relation)) not in (None, kind):
            self.execute_sql(f"drop {there} {relation.sql()}")
        self.execute_sql(f"create or replace {kind} {relation.sql()} as {select}")

    def _kind(self, relation: Relation) -> RelationKind | None:
        """Return the current kind of a relation, which an earlier release may have made another one."""
        types = "select table_type from information_schema.tables where table_catalog = current_database()"
        rows = self.execute_sql(f"{types} and table_schema = %s and table_name = %s", relation.schema, relation.name)
        return ("view" if rows[0][0] == "VIEW" else "table") if rows else None

    def describe(self, select: str) -> list[RelationColumn]:
        """Return the columns of a SELECT."""
        return [RelationColumn(name, kind) for name, kind, *_ in self.execute_sql(f"describe {select}") or []]

    def columns(self, relation: Relation) -> list[RelationColumn]:
        """Return the columns of a table or view.

        Raises:
            DatabaseUndefinedRelation: There is no such table or view.
        """
        # Not the information_schema, which looks through the columns of all tables: seven times the time.
        return self.describe(relation.sql())

    def identity(self) -> str:
        """Return the random identifier of this file, created at the first call."""
        self.execute_sql("create table if not exists main.identity as select left(md5(uuid()::varchar), 8) as id")
        return str((self.execute_sql("select id from main.identity") or [])[0][0])

    def content_sums(self, fingerprint: str) -> list[str]:
        """Return the sum of fingerprints; see the base class."""
        halves = (f"try_cast('0x' || substr({fingerprint}, {begin}, 16) as ubigint)" for begin in (1, 17))
        return [f"sum(coalesce({half}, {_UNREADABLE}))" for half in halves]

    def fetch_columns(self, query: str) -> list[list[Any]]:
        """Return the rows of a query column by column."""
        with self.client.execute_query(query) as cursor:
            rows = cursor.arrow()
        return [] if rows is None else [column.to_pylist() for column in rows.columns]

    def request_rewrite(self) -> None:
        """Request a rewrite of the file when its connection is closed."""
        request_rewrite(self.client)

    def is_rewrite_due(self) -> bool:
        """Return whether a rewrite of the file is due."""
        return is_due(self.client)

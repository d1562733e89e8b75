"""A session: DuckDB's SQL for the raw tables, which are in memory, and Spark's for the models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
from dlt.destinations.sql_client import SqlClientBase

from event_assets.warehouse.engines.duckdb.session import DuckDbSession
from event_assets.warehouse.engines.spark.lake import Lake
from event_assets.warehouse.engines.spark.server import SparkServer
from event_assets.warehouse.engines.spark.workspace import Workspace
from event_assets.warehouse.names import COPIES, HISTORY, RAW, STAGING, SUMMARY, SYNC, copy_of
from event_assets.warehouse.relations import Relation, RelationColumn, RelationKind

REWRITE = Relation(SYNC, "rewrite_requested")
"""After an erasure: the tables that were built before it, and a row without a name as long as files have to go."""

_IDENTITY = Relation(SYNC, "identity")

WAREHOUSE = (RAW, STAGING, HISTORY, SUMMARY, SYNC)
"""The schemas of the warehouse."""

_READS = ("select", "with", "describe")


class SparkSession(DuckDbSession):
    """A session in which statements change the raw tables in memory, and models are built by Spark.

    What a transaction has changed is committed into the lake at its end, table by table; outside of one, after each
    statement.

    Attributes:
        lake: The Delta tables.
        server: The Spark server, asked from the first model on.
    """

    dialect = "spark"
    own_schema = SYNC

    def __init__(self, client: SqlClientBase[Any], workspace: Workspace, server: SparkServer) -> None:
        """Take dlt's client of the tables in memory, these, and the server."""
        super().__init__(client)
        self.lake: Lake = workspace.lake
        self.server = server
        self._workspace = workspace
        self._in_transaction = False

    def execute_sql(self, statement: str, *parameters: Any) -> Sequence[Sequence[Any]] | None:
        """Execute a statement on the tables in memory: those of ``raw`` and of the syncs."""
        rows = super().execute_sql(statement, *parameters)
        if not self._in_transaction and not statement.lstrip().lower().startswith(_READS):
            self._workspace.commit()
        return rows

    @contextmanager
    def begin_transaction(self) -> Iterator[None]:
        """Run a block in a transaction of the tables in memory, and commit each that it has changed into the lake."""
        with super().begin_transaction():
            self._in_transaction = True
            try:
                yield
            finally:
                self._in_transaction = False
        self._workspace.commit()

    def query(self, select: str) -> list[tuple[Any, ...]]:
        """Return the rows of a SELECT of models, in Spark's SQL."""
        return self.server.rows(select)

    def replace(self, relation: Relation, kind: RelationKind, select: str) -> None:
        """Replace a table; see the base class.

        A view becomes a table as well: a catalog need not outlive the session, and every Delta client reads a table.
        """
        self.server.overwrite(relation, select)
        self.rebuilt(relation)

    def append(
        self,
        relation: Relation,
        select: str,
        first_select: str,
        fill: Mapping[str, str] | None = None,
        upgrade: Sequence[str] = (),
    ) -> None:
        """Append the rows of a SELECT to a table; see the base class.

        Nothing is filled or upgraded: no earlier release has written such a table.
        """
        wanted = self.server.arrow(f"select * from ({first_select}\n) as described limit 0").schema  # noqa: S608
        if not self.lake.has_table(relation):
            self.lake.create(relation, wanted)
            self.server.append(relation, first_select)
            return
        held = {column.name for column in self.lake.columns(relation)}
        if added := [each for each in wanted if each.name not in held]:
            self.lake.add_columns(relation, pa.schema(added))
        self.server.append(relation, select)

    def columns(self, relation: Relation) -> list[RelationColumn]:
        """Return the columns of a table.

        Raises:
            DatabaseUndefinedRelation: There is no such table.
        """
        return self.lake.columns(relation)

    def row_count(self, relation: Relation) -> int:
        """Return the number of rows."""
        return self.lake.open(relation).count()

    def text_columns(self, schema: str) -> list[tuple[Relation, str]]:
        """Return the text columns of the tables in a schema, which can be changed from then on."""
        self._workspace.load(schema)
        return super().text_columns(schema)

    def identity(self) -> str:
        """Return the random identifier of this warehouse, created at the first call."""
        table = _IDENTITY.sql()
        self._make(_IDENTITY, "as select left(md5(uuid()::varchar), 8) as id")
        return str((self.execute_sql(f"select id from {table}") or [])[0][0])  # noqa: S608

    def request_rewrite(self) -> None:
        """Record that files hold remains of erased rows, and models what was built before."""
        self._make(REWRITE, "(relation varchar)")
        self.execute_sql(f"delete from {REWRITE.sql()}")  # noqa: S608
        built = [str(relation) for relation in self.lake.tables(STAGING, SUMMARY, *map(copy_of, COPIES[1:]))]
        self.execute_sql(
            f"insert into {REWRITE.sql()} select unnest(%s::varchar[]) union all select null",
            built,
        )

    def _make(self, relation: Relation, how: str) -> None:
        if not self.has_table(relation):
            self.execute_sql(f"create schema if not exists {relation.schema}")
            self.execute_sql(f"create table {relation.sql()} {how}")

    def rebuilt(self, relation: Relation) -> None:
        """Record that a table was built after an erasure, so that its earlier versions have to go."""
        if not self.has_table(REWRITE):
            return
        table = REWRITE.sql()
        if self.execute_sql(f"select 1 from {table} where relation = %s", str(relation)):  # noqa: S608
            self.execute_sql(f"update {table} set relation = null where relation = %s", str(relation))  # noqa: S608

    def is_rewrite_due(self) -> bool:
        """Return whether earlier versions have to go."""
        if not self.has_table(REWRITE):
            return False
        return bool(self.execute_sql(f"select 1 from {REWRITE.sql()} where relation is null limit 1"))  # noqa: S608

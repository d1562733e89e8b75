"""Reads whole tables of a copy for readers with DuckDB, as Arrow has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from event_assets.warehouse.relations import Relation, quoted

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


def tables_of(
    connection: duckdb.DuckDBPyConnection, schemas: Sequence[str], database: str | None = None
) -> Iterator[tuple[Relation, pa.Table]]:
    """Yield the tables of some schemas of a database, sorted by name.

    Args:
        connection: A connection that knows the database.
        schemas: The schemas.
        database: What it is attached as; the connection's own, if not given.
    """
    import pyarrow as pa  # here: to load the definitions takes no Arrow

    query = (
        "select database_name, schema_name, table_name from duckdb_tables() where list_contains($1, schema_name)"
        " and database_name = coalesce($2, current_database()) order by all"
    )
    for where, schema, name in connection.execute(query, [[*schemas], database]).fetchall():
        relation = Relation(schema, name)
        select = f"select * from {quoted(where)}.{relation.sql()}"  # noqa: S608  # quoted by sqlglot
        yield relation, pa.RecordBatchReader.from_stream(connection.sql(select)).read_all()

"""Reads whole tables of the copy for readers on a PostgreSQL server, as Arrow has them."""

from __future__ import annotations

import pyarrow as pa

from event_assets.warehouse.engines.session import Session
from event_assets.warehouse.relations import Relation, quoted

_TYPES = {
    "text": pa.string(),
    "character varying": pa.string(),
    "bigint": pa.int64(),
    "integer": pa.int32(),
    "boolean": pa.bool_(),
    "double precision": pa.float64(),
    "date": pa.date32(),
    "timestamp with time zone": pa.timestamp("us", tz="UTC"),
    "timestamp without time zone": pa.timestamp("us"),
}
"""PostgreSQL's types → those of Arrow. A value of any other one is read as text."""


def table_of(session: Session, relation: Relation) -> pa.Table:
    """Return the rows of a table.

    Args:
        session: The session.
        relation: The table, as the database calls it.
    """
    columns = {column.name: column.data_type for column in session.columns(relation)}
    values = (quoted(name) if kind in _TYPES else f"{quoted(name)}::text" for name, kind in columns.items())
    rows = session.execute_sql(f"select {', '.join(values)} from {relation.sql()}") or []  # noqa: S608  # quoted
    schema = pa.schema([(name, _TYPES.get(kind, pa.string())) for name, kind in columns.items()])
    return pa.Table.from_pylist([dict(zip(columns, row, strict=True)) for row in rows], schema=schema)

"""The types of inputs as Arrow has them."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

_TYPES = {
    "varchar": pa.string(),
    "bigint": pa.int64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp with time zone": pa.timestamp("us", tz="UTC"),
}
"""Types in DuckDB's SQL → those of Arrow."""


def arrow_schema(types: Mapping[str, str]) -> pa.Schema:
    """Return the schema of columns.

    Args:
        types: Column → its type in DuckDB's SQL, one of those that inputs have.
    """
    return pa.schema([(name, _TYPES[kind]) for name, kind in types.items()])

"""Makes CSV and Parquet of a table."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pyarrow as pa
from pyarrow import csv, parquet

from event_assets.site.files.values import Table, ValueKind

_TYPES: dict[ValueKind, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "local time": pa.timestamp("us"),
    "instant": pa.timestamp("us", "UTC"),
}


def csv_bytes(table: Table) -> bytes:
    """Return a table as CSV: UTF-8, a header, times of ISO 8601 with a blank, instants in UTC, a null as nothing.

    Texts are in quotes, so that an empty one is told from a null.

    Args:
        table: The table.
    """
    rows = _arrow(table)
    for number, column in enumerate(table.columns):
        if column.kind in ("local time", "instant"):
            rows = rows.set_column(number, column.name, _in_seconds(rows.column(number)))
    stream = BytesIO()
    csv.write_csv(rows, stream)
    return stream.getvalue()


def parquet_bytes(table: Table) -> bytes:
    """Return a table as Parquet. The descriptions of the table and its columns are in the metadata of the schema.

    Args:
        table: The table.
    """
    stream = BytesIO()
    parquet.write_table(_arrow(table), stream, compression="zstd")
    return stream.getvalue()


def _arrow(table: Table) -> pa.Table:
    columns: list[tuple[Any, ...]] = [*zip(*table.rows, strict=True)] or [()] * len(table.columns)
    fields = [
        pa.field(column.name, _TYPES[column.kind], metadata={"comment": column.description}) for column in table.columns
    ]
    arrays = [
        pa.array(map(float, values) if None not in values else [None if v is None else float(v) for v in values], kind)
        if column.kind == "number"  # a decimal is a number as well
        else pa.array(values, kind)
        for column, values, kind in zip(table.columns, columns, (field.type for field in fields), strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata={"comment": table.description}))


def _in_seconds(times: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return times without decimals where none of them has any, as people write them."""
    seconds = times.cast(pa.timestamp("s", times.type.tz), safe=False)
    return seconds if seconds.cast(times.type).equals(times) else times

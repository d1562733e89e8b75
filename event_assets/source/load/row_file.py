"""Writes the rows of a flat table into a Parquet file, which dlt imports."""

from __future__ import annotations

from operator import attrgetter
from pathlib import Path
from typing import Any

import dlt
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from dlt.extract.items import DataItemWithMeta

from event_assets.source.load.changes import Upserts
from event_assets.source.records.privacy import KEYED_BY_ID
from event_assets.source.tables.columns import RAW_RECORD_HASH, RECORD_HASH, REMOVED_AT, DataType, Table

ROW_GROUP_ROWS = 10_000
"""DuckDB holds whole row groups while it reads them; larger ones were no quicker and took more memory."""

_ARROW: dict[DataType, pa.DataType] = {
    "text": pa.string(),
    "bigint": pa.int64(),
    "bool": pa.bool_(),
    "json": pa.string(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "binary": pa.binary(),
}


class RowFile:
    """A Parquet file with rows of a flat table, which dlt imports."""

    def __init__(self, table: Table, path: Path) -> None:
        """Take a flat table, and where to write: the file is made with the first rows."""
        self._table = table
        self._path = path
        self._writer: pq.ParquetWriter | None = None
        self._waiting: list[pa.Table] = []
        self._rows = 0
        self._finished = False
        # Nothing of it differs from the declared table, or dlt would write the file anew.
        self._schema = pa.schema(
            [pa.field(column.name, _ARROW[column.data_type], nullable=column.nullable) for column in table.all_columns]
        )

    def add(self, upserts: Upserts) -> None:
        """Add rows that are objects with an attribute for each column.

        Raises:
            ValueError: The file is finished.
        """
        if self._finished:
            raise ValueError(f"The file of {self._table.name} is finished, and {len(upserts)} more rows came for it.")
        columns: dict[str, Any] = {
            column.name: [*map(attrgetter(column.name), upserts.rows)] for column in self._table.columns
        }
        for column in self._table.columns:
            if column.data_type == "json":
                values = columns[column.name]
                columns[column.name] = [None if value is None else orjson.dumps(value).decode() for value in values]
        columns[self._table.key] = upserts.keys
        hashes = pa.array(upserts.hashes, pa.string())
        columns |= {RECORD_HASH: hashes, "_dlt_id": _row_ids(upserts)}
        if self._table.has_raw_hash:
            columns[RAW_RECORD_HASH] = upserts.raw_hashes
        columns["_dlt_load_id"] = [dlt.current.load_package_state().get("load_id")] * len(upserts)
        columns[REMOVED_AT] = [None] * len(upserts)
        self._waiting.append(pa.table(columns, schema=self._schema))
        self._rows += len(upserts)
        if sum(map(len, self._waiting)) >= ROW_GROUP_ROWS:
            self._write()

    def finished(self) -> DataItemWithMeta | None:
        """Close the file; return it as an item for dlt, or None without rows."""
        self._finished = True
        if not self._rows:
            return None
        if self._waiting:
            self._write()
        if self._writer:
            self._writer.close()
        item = dlt.mark.with_file_import(str(self._path), "parquet", self._rows)
        item.data = []  # dlt's own steps, which come after, drop an item that is None
        return item

    def _write(self) -> None:
        if self._writer is None:
            # DuckDB reads it once, at once: what makes a file small or quick to search only takes time here.
            self._writer = pq.ParquetWriter(
                self._path, self._schema, compression="none", use_dictionary=False, write_statistics=False
            )
        self._writer.write_table(pa.concat_tables(self._waiting))
        self._waiting.clear()


def _row_ids(upserts: Upserts) -> list[str]:
    """Return row identifiers: the fingerprints, because no two rows of a table have the same and the same kind of key.

    A row that is keyed by its identifier can be equal to the row that it replaces, of the same account: where personal
    data is dropped, or an earlier release has keyed it otherwise.
    """
    return [
        f"{KEYED_BY_ID}{digest}" if key.startswith(KEYED_BY_ID) else digest
        for key, digest in zip(upserts.keys, upserts.hashes, strict=True)
    ]

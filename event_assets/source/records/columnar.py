"""Flat tables without a Python loop over each value: records as typed objects, rows as Arrow.

Only for records that are as declared. Any other is the affair of ``records.Shape``, and the row of a record is the same
either way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Optional

import dlt
import msgspec
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from dlt.extract.items import DataItemWithMeta

from event_assets.source.api.lossless_json import loses_nothing
from event_assets.source.records.privacy import Privacy
from event_assets.source.tables.columns import RECEIVED_HASH, RECORD_HASH, REMOVED_AT, DataType, Table

ROW_GROUP_ROWS = 10_000
"""DuckDB holds whole row groups while it reads them; larger ones were no quicker and took more memory."""

_TEXT_OR_NUMBER: Any = str | int | None
_FIELDS: dict[DataType, Any] = {
    "text": str | None,
    "bigint": Optional[Annotated[int, msgspec.Meta(ge=-(1 << 63), le=(1 << 63) - 1)]],  # noqa: UP045  # read at run time
    "bool": bool | None,
    "json": list | dict | None,
}
_ARROW: dict[DataType, pa.DataType] = {
    "text": pa.string(),
    "bigint": pa.int64(),
    "bool": pa.bool_(),
    "json": pa.string(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "binary": pa.binary(),
}


class Taken(NamedTuple):
    """A record that is taken.

    Attributes:
        record: The record: an object with an attribute for each column where it came the fast way, else as it came.
        key: Its key.
        digest: The digest of the bytes that it came in, where records are known by them.
        fingerprint: Its fingerprint, where it came the fast way.
    """

    record: Any
    key: str
    digest: bytes | None = None
    fingerprint: bytes | None = None


class Typed(NamedTuple):
    """Records of the fast way.

    Attributes:
        records: Objects with an attribute for each column, personal data protected.
        keys: The key of each; None where it has no usable one.
        fingerprints: The fingerprint of each.
    """

    records: list[Any]
    keys: list[str | None]
    fingerprints: list[bytes]


_encode = msgspec.json.Encoder(order="sorted").encode


def fingerprint(row: Any) -> bytes:
    """Return what tells a row from others: a dictionary, or an object that has its values as attributes."""
    return hashlib.blake2b(_encode(row), digest_size=16).digest()


class Columnar:
    """The fast way of a flat table: from JSON to a file of rows."""

    def __init__(self, table: Table, privacy: Privacy, folder: Path) -> None:
        """Begin.

        Args:
            table: A flat table.
            privacy: What to do with personal data.
            folder: Where to put the file.
        """
        self._typed = TypedRecords(table, privacy)
        self._file = RowFile(table, folder / f"{table.name}.parquet")
        self.decode = self._typed.decode
        self.add = self._file.add
        self.finished = self._file.finished


class TypedRecords:
    """Decodes the records of a flat table into objects with an attribute for each column."""

    def __init__(self, table: Table, privacy: Privacy) -> None:
        """Begin.

        Args:
            table: A flat table.
            privacy: What to do with personal data.
        """
        self._table = table
        self._privacy = privacy
        self._key = attrgetter(privacy.key_field(table))
        self._columns = {kind: [c.name for c in table.columns if c.data_type == kind] for kind in _FIELDS}
        # The texts that have come as numbers, such as identifiers: only these are looked through for them.
        self._numbers: set[str] = set()
        self._decoder = self._new_decoder(())
        self._decoder_of_numbers = self._new_decoder(self._columns["text"])

    def _new_decoder(self, numbers: Collection[str]) -> msgspec.json.Decoder[list[Any]]:
        """A decoder of records in which some texts may be numbers."""
        # In the order of their names, as they are encoded for the fingerprint. Unknown fields must not be passed over.
        fields = [
            (column.name, _TEXT_OR_NUMBER if column.name in numbers else _FIELDS[column.data_type], None)
            for column in self._table.columns
        ]
        record = msgspec.defstruct("Record", sorted(fields), forbid_unknown_fields=True, omit_defaults=True, gc=False)
        return msgspec.json.Decoder(list[record])

    def _decoded(self, array: bytes) -> list[Any]:
        try:
            return self._decoder.decode(array)
        except msgspec.ValidationError:
            records = self._decoder_of_numbers.decode(array)
        texts = self._columns["text"]
        self._numbers.update(name for name in texts if int in set(map(type, map(attrgetter(name), records))))
        self._decoder = self._new_decoder(self._numbers)
        return records

    def decode(self, array: bytes) -> Typed | None:
        """The records and their keys, personal data protected; None if a value is not as declared, or would be lost.

        Args:
            array: The JSON array of the records.
        """
        try:
            records = self._decoded(array)
            for name in self._columns["json"]:
                # What this refuses, such as a number beyond 64 bits, the warehouse's JSON does not hold either.
                orjson.dumps([*map(attrgetter(name), records)])
        except (msgspec.MsgspecError, UnicodeError, RecursionError, TypeError):
            return None
        keys = [self._privacy.key_of(self._table, value) for value in map(self._key, records)]
        as_it_is = self._privacy.personal_data == "keep"
        if not as_it_is and not loses_nothing(array, msgspec.json.encode(records)):
            return None
        if not self._privacy.protect_fields(self._table, records):
            return None
        for name in self._numbers:
            values = [*map(attrgetter(name), records)]
            if int in set(map(type, values)):
                for record, value in zip(records, values, strict=True):
                    if type(value) is int:
                        setattr(record, name, str(value))
        encoded = [*map(_encode, records)]
        if as_it_is and not loses_nothing(array, b"".join(encoded)):
            return None
        return Typed(records, keys, [hashlib.blake2b(text, digest_size=16).digest() for text in encoded])


class RowFile:
    """A Parquet file of a flat table's rows, which dlt takes over as it is."""

    def __init__(self, table: Table, path: Path) -> None:
        """Begin.

        Args:
            table: A flat table.
            path: Where to write; made with the first rows.
        """
        self._table = table
        self._path = path
        self._writer: pq.ParquetWriter | None = None
        self._waiting: list[pa.Table] = []
        self._rows = 0
        self._finished = False
        # Nothing of it differs from the declared table, or dlt would write the file anew.
        self._schema = pa.schema(
            [
                pa.field(column.name, _ARROW[column.data_type], nullable=(column.hints or {}).get("nullable", True))
                for column in table.all_columns
            ]
        )

    def add(self, rows: Sequence[tuple[Taken, str]]) -> None:
        """Take the rows of records, each with its fingerprint.

        Raises:
            ValueError: The file is finished.
        """
        if self._finished:
            raise ValueError(f"The file of {self._table.name} is finished, and {len(rows)} more rows came for it.")
        records = [each.record for each, _ in rows]
        columns: dict[str, Any] = {
            column.name: [*map(attrgetter(column.name), records)] for column in self._table.columns
        }
        for column in self._table.columns:
            if column.data_type == "json":
                values = columns[column.name]
                columns[column.name] = [None if value is None else orjson.dumps(value).decode() for value in values]
        columns[self._table.key] = [each.key for each, _ in rows]
        hashes = pa.array([fingerprint for _, fingerprint in rows], pa.string())
        columns |= {RECORD_HASH: hashes, "_dlt_id": hashes}  # no two rows of a table have the same
        if self._table.known_by_bytes:
            columns[RECEIVED_HASH] = [each.digest for each, _ in rows]
        columns["_dlt_load_id"] = [dlt.current.load_package_state().get("load_id")] * len(rows)
        columns[REMOVED_AT] = [None] * len(rows)
        self._waiting.append(pa.table(columns, schema=self._schema))
        self._rows += len(rows)
        if sum(map(len, self._waiting)) >= ROW_GROUP_ROWS:
            self._write()

    def finished(self) -> DataItemWithMeta | None:
        """The file as an item for dlt, if anything is in it. No more rows can come afterwards."""
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

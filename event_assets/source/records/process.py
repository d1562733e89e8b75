"""Judges records: the key and the fingerprint of each, its row, and what of it does not fit.

Nothing is lost: a record has a row, whether its values fit or not. Whether its row is written is decided in ``load``,
where it is known what the table holds. How values come to fit is in ``coerce``, how records that are as declared go
faster in ``typed``: the row of a record is the same either way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from event_assets.source.api.lossless_json import Repeated
from event_assets.source.api.pages import Batch, EncodedBatch
from event_assets.source.records.coerce import Coercion, Record, as_text
from event_assets.source.records.fingerprints import (
    digest_of,
    links_number,
    number,
    record_hash,
    reject_digest,
)
from event_assets.source.records.privacy import Privacy
from event_assets.source.records.typed import TypedRecords
from event_assets.source.tables.columns import RECORD_HASH, Table


@dataclass(frozen=True)
class Reject:
    """A record that cannot be loaded, and why."""

    reason: str
    payload: str

    @cached_property
    def digest(self) -> bytes:
        """The fingerprint of both."""
        return reject_digest(self.reason, self.payload)


@dataclass(frozen=True)
class RecordBatch:
    """What some records come to, in their order.

    Attributes:
        keys: What tells each from others; None where it has no usable key.
        hashes: The fingerprint of each row.
        versions: The same of each row with its lists: what it adds to the version of the table.
        rows: The row of each: a dictionary, or an object that has its values as attributes.
        type_mismatches: The column of each value that does not fit, by the index of its record.
        undeclared: How many values were left out because their fields are not declared, by the index of the record.
    """

    keys: Sequence[str | None]
    hashes: Sequence[bytes]
    versions: Sequence[bytes]
    rows: Sequence[Any]
    type_mismatches: Mapping[int, Sequence[str]] = field(default_factory=dict)
    undeclared: Mapping[int, int] = field(default_factory=dict)

    def __add__(self, other: RecordBatch) -> RecordBatch:
        """Return the records of both, one after the other."""
        first = len(self.keys)
        return RecordBatch(
            [*self.keys, *other.keys],
            [*self.hashes, *other.hashes],
            [*self.versions, *other.versions],
            [*self.rows, *other.rows],
            {**self.type_mismatches, **{first + index: each for index, each in other.type_mismatches.items()}},
            {**self.undeclared, **{first + index: each for index, each in other.undeclared.items()}},
        )


class RecordProcessor:
    """Judges the records of one table.

    Attributes:
        key_field: The field of the API that records are told apart by.
    """

    def __init__(self, table: Table, privacy: Privacy) -> None:
        """Take the table, and what becomes of personal data."""
        self.key_field = privacy.key_field(table)
        self._table = table
        self._privacy = privacy
        self._coercion = Coercion(table)
        self._typed = TypedRecords(table, privacy) if table.is_flat else None

    def process(self, batch: Batch) -> RecordBatch:
        """Judge the records of a batch.

        Raises:
            UnusableAnswerError: They are no objects.
        """
        if self._typed is None or not isinstance(batch, EncodedBatch):
            return self._coerced(batch.records())
        if (typed := self._typed.decode(batch.json)) is not None:
            return RecordBatch(typed.keys, typed.hashes, typed.hashes, typed.rows)
        batch.refuse_what_is_no_object()
        return self._singly(batch)

    def _singly(self, batch: EncodedBatch) -> RecordBatch:
        """Judge a batch that has a record which is not as declared: the others are, so they are told from it."""
        if len(batch) == 1:
            return self._coerced(batch.records())
        found = []
        for half in batch.halves():
            typed = self._typed.decode(half.json) if self._typed else None
            found.append(
                self._singly(half) if typed is None else RecordBatch(typed.keys, typed.hashes, typed.hashes, typed.rows)
            )
        return found[0] + found[1]

    def _coerced(self, records: Sequence[Record]) -> RecordBatch:
        keys = [self._key(record) for record in records]
        hashes, versions, rows = [], [], []
        type_mismatches, undeclared = {}, {}
        for index, (record, key) in enumerate(zip(records, keys, strict=True)):
            protected, left_out = self._privacy.protect(self._table, record)
            row, mismatches = self._coercion.row(protected)
            digest = record_hash(row)
            links = links_number(digest.hex(), row, self._table.links or ())
            hashes.append(digest)
            versions.append(digest_of(number(digest) + links) if links else digest)
            if self._table.key_column:
                row[self._table.key_column.name] = key
            row[RECORD_HASH] = digest.hex()
            rows.append(row)
            if mismatches:
                type_mismatches[index] = mismatches
            if left_out:
                undeclared[index] = left_out
        return RecordBatch(keys, hashes, versions, rows, type_mismatches, undeclared)

    def _key(self, record: Record) -> str | None:
        """Return what tells a record from others; None where it has no usable key, or several."""
        if isinstance(record, Repeated) and self.key_field in record.names:
            return None
        return self._privacy.key(self._table, record)

    def reject(self, record: Record, reason: str) -> tuple[Reject, int]:
        """Return a record as one that cannot be loaded, and how many values were left out of it as not declared."""
        protected, left_out = self._privacy.protect(self._table, record)
        return Reject(reason, as_text(protected)), left_out

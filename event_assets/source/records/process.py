"""Processes records: derives the key, fingerprint and row of each, and finds type mismatches.

Every record has a row, also with type mismatches. ``load`` decides if it is written. ``coerce`` coerces values, and
``typed`` decodes records without type mismatches faster, into the same rows.
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
from event_assets.source.records.privacy import KEYED_BY_ID, Privacy, normalized_address
from event_assets.source.records.typed import TypedRecords
from event_assets.source.tables.columns import RECORD_HASH, Table

FEW_RECORDS = 4
"""The most records that are coerced together with one type mismatch: to separate them takes longer."""
SAMPLE_RECORDS = 16
"""The records of a batch that are decoded to estimate the share of type mismatches."""


@dataclass(frozen=True)
class Reject:
    """A rejected record, and why it was rejected."""

    reason: str
    payload: str

    @cached_property
    def digest(self) -> bytes:
        """The fingerprint of reason and payload."""
        return reject_digest(self.reason, self.payload)


@dataclass(frozen=True)
class RecordBatch:
    """Processed records, in their order.

    Attributes:
        keys: The key of each; None if it has no usable key.
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
    """Processes the records of one table.

    Attributes:
        key_fields: The API fields that can identify a record, the preferred one first.
    """

    def __init__(self, table: Table, privacy: Privacy) -> None:
        """Take the table, and what becomes of personal data."""
        self.key_fields = privacy.key_fields(table)
        self._table = table
        self._privacy = privacy
        self._coercion = Coercion(table)
        self._typed = TypedRecords(table, privacy) if table.is_flat else None

    def process(self, batch: Batch) -> RecordBatch:
        """Process the records of a batch.

        Raises:
            InvalidResponseError: They are no objects.
        """
        if self._typed is None or not isinstance(batch, EncodedBatch):
            return self._coerced(batch.records())
        if (typed := self._as_typed(batch)) is not None:
            return typed
        batch.refuse_what_is_no_object()
        # The API may have a new field in each record: to look for others would take twice the time.
        return self._coerced(batch.records()) if self._mostly_differs(batch) else self._apart(batch)

    def _as_typed(self, batch: EncodedBatch) -> RecordBatch | None:
        """Process records that match their declared types; return None if one does not."""
        typed = self._typed.decode(batch.json) if self._typed else None
        return RecordBatch(typed.keys, typed.hashes, typed.hashes, typed.rows) if typed else None

    def _mostly_differs(self, batch: EncodedBatch) -> bool:
        """Return whether most records of a sample do not match their declared types."""
        sample = range(0, len(batch), -(-len(batch) // SAMPLE_RECORDS))
        return 2 * sum(self._as_typed(batch.only([index])) is None for index in sample) > len(sample)

    def _apart(self, batch: EncodedBatch) -> RecordBatch:
        """Process a batch with some type mismatches: halve it until the mismatches are nearly alone."""
        if len(batch) <= FEW_RECORDS:
            return self._coerced(batch.records())
        first, second = (self._as_typed(half) or self._apart(half) for half in batch.halves())
        return first + second

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
        """Return the key of a record; None if it has no usable key, or several."""
        key = self._privacy.key(self._table, record)
        if isinstance(record, Repeated) and not {self.key_fields[0], self.key_field_of(key)}.isdisjoint(record.names):
            return None
        return key

    def key_field_of(self, key: str | None) -> str:
        """Return the API field that a key comes from."""
        return self.key_fields[-1 if key and key.startswith(KEYED_BY_ID) else 0]

    def former_key(self, key: str, row: Any) -> str | None:
        """Return the key that earlier releases gave a record that is keyed by its identifier.

        That was the placeholder in the place of its address. None if it had none, or is keyed as before.

        Args:
            key: The present key.
            row: The row: a dictionary, or an object that has its values as attributes.
        """
        if len(self.key_fields) == 1 or not key.startswith(KEYED_BY_ID):
            return None
        name = self.key_fields[0]
        value = row.get(name) if isinstance(row, dict) else getattr(row, name)
        # What is hashed was hashed trimmed and in lower case, as keys are.
        return normalized_address(value) if isinstance(value, str) else None

    def reject(self, record: Record, reason: str) -> tuple[Reject, int]:
        """Return a record as rejected, and the number of undeclared values left out of it."""
        protected, left_out = self._privacy.protect(self._table, record)
        return Reject(reason, as_text(protected)), left_out

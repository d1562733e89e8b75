"""Existing rows, rows to write, and all changes of a response."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from event_assets.source.records.fingerprints import number
from event_assets.source.records.process import Reject


@dataclass(frozen=True)
class ExistingRows:
    """The rows of a table before a sync.

    Attributes:
        versions: The fingerprint of each row with its lists by its key; None for one that is marked as removed, "" for
            one that is not to be relied on and must be written again.
        keys_by_raw_hash: The key of a row by the hash of the bytes that its record came in. Only of rows that are
            live and match their record, type mismatches apart.
    """

    versions: Mapping[str, str | None] = field(default_factory=dict)
    keys_by_raw_hash: Mapping[bytes, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Upserts:
    """Rows to write: new, changed or returned ones. All sequences have an entry for each.

    Attributes:
        keys: The merge keys of the rows.
        hashes: The fingerprint of each, in hexadecimal.
        raw_hashes: The raw record hash of each; None if the record has to be decoded each time.
        rows: The rows: dictionaries, or objects that have their values as attributes.
    """

    keys: Sequence[str]
    hashes: Sequence[str]
    raw_hashes: Sequence[bytes | None]
    rows: Sequence[Any]

    def __len__(self) -> int:
        return len(self.keys)

    def only(self, indexes: Sequence[int]) -> Upserts:
        """Return some of them."""
        if len(indexes) == len(self):
            return self
        return Upserts(
            [self.keys[index] for index in indexes],
            [self.hashes[index] for index in indexes],
            [self.raw_hashes[index] for index in indexes],
            [self.rows[index] for index in indexes],
        )


@dataclass(frozen=True)
class Changes:
    """All changes of a response in a table.

    Attributes:
        page_digests: The digest of each of its pages.
        is_absent: Whether the response does not have the resource, so that the table is unchanged.
        received: Records in the response.
        decoded: How many of them were decoded, because they were not recognised by their bytes.
        upserted: How many of them are new, changed or returned.
        removed_keys: The keys of the live rows that the response no longer has.
        former_keys: The keys of rows of an earlier release whose accounts are keyed by their identifier now.
        raw_hashes: The raw record hash by key, of rows that are unchanged but came in other bytes.
        rejects: Rejected records: without a usable key, or with the key of an earlier record. The first one wins.
        type_mismatches: Number of values of another type, by column.
        undeclared: Number of values left out because their fields are not declared: none where personal data is kept.
        version: The version of all rows and rejected records, in any order.
    """

    page_digests: Sequence[str]
    is_absent: bool = False
    received: int = 0
    decoded: int = 0
    upserted: int = 0
    removed_keys: Sequence[str] = ()
    former_keys: Sequence[str] = ()
    raw_hashes: Mapping[str, bytes] = field(default_factory=dict)
    rejects: Sequence[Reject] = ()
    type_mismatches: Mapping[str, int] = field(default_factory=dict)
    undeclared: int = 0
    version: str = ""

    @property
    def taken(self) -> int:
        """The number of rows of the response."""
        return self.received - len(self.rejects)

    @property
    def rejects_number(self) -> int:
        """The share of the rejected records in the version."""
        return sum(number(reject.digest) for reject in self.rejects)

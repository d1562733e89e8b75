"""What a table holds, what an answer would have written into it, and what it changes altogether: values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from event_assets.source.records.fingerprints import number
from event_assets.source.records.process import Reject


@dataclass(frozen=True)
class ExistingRows:
    """What a table holds of each record.

    Attributes:
        versions: The fingerprint of each row with its lists by its key; None for one that is marked as removed, "" for
            one that is not to be relied on and must be written again.
        keys_by_raw_hash: The key of a row by the digest of the bytes that its record came in. Only of rows that are
            there and are what was made of the record, type mismatches apart.
    """

    versions: Mapping[str, str | None] = field(default_factory=dict)
    keys_by_raw_hash: Mapping[bytes, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Upserts:
    """Rows that are new, changed or back again. All sequences have an entry for each.

    Attributes:
        keys: What the rows are merged by.
        hashes: The fingerprint of each, in hexadecimal.
        raw_hashes: The digest of the bytes that each record came in; None where it must be taken apart again.
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
    """What an answer changes in a table.

    Attributes:
        page_digests: The digest of each of its pages.
        is_absent: Whether the answer does not have the resource, so that the table stays as it is.
        received: Records in the answer.
        decoded: How many of them were taken apart, because they are not known by the bytes that they came in.
        upserted: How many of them are new, changed, or back again.
        removed_keys: The keys of the rows that the table holds as there, and that the answer no longer has.
        raw_hashes: The raw record hash by key, of rows that are unchanged but came in other bytes.
        rejects: Records that cannot be loaded: without a usable key, or with one that an earlier record of the same
            answer had. The first one wins.
        type_mismatches: How often a column got a value that does not fit its type.
        undeclared: How many values were left out because their fields are not declared: none where personal data is
            kept.
        version: A fingerprint of all rows and rejects together, whatever their order.
    """

    page_digests: Sequence[str]
    is_absent: bool = False
    received: int = 0
    decoded: int = 0
    upserted: int = 0
    removed_keys: Sequence[str] = ()
    raw_hashes: Mapping[str, bytes] = field(default_factory=dict)
    rejects: Sequence[Reject] = ()
    type_mismatches: Mapping[str, int] = field(default_factory=dict)
    undeclared: int = 0
    version: str = ""

    @property
    def taken(self) -> int:
        """How many rows the answer makes."""
        return self.received - len(self.rejects)

    @property
    def rejects_number(self) -> int:
        """What the rejects add to the version."""
        return sum(number(reject.digest) for reject in self.rejects)

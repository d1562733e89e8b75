"""Compares a response with a table: rows to write, removed rows and rejected records.

Nothing is written here. ``records`` makes the rows, ``removals`` may refuse the changes, and ``apply`` writes them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Sequence
from functools import partial
from typing import cast

from event_assets.source.api.fingerprint import ResponseFingerprint
from event_assets.source.api.pages import Batch, EncodedBatch, Page
from event_assets.source.api.paging.whole_list import WholeList
from event_assets.source.load.changes import Changes, ExistingRows, Upserts
from event_assets.source.progress import Progress, count
from event_assets.source.records.coerce import Record, as_text
from event_assets.source.records.fingerprints import number, version_text
from event_assets.source.records.process import RecordBatch, RecordProcessor, Reject
from event_assets.source.tables.columns import Table


def diff(
    table: Table,
    existing: ExistingRows,
    pages: Iterable[Page],
    processor: RecordProcessor,
    fingerprint: ResponseFingerprint | None = None,
    progress: Progress | None = None,
) -> Generator[Upserts, None, Changes]:
    """Compare the pages of a response with the rows of a table.

    Args:
        table: The table.
        existing: The rows of the table.
        pages: The pages of the resource.
        processor: Processes the records.
        fingerprint: Recognises records by their bytes.
        progress: Takes lines about the progress.

    Yields:
        The rows to write.

    Returns:
        What the response changes.

    Raises:
        InvalidResponseError: The response is no list of objects, is not all of the list, or goes round.
    """
    comparison = _Comparison(table, existing, processor, fingerprint)
    digests, whole, is_absent = [], WholeList(), False
    progress = progress or Progress()

    def so_far(seconds: float) -> str:
        rate = comparison.received / max(seconds, 1e-9)
        return f"{table.name}: {comparison.received:,} records of {count(len(digests), 'page')}, {rate:,.0f} a second"

    for page in pages:
        digests.append(page.digest)
        is_absent = page.is_absent
        received, different = comparison.received, comparison.different
        for batch in page.batches():
            if upserts := comparison.upserts(batch):
                yield upserts
            progress.note(so_far)
        new = comparison.received - received
        whole.add(page, new)
        if page.next_url is None:
            whole.refuse_a_part(page, comparison.received, len(digests))
        elif new and comparison.different == different:
            # The pages repeat, under any addresses. The last page of a list may have only such records.
            page.expected.refuse(f"page {len(digests):,} with records of earlier pages only, and a link to a next one")
    return Changes(digests, is_absent=True) if is_absent else comparison.changes(digests)


class _Comparison:
    """The state of a comparison."""

    def __init__(
        self,
        table: Table,
        existing: ExistingRows,
        processor: RecordProcessor,
        fingerprint: ResponseFingerprint | None,
    ) -> None:
        self.received = self.decoded = 0
        self._existing = existing
        self._processor = processor
        knows = fingerprint is not None and fingerprint.hashes_records and table.has_raw_hash
        self._fingerprint = fingerprint if knows else None
        self._seen: set[str | None] = set()
        self._seen_rejected: set[tuple[str | None, str]] = set()
        self._rejects: list[Reject] = []
        self._type_mismatches: Counter[str] = Counter()
        self._raw_hashes: dict[str, bytes] = {}
        self._former_keys: set[str] = set()
        self._upserted = self._undeclared = self._version = 0

    @property
    def different(self) -> int:
        """The number of different records so far."""
        return len(self._seen) + len(self._seen_rejected)

    def upserts(self, batch: Batch) -> Upserts | None:
        """Compare the records of a batch; return the rows to write."""
        self.received += len(batch)
        keys, raw_hashes, unknown = self._known(batch)
        if not unknown:
            self._admit_known(keys, self._admitted(keys, batch), ())
            return None
        self.decoded += len(unknown)
        processed = self._processor.process(batch if len(unknown) == len(batch) else batch.only(unknown))
        for index, key in zip(unknown, processed.keys, strict=True):
            keys[index] = key
        admitted = self._admitted(keys, batch)
        if len(admitted) == len(unknown) == len(batch):
            return self._changed(processed, range(len(batch)), raw_hashes)
        self._admit_known(keys, admitted, unknown)
        positions = {index: position for position, index in enumerate(unknown)}
        return self._changed(
            processed,
            [positions[index] for index in admitted if index in positions],
            [raw_hashes[index] for index in unknown],
        )

    def _known(self, batch: Batch) -> tuple[list[str | None], Sequence[bytes | None], Sequence[int]]:
        """Return the keys of records that are known by their bytes, these digests, and the indexes of the others."""
        if self._fingerprint is None or not isinstance(batch, EncodedBatch):
            return [None] * len(batch), [None] * len(batch), range(len(batch))
        raw_hashes = self._fingerprint.of_records(batch.encoded)
        if not self._existing.keys_by_raw_hash:
            return [None] * len(batch), raw_hashes, range(len(batch))
        keys = [*map(self._existing.keys_by_raw_hash.get, raw_hashes)]
        return keys, raw_hashes, [index for index, key in enumerate(keys) if key is None]

    def _admit_known(self, keys: Sequence[str | None], admitted: Sequence[int], unknown: Sequence[int]) -> None:
        for index in set(admitted).difference(unknown):
            self._version += int(self._existing.versions[keys[index] or ""] or "", 16)

    def _changed(self, processed: RecordBatch, admitted: Sequence[int], raw_hashes: Sequence[bytes | None]) -> Upserts:
        """Return the rows of admitted records that the table does not hold yet.

        Args:
            processed: The processed records.
            admitted: The indexes of those that are admitted.
            raw_hashes: The digest of the bytes that each record came in.
        """
        is_all = len(admitted) == len(processed.keys)
        versions = processed.versions if is_all else [processed.versions[index] for index in admitted]
        self._version += sum(map(number, versions))
        if processed.type_mismatches or processed.undeclared:
            raw_hashes = [*raw_hashes]
            for index in {*processed.type_mismatches, *processed.undeclared}:
                # Both are reported by each sync, so such a record has to be decoded each time.
                raw_hashes[index] = None
            for index in admitted:
                self._type_mismatches.update(processed.type_mismatches.get(index, ()))
                self._undeclared += processed.undeclared.get(index, 0)
        held = self._existing.versions
        if held:
            hexadecimal = map(bytes.hex, versions)
            changed = [
                index
                for index, version in zip(admitted, hexadecimal, strict=True)
                if held.get(processed.keys[index] or "") != version
            ]
            if self._fingerprint:
                self._note_raw_hashes(processed, set(admitted).difference(changed), raw_hashes)
            self._note_former_keys(processed, changed)
        else:
            changed = admitted
        self._upserted += len(changed)
        keys = cast(Sequence[str], processed.keys)  # what is admitted has one
        if len(changed) == len(keys):
            return Upserts(keys, [*map(bytes.hex, processed.hashes)], raw_hashes, processed.rows)
        return Upserts(
            [keys[index] for index in changed],
            [processed.hashes[index].hex() for index in changed],
            [raw_hashes[index] for index in changed],
            [processed.rows[index] for index in changed],
        )

    def _note_raw_hashes(self, processed: RecordBatch, unchanged: set[int], raw_hashes: Sequence[bytes | None]) -> None:
        """Note the hashes of records that came in other bytes, or are hashed otherwise since an upgrade."""
        for index in unchanged:
            key, raw_hash = processed.keys[index], raw_hashes[index]
            if key is not None and raw_hash is not None:
                self._raw_hashes[key] = raw_hash

    def _note_former_keys(self, processed: RecordBatch, changed: Sequence[int]) -> None:
        """Note the rows whose accounts an earlier release keyed otherwise."""
        for index in changed:
            former = self._processor.former_key(processed.keys[index] or "", processed.rows[index])
            if former is not None and former in self._existing.versions:
                self._former_keys.add(former)

    def _admitted(self, keys: Sequence[str | None], batch: Batch) -> Sequence[int]:
        """Return the indexes of the records whose keys are usable and new; reject the others."""
        own = set(keys)
        if len(own) == len(keys) and None not in own and own.isdisjoint(self._seen):
            self._seen |= own
            return range(len(keys))
        return [index for index, key in enumerate(keys) if self._admits(key, partial(batch.record, index))]

    def _admits(self, key: str | None, record: partial[Record]) -> bool:
        if key is None:
            self._reject(key, record(), f"no usable {' or '.join(self._processor.key_fields)}")
        elif key in self._seen:
            of = self._processor.key_field_of(key)
            self._reject(key, record(), f"another record of the same answer has this {of}")
        else:
            self._seen.add(key)
            return True
        return False

    def _reject(self, key: str | None, record: Record, reason: str) -> None:
        reject, undeclared = self._processor.reject(record, reason)
        self._undeclared += undeclared
        self._rejects.append(reject)
        # Different accounts can have one address, or no key: the key alone is not enough.
        identifier = record.get("id")
        self._seen_rejected.add((key, reject.payload if identifier is None else as_text(identifier)))

    def changes(self, page_digests: Sequence[str]) -> Changes:
        """Return what all records together change."""
        held = self._existing.versions.items()
        former = self._former_keys - self._seen
        removed = [key for key, version in held if version is not None and key not in self._seen and key not in former]
        rejected = sum(number(reject.digest) for reject in self._rejects)
        return Changes(
            page_digests,
            received=self.received,
            decoded=self.decoded,
            upserted=self._upserted,
            removed_keys=removed,
            former_keys=sorted(former),
            raw_hashes=self._raw_hashes,
            rejects=self._rejects,
            type_mismatches=dict(self._type_mismatches),
            undeclared=self._undeclared,
            version=version_text(self._version + rejected),
        )

"""What happens to a record between the API's answer and the table: its key, its fingerprint, whether it passes on.

Nothing is lost on the way: a record is either taken or rejected with a reason. How its values come to fit the table is
in ``shape``, how records that are as declared go faster in ``columnar``, what the table held before in ``ledger``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import repeat
from pathlib import Path
from typing import Any, cast

from event_assets.source.api.lossless_json import Repeated
from event_assets.source.api.pages import Batch, Page
from event_assets.source.api.paging.whole_list import WholeList
from event_assets.source.api.recall import Recall
from event_assets.source.progress import Progress, count
from event_assets.source.records.coerce import Record, Shape, as_text
from event_assets.source.records.columnar import Columnar, Taken, fingerprint
from event_assets.source.records.fingerprints import links_number, number, reject_digest, version_text
from event_assets.source.records.privacy import Privacy
from event_assets.source.tables.columns import MISFIT, RECEIVED_HASH, RECORD_HASH, Table

__all__ = ["MISFIT", "Intake", "Known", "Record", "Reject", "as_text"]


@dataclass(frozen=True)
class Known:
    """What a table holds of each record.

    Attributes:
        fingerprints: The fingerprint of each row with its lists by its key; None for one that is marked as removed, ""
            for one that is not to be relied on and must be written again.
        keys_by_digest: The key of a row by the digest of the bytes that its record came in. Only of rows that are there
            and are what was made of the record, misfits apart.
    """

    fingerprints: Mapping[str, str | None]
    keys_by_digest: Mapping[bytes, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reject:
    """A record that cannot be loaded, and why."""

    reason: str
    payload: str

    @cached_property
    def digest(self) -> bytes:
        """The fingerprint of both."""
        return reject_digest(self.reason, self.payload)


class Intake:
    """Takes the records of one resource, page by page, and passes on those that the table does not hold yet.

    A step of a dlt resource. Afterwards it knows what the answer came to.

    Attributes:
        pages: Pages of encoded records seen.
        received: Records seen.
        passed_on: Records that are new, changed, or back again.
        rejects: Records that cannot be loaded: without a usable key, or with one that an earlier record of the same
            answer had. The first one wins.
        misfits: How often a column got a value that does not fit its type.
        undeclared: How many values were left out because their fields are not declared: none where personal data is
            kept.
    """

    def __init__(
        self,
        table: Table,
        known: Known,
        privacy: Privacy,
        folder: Path | None = None,
        progress: Progress | None = None,
        recall: Recall | None = None,
    ) -> None:
        """Begin.

        Args:
            table: The table that the records are for.
            known: What the table holds.
            privacy: What to do with personal data.
            folder: Where the rows of a flat table may be put as a file.
            progress: Is told how many records there were.
            recall: Knows records by the bytes that they came in.
        """
        self.pages, self._list = 0, WholeList()
        self.received = self.passed_on = 0
        self.rejects: list[Reject] = []
        self.misfits: Counter[str] = Counter()
        self.undeclared = 0
        self._table = table
        self._known = known
        self._privacy = privacy
        self._key_field = privacy.key_field(table)
        self._progress = progress or Progress()
        self._recall = recall if recall and recall.knows_records and table.known_by_bytes else None
        self._seen: set[str | None] = set()
        self._seen_rejected: set[tuple[str | None, str]] = set()
        self._version = 0
        self._shape = Shape(table, self.misfits)
        self._columnar = Columnar(table, privacy, folder) if folder and table.is_flat else None

    def __call__(self, page: list[Record] | list[Page], meta: Any = None) -> Any:
        """Take a page; return the rows to load. The second argument is dlt's and means nothing here.

        Args:
            page: The records; or, of a list, the one page that holds them, still encoded.
            meta: Not used.

        Returns:
            The rows; of an encoded page, an iterator of what dlt takes.
        """
        if not page or not isinstance(page[0], Page):
            return self._take_records(cast(list[Record], page))
        self.pages += 1
        taken = self._take_page(page[0])
        if self.pages == 1 and page[0].last:
            return taken
        # dlt draws from all iterators in turn. A page is done before the next one comes, or their records would mix.
        return iter([*taken])

    @property
    def gone(self) -> list[str]:
        """The keys of the rows that the table holds as there, and that the answer no longer has."""
        held = self._known.fingerprints.items()
        return [key for key, fingerprint in held if fingerprint is not None and key not in self._seen]

    def forget(self) -> None:
        """Give back the memory that is needed as long as records come: at a million, 150 MB and more."""
        self._seen.clear()
        self._seen_rejected.clear()
        self._known = Known({})

    @property
    def version(self) -> str:
        """A fingerprint of all taken records and rejects together, whatever their order."""
        return version_text(self._version + self.rejects_number)

    @property
    def rejects_number(self) -> int:
        """What the rejects add to the version."""
        return sum(number(reject.digest) for reject in self.rejects)

    @property
    def _different(self) -> int:
        """How many different records there were."""
        return len(self._seen) + len(self._seen_rejected)

    @property
    def taken(self) -> int:
        """Records that are not rejected."""
        return self.received - len(self.rejects)

    def _take_page(self, page: Page) -> Iterator[Any]:
        received, different = self.received, self._different
        for batch in page.batches():
            rows = self._take_batch(batch)
            if rows:
                yield rows
            self._progress.note(self._so_far)
        self._list.add(page, self.received - received)
        if page.last:
            self._list.refuse_a_part(page, self.received, self.pages)
            # Nothing is something for dlt: it declares the table.
            yield (self._columnar and self._columnar.finished()) or []
        elif self.received > received and self._different == different:
            # The pages go round, under whatever addresses. The last page of a list may well have only such records.
            page.refuse(f"page {self.pages:,}, of which all records came before, with a link to a next one")

    def _so_far(self, seconds: float) -> str:
        rate = self.received / max(seconds, 1e-9)
        return f"{self._table.name}: {self.received:,} records of {count(self.pages, 'page')}, {rate:,.0f} a second"

    def _take_batch(self, batch: Batch) -> list[Record]:
        """Take a batch; return the rows to load that are not in the file."""
        self.received += len(batch)
        none: list[Any] = [None] * len(batch)
        digests = self._recall.record_digests(batch.encoded) if self._recall else none
        known = self._known
        keys: list[Any] = [*map(known.keys_by_digest.get, digests)] if known.keys_by_digest else none.copy()
        unknown = [place for place, key in enumerate(keys) if key is None]
        records, prints = self._decode(batch.only(unknown), keys, unknown) if unknown else ([], None)
        admitted = self._admitted(keys, batch)
        if len(unknown) == len(admitted) == len(batch):
            # As below, in a third of the time.
            columns = zip(records, keys, digests, prints or none, strict=True)
            taken = [*map(tuple.__new__, repeat(Taken), columns)]
        else:
            places = set(admitted)
            for place in places.difference(unknown):
                self._version += int(known.fingerprints[keys[place]] or "", 16)
            taken = [
                Taken(record, keys[place], digests[place], print_)
                for place, record, print_ in zip(unknown, records, prints or none, strict=False)
                if place in places
            ]
        if self._columnar and prints:
            self._write(self._columnar, taken)
            return []
        rows = [row for row in map(self._row, taken) if row is not None]
        self.passed_on += len(rows)
        return rows

    def _decode(
        self, batch: Batch, keys: list[str | None], places: Sequence[int]
    ) -> tuple[Sequence[Any], Sequence[bytes] | None]:
        """The records, and their fingerprints if they are typed objects; their keys go into their places."""
        typed = self._columnar.decode(batch.json) if self._columnar else None
        records = typed.records if typed else batch.records()
        found = typed.keys if typed else [self._key(record) for record in records]
        for place, key in zip(places, found, strict=True):
            keys[place] = key
        return records, typed.fingerprints if typed else None

    def _write(self, columnar: Columnar, taken: Sequence[Taken]) -> None:
        """Put those rows into the file that the table does not hold yet."""
        digests = [each.fingerprint or b"" for each in taken]
        self._version += sum(map(number, digests))
        held = self._known.fingerprints
        wanted = [
            (each, fingerprint)
            for each, fingerprint in zip(taken, map(bytes.hex, digests), strict=True)
            if held.get(each.key) != fingerprint
        ]
        columnar.add(wanted)
        self.passed_on += len(wanted)

    def _admitted(self, keys: Sequence[str | None], batch: Batch) -> Sequence[int]:
        """The places of the records whose keys are usable and new; the others are rejected."""
        own = set(keys)
        if len(own) == len(keys) and None not in own and own.isdisjoint(self._seen):
            self._seen |= own
            return range(len(keys))
        return [place for place, key in enumerate(keys) if self._admits(key, partial(batch.record, place))]

    def _admits(self, key: str | None, record: Callable[[], Record]) -> bool:
        if key is None:
            self._reject(key, record(), f"no usable {self._key_field}")
        elif key in self._seen:
            self._reject(key, record(), f"another record of the same answer has this {self._key_field}")
        else:
            self._seen.add(key)
            return True
        return False

    def _take_records(self, records: list[Record]) -> list[Record]:
        self.received += len(records)
        rows = [row for row in map(self._take, records) if row is not None]
        self.passed_on += len(rows)
        return rows

    def _take(self, record: Record) -> Record | None:
        key = self._key(record)
        return self._row(Taken(record, key)) if self._admits(key, lambda: record) and key is not None else None

    def _key(self, record: Record) -> str | None:
        """Return what tells a record from others; None where it has no usable key, or several."""
        if isinstance(record, Repeated) and self._key_field in record.names:
            return None
        return self._privacy.key(self._table, record)

    def _row(self, taken: Taken) -> Record | None:
        """The row of a record; None if the table holds it."""
        misfits = self.misfits.total()
        record, undeclared = self._privacy.protect(self._table, taken.record)
        self.undeclared += undeclared
        row = self._shape.fit(record)
        digest = fingerprint(row)
        text = digest.hex()
        total = number(digest) + links_number(text, row, self._table.links or ())
        self._version += total
        if self._known.fingerprints.get(taken.key) == version_text(total):
            return None
        if self._table.key_column:
            row[self._table.key_column.name] = taken.key
        row[RECORD_HASH] = text
        # Both are told each time, so a record that has some must be taken apart each time.
        if taken.digest is not None and self.misfits.total() == misfits and not undeclared:
            row[RECEIVED_HASH] = taken.digest
        return row

    def _reject(self, key: str | None, record: Record, reason: str) -> None:
        protected, undeclared = self._privacy.protect(self._table, record)
        self.undeclared += undeclared
        payload = as_text(protected)
        self.rejects.append(Reject(reason, payload))
        # Accounts without an address can share a placeholder and be different ones, so the key alone does not tell.
        identifier = record.get("id")
        self._seen_rejected.add((key, payload if identifier is None else as_text(identifier)))

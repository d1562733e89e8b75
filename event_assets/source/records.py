"""What happens to a record between the API's answer and the table: its key, its fingerprint, whether it passes on.

Nothing is lost on the way: a record is either taken or rejected with a reason. How its values come to fit the table is
in ``shape``, how records that are as declared go faster in ``columnar``, what the table held before in ``ledger``.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeAlias, cast

import msgspec

from event_assets.source.columnar import RowFile, TypedRecords, is_flat
from event_assets.source.pages import Batch, Page
from event_assets.source.privacy import Privacy
from event_assets.source.progress import Progress, count
from event_assets.source.shape import MISFIT, Record, Shape, as_text
from event_assets.source.tables import RECORD_HASH, Table

__all__ = ["MISFIT", "Intake", "Known", "Record", "Reject", "as_text", "version_text"]

Known: TypeAlias = Mapping[str, str | None]


@dataclass(frozen=True)
class Reject:
    """A record that cannot be loaded, and why."""

    reason: str
    payload: str


class Intake:
    """Takes the records of one resource, page by page, and passes on those that the table does not hold yet.

    A step of a dlt resource. Afterwards it knows what the answer came to.

    Attributes:
        received: Records seen.
        passed_on: Records that are new, changed, or back again.
        rejects: Records that cannot be loaded: without a usable key, or with one that an earlier record of the same
            answer had. The first one wins.
        misfits: How often a column got a value that does not fit its type.
    """

    def __init__(
        self,
        table: Table,
        known: Known | Callable[[], Known],
        privacy: Privacy,
        folder: Path | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Begin.

        Args:
            table: The table that the records are for.
            known: The fingerprint of each row that the table holds by its key; None for one that is marked as removed.
                May be read when it is needed.
            privacy: What to do with personal data.
            folder: Where the rows of a flat table may be put as a file.
            progress: Is told how many records there were.
        """
        self.received = 0
        self.passed_on = 0
        self.rejects: list[Reject] = []
        self.misfits: Counter[str] = Counter()
        self._table = table
        self._read_known = known
        self._privacy = privacy
        self._key_field = privacy.key_field(table)
        self._progress = progress or Progress()
        self._pages = 0
        self._seen: set[str | None] = set()
        self._version = 0
        self._shape = Shape(table, self.misfits)
        self._typed = TypedRecords(table, privacy) if folder and is_flat(table) else None
        self._file = RowFile(table, folder / f"{table.name}.parquet") if folder else None

    def __call__(self, page: list[Record] | list[Page], meta: Any = None) -> Any:
        """Take a page; return the rows to load. The second argument is dlt's and means nothing here.

        Args:
            page: The records; or, of a list, the one page that holds them, still encoded.
            meta: Not used.

        Returns:
            The rows; of an encoded page, an iterator of what dlt takes.
        """
        if page and isinstance(page[0], Page):
            return self._take_page(page[0])
        return self._take_records(cast(list[Record], page))

    @cached_property
    def _known(self) -> Known:
        return self._read_known() if callable(self._read_known) else self._read_known

    @property
    def gone(self) -> list[str]:
        """The keys of the rows that the table holds as there, and that the answer no longer has."""
        return [key for key, fingerprint in self._known.items() if fingerprint is not None and key not in self._seen]

    def forget(self) -> None:
        """Give back the memory that is needed as long as records come: at a million, 150 MB and more."""
        self._seen.clear()
        self._read_known = {}
        self.__dict__.pop("_known", None)

    @property
    def version(self) -> str:
        """A fingerprint of all taken records together, whatever their order."""
        return version_text(self._version)

    def _take_page(self, page: Page) -> Iterator[Any]:
        self._pages += 1
        for batch in page.batches():
            if not self._take_typed(batch):
                yield self._take_records(batch.records())
            self._progress.note(self._so_far)
        if page.last:
            # Nothing is something for dlt: it declares the table.
            yield (self._file and self._file.finished()) or []

    def _so_far(self, seconds: float) -> str:
        rate = self.received / max(seconds, 1e-9)
        return f"{self._table.name}: {self.received:,} records of {count(self._pages, 'page')}, {rate:,.0f} a second"

    def _take_typed(self, batch: Batch) -> bool:
        """Take a batch whose records are all as declared, into the file; whether it is one."""
        decoded = self._typed.decode(batch.json) if self._typed else None
        if decoded is None or self._file is None:
            return False
        records, keys = decoded
        self.received += len(records)
        places = self._admitted(keys, batch)
        if len(places) < len(records):
            records, keys = [records[place] for place in places], [keys[place] for place in places]
        keys = cast(list[str], keys)
        digests = [*map(_digest, records)]
        self._version += sum(map(_number, digests))
        fingerprints = [digest.hex() for digest in digests]
        held = map(self._known.get, keys)
        wanted = [known != fingerprint for known, fingerprint in zip(held, fingerprints, strict=True)]
        self._file.add(records, keys, fingerprints, wanted)
        self.passed_on += sum(wanted)
        return True

    def _admitted(self, keys: Sequence[str | None], batch: Batch) -> Sequence[int]:
        """The places of the records whose keys are usable and new; the others are rejected."""
        own = set(keys)
        if len(own) == len(keys) and None not in own and own.isdisjoint(self._seen):
            self._seen |= own
            return range(len(keys))
        return [place for place, key in enumerate(keys) if self._admits(key, partial(batch.record, place))]

    def _admits(self, key: str | None, record: Callable[[], Record]) -> bool:
        if key is None:
            self._reject(record(), f"no usable {self._key_field}")
        elif key in self._seen:
            self._reject(record(), f"another record of the same answer has this {self._key_field}")
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
        key = self._privacy.key(self._table, record)
        if not self._admits(key, lambda: record) or key is None:
            return None
        row = self._shape.fit(self._privacy.protect(self._table, record))
        digest = _digest(row)
        self._version += _number(digest)
        fingerprint = digest.hex()
        if self._known.get(key) == fingerprint:
            return None
        if self._table.key_column:
            row[self._table.key_column.name] = key
        row[RECORD_HASH] = fingerprint
        return row

    def _reject(self, record: Record, reason: str) -> None:
        protected = self._privacy.protect(self._table, record)
        self.rejects.append(Reject(reason, as_text(protected)))


_encode = msgspec.json.Encoder(order="sorted").encode


def _digest(row: Any) -> bytes:
    """What a fingerprint is the text of: of a row, or of an object that has its values as attributes."""
    return hashlib.blake2b(_encode(row), digest_size=16).digest()


def _number(digest: bytes) -> int:
    return int.from_bytes(digest, "big")


def version_text(total: int) -> str:
    """The version of rows whose fingerprints add up to a number. A sum does not know the order of its terms."""
    return f"{total % (1 << 128):032x}"

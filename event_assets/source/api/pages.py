"""A page of a list as it came: the JSON of its records, taken apart in batches and only as far as is needed.

A page of a million records is held as bytes; as Python objects it would take ten times the memory. What a page should
look like is in ``answers``; what becomes of its records in ``records``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import msgspec
import pyarrow as pa

from event_assets.source.api.lossless_json import parts, python_json
from event_assets.source.api.paging.claims import Claims

BATCH_RECORDS = 20_000
"""How many records are objects at the same time: some 30 MB, and enough that a batch's own costs do not count."""

_COMPRESSION = "zstd"

Refuse = Callable[[str], NoReturn]
"""Ends the sync; takes what came instead of what was expected."""


class Batch:
    """Some records of a page, in their order."""

    def __init__(self, encoded: Sequence[msgspec.Raw | bytes], refuse: Refuse) -> None:
        """Begin.

        Args:
            encoded: The JSON of each record.
            refuse: Called when one of them is no object.
        """
        self._encoded = encoded
        self._refuse = refuse

    def __len__(self) -> int:
        return len(self._encoded)

    @property
    def encoded(self) -> Sequence[msgspec.Raw | bytes]:
        """The JSON of each record."""
        return self._encoded

    def only(self, places: Sequence[int]) -> Batch:
        """Some of its records."""
        return Batch([self._encoded[place] for place in places], self._refuse)

    @property
    def json(self) -> bytes:
        """The JSON array of the records."""
        return b"[" + b",".join(self._encoded) + b"]"

    def record(self, place: int) -> dict[str, Any]:
        """One of the records, decoded."""
        return python_json(bytes(self._encoded[place]))

    def records(self) -> list[dict[str, Any]]:
        """The records, decoded.

        Raises:
            UnusableAnswerError: They are no objects, or no JSON at all.
        """
        try:
            records = python_json(self.json)
        except (ValueError, RecursionError):
            self._refuse("no JSON, or JSON that is cut short")
        wrong = sum(not isinstance(record, dict) for record in records)
        if wrong:
            self._refuse(f"a list in which {wrong} of {len(records)} are not objects")
        return records


class Page:
    """The records of one answer of a list.

    Attributes:
        last: Whether no page follows.
        claims: How much it says that the list has on all pages.
        bare: Whether it came without an envelope.
    """

    def __init__(
        self,
        array: bytes | memoryview,
        refuse: Refuse,
        *,
        last: bool = True,
        claims: Claims | None = None,
        bare: bool = False,
    ) -> None:
        """Begin.

        Args:
            array: The JSON array of the records.
            refuse: Called when the records turn out to be something else.
            last: See the attribute.
            claims: See the attribute.
            bare: See the attribute.
        """
        self.last = last
        self.claims = claims or Claims()
        self.bare = bare
        self._array = array
        self._refuse = refuse

    def __eq__(self, other: object) -> bool:
        """Whether it has the same records: a server that sends them again and again would never end."""
        return isinstance(other, Page) and memoryview(self._array) == memoryview(other._array)

    __hash__ = None  # pyright: ignore[reportAssignmentType]  # compared by what it holds

    def with_records(self, array: bytes) -> Page:
        """Return a page that is like this one, with other records.

        Args:
            array: The JSON array of the records.
        """
        return Page(array, self._refuse, last=self.last, claims=self.claims, bare=self.bare)

    def refuse(self, came: str) -> NoReturn:
        """End the sync.

        Args:
            came: What came instead of what was expected.

        Raises:
            UnusableAnswerError: Always.
        """
        self._refuse(came)

    def batches(self) -> Iterator[Batch]:
        """The records, some at a time."""
        encoded = self._encoded_records()
        for first in range(0, len(encoded), BATCH_RECORDS):
            yield Batch(encoded[first : first + BATCH_RECORDS], self._refuse)

    def _encoded_records(self) -> Sequence[msgspec.Raw | bytes]:
        try:
            return msgspec.json.decode(self._array, type=list[msgspec.Raw])
        except (msgspec.DecodeError, RecursionError):
            pass
        # Half a surrogate pair is JSON and no text: msgspec does not go on where it finds one.
        try:
            text = bytes(self._array).decode("utf-8", "surrogatepass")
            return [text[part.begin : part.end].encode("utf-8", "surrogatepass") for part in parts(text)]
        except (ValueError, RecursionError):
            self._refuse("no JSON, or JSON that is cut short")

    def packed(self) -> PackedPage:
        """The page in a sixth of the memory, to be looked at later or never."""
        array = bytes(self._array)
        return PackedPage(pa.compress(array, _COMPRESSION, asbytes=True), len(array), self.with_records(b""))


@dataclass(frozen=True)
class PackedPage:
    """A page that was put aside.

    Attributes:
        compressed: The JSON of its records.
        size: The size of that in bytes when it is unpacked.
        like: A page that is like it but for the records.
    """

    compressed: bytes
    size: int
    like: Page

    def page(self) -> Page:
        """The page as it was."""
        array = pa.decompress(self.compressed, self.size, _COMPRESSION, asbytes=True)
        return self.like.with_records(array)

"""A page of a list as it came: the JSON of its records, taken apart in batches and only as far as is needed.

A page of a million records is held as bytes; as Python objects it would take ten times the memory. What a page should
look like is in ``answers``; what becomes of its records in ``records``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import msgspec
import pyarrow as pa

BATCH_RECORDS = 20_000
"""How many records are objects at the same time: some 30 MB, and enough that a batch's own costs do not count."""

_COMPRESSION = "zstd"

Refuse = Callable[[str], NoReturn]
"""Ends the sync; takes what came instead of what was expected."""


def python_json(text: bytes) -> Any:
    """JSON as Python reads it, which is more than msgspec does: other encodings, halves of surrogate pairs.

    A number beyond the floats, such as ``1e999``, is kept as its text: nobody has sent infinity.

    Raises:
        ValueError: It is no JSON.
        RecursionError: It is nested too deeply.
    """
    return json.loads(text, parse_constant=_refuse_constant, parse_float=_float_or_text)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _float_or_text(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text


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
        total: How many records the list has on all pages, where the answer says it.
    """

    def __init__(
        self, array: msgspec.Raw | bytes, refuse: Refuse, *, last: bool = True, total: int | None = None
    ) -> None:
        """Begin.

        Args:
            array: The JSON array of the records.
            refuse: Called when the records turn out to be something else.
            last: See the attribute.
            total: See the attribute.
        """
        self.last = last
        self.total = total
        self._array = array
        self._refuse = refuse

    def __eq__(self, other: object) -> bool:
        """Whether it has the same records: a server that sends them again and again would never end."""
        return isinstance(other, Page) and memoryview(self._array) == memoryview(other._array)

    __hash__ = None  # pyright: ignore[reportAssignmentType]  # compared by what it holds

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
            return [json.dumps(record).encode() for record in python_json(bytes(self._array))]
        except (ValueError, RecursionError):
            self._refuse("no JSON, or JSON that is cut short")

    def packed(self) -> PackedPage:
        """The page in a sixth of the memory, to be looked at later or never."""
        array = bytes(self._array)
        return PackedPage(
            pa.compress(array, _COMPRESSION, asbytes=True), len(array), self._refuse, self.last, self.total
        )


@dataclass(frozen=True)
class PackedPage:
    """A page that was put aside."""

    compressed: bytes
    size: int
    refuse: Refuse
    last: bool
    total: int | None

    def page(self) -> Page:
        """The page as it was."""
        array = pa.decompress(self.compressed, self.size, _COMPRESSION, asbytes=True)
        return Page(array, self.refuse, last=self.last, total=self.total)

"""What an answer says of one resource: its records as they came, and what follows.

The records are taken apart in batches and only as far as is needed: a million of them are held as bytes, because as
Python objects they would take ten times the memory. What an answer should look like is in ``answers``; what becomes of
its records in ``records``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

import msgspec
import pyarrow as pa

from event_assets.source.api.lossless_json import parts, python_json
from event_assets.source.api.paging.claims import Claims
from event_assets.source.api.validators import Validators
from event_assets.source.errors import UnusableAnswerError

BATCH_RECORDS = 20_000
"""How many records are objects at the same time: some 30 MB, and enough that a batch's own costs do not count."""

_COMPRESSION = "zstd"


@dataclass(frozen=True)
class Expectation:
    """What an answer should be.

    Attributes:
        path: The path that was asked for.
        answer: What it should be answered with, for a message.
    """

    path: str
    answer: str

    def but_with(self, answer: str) -> Expectation:
        """Return what else the same path should be answered with."""
        return Expectation(self.path, answer)

    def refuse(self, returned: str) -> NoReturn:
        """Raise the error of a response that is not as expected.

        Args:
            returned: What was returned.

        Raises:
            UnusableAnswerError: Always.
        """
        raise UnusableAnswerError(f"GET {self.path} returned {returned}; expected is {self.answer}.")


class EncodedBatch:
    """Some records of a list, in their order, as JSON."""

    def __init__(self, encoded: Sequence[msgspec.Raw | bytes], expected: Expectation) -> None:
        """Take the JSON of each record."""
        self.encoded = encoded
        self._expected = expected

    def __len__(self) -> int:
        return len(self.encoded)

    def only(self, indexes: Sequence[int]) -> EncodedBatch:
        """Return some of its records."""
        return EncodedBatch([self.encoded[index] for index in indexes], self._expected)

    def halves(self) -> tuple[EncodedBatch, EncodedBatch]:
        """Return the first half of its records, and the others."""
        middle = len(self) // 2
        return EncodedBatch(self.encoded[:middle], self._expected), EncodedBatch(self.encoded[middle:], self._expected)

    @property
    def json(self) -> bytes:
        """The JSON array of the records."""
        return b"[" + b",".join(self.encoded) + b"]"

    def record(self, index: int) -> dict[str, Any]:
        """Return one of the records, decoded."""
        return python_json(bytes(self.encoded[index]))

    def records(self) -> list[dict[str, Any]]:
        """Return the records, decoded.

        Raises:
            UnusableAnswerError: They are no objects, or no JSON at all.
        """
        try:
            records = python_json(self.json)
        except (ValueError, RecursionError):
            self._expected.refuse("invalid or truncated JSON")
        self.refuse_what_is_no_object()
        return records

    def refuse_what_is_no_object(self) -> None:
        """Refuse the answer if one of the records is something else.

        Raises:
            UnusableAnswerError: One is.
        """
        if wrong := sum(bytes(memoryview(encoded)[:1]) != b"{" for encoded in self.encoded):
            self._expected.refuse(f"a list in which {wrong} of {len(self)} are not objects")


class DecodedBatch:
    """Some records that were decoded with the answer they came in."""

    def __init__(self, records: Sequence[dict[str, Any]]) -> None:
        """Take the records."""
        self._records = records

    def __len__(self) -> int:
        return len(self._records)

    def record(self, index: int) -> dict[str, Any]:
        """Return one of the records."""
        return self._records[index]

    def only(self, indexes: Sequence[int]) -> DecodedBatch:
        """Return some of its records."""
        return DecodedBatch([self._records[index] for index in indexes])

    def records(self) -> Sequence[dict[str, Any]]:
        """Return the records."""
        return self._records


Batch = EncodedBatch | DecodedBatch


@dataclass(frozen=True, eq=False)
class Page:
    """What an answer says of one resource.

    Attributes:
        resource: The resource.
        expected: What the answer should be.
        array: The JSON array of the records; the decoded records, where the answer holds several resources. None where
            the answer does not have the resource, or only says that it is as it was.
        digest: A digest of the whole answer: see ``fingerprint``.
        next_url: Where the next page is; None where no page follows.
        claims: How much it says that the list has on all pages.
        is_bare: Whether a list came without an envelope.
        validators: What the server tells the answer from others by.
        is_unmodified: Whether the server says that the answer is that of the validators that were sent.
    """

    resource: str
    expected: Expectation
    array: bytes | memoryview[int] | list[dict[str, Any]] | None
    digest: str = ""
    next_url: str | None = None
    claims: Claims = field(default_factory=Claims)
    is_bare: bool = False
    validators: Validators = field(default_factory=Validators)
    is_unmodified: bool = False

    @property
    def is_absent(self) -> bool:
        """Whether the answer does not have the resource."""
        return self.array is None

    def has_records_of(self, other: Page) -> bool:
        """Return whether another page has the same records: a server that sends them again and again never ends."""
        mine, theirs = self.array, other.array
        if isinstance(mine, bytes | memoryview) and isinstance(theirs, bytes | memoryview):
            return memoryview(mine) == memoryview(theirs)
        return mine == theirs

    def batches(self) -> Iterator[Batch]:
        """Yield the records, some at a time.

        Raises:
            UnusableAnswerError: They are no JSON.
        """
        if not isinstance(self.array, bytes | memoryview):
            yield DecodedBatch(self.array or ())
            return
        encoded = self._encoded_records(self.array)
        for first in range(0, len(encoded), BATCH_RECORDS):
            yield EncodedBatch(encoded[first : first + BATCH_RECORDS], self.expected)

    def _encoded_records(self, array: bytes | memoryview) -> Sequence[msgspec.Raw | bytes]:
        try:
            return msgspec.json.decode(array, type=list[msgspec.Raw])
        except (msgspec.DecodeError, RecursionError):
            pass
        # Half a surrogate pair is JSON and no text: msgspec does not go on where it finds one.
        try:
            text = bytes(array).decode("utf-8", "surrogatepass")
            return [text[part.begin : part.end].encode("utf-8", "surrogatepass") for part in parts(text)]
        except (ValueError, RecursionError):
            self.expected.refuse("invalid or truncated JSON")

    def packed(self) -> PackedPage:
        """Return the page in a sixth of the memory, to be looked at later or never."""
        if not isinstance(self.array, bytes | memoryview):
            return PackedPage(b"", 0, self)
        array = bytes(self.array)
        return PackedPage(pa.compress(array, _COMPRESSION, asbytes=True), len(array), replace(self, array=b""))


@dataclass(frozen=True)
class PackedPage:
    """A page that was put aside.

    Attributes:
        compressed: The JSON of its records; nothing of records that were decoded.
        size: The size of that in bytes when it is unpacked.
        like: A page that is like it but for the records.
    """

    compressed: bytes
    size: int
    like: Page

    def page(self) -> Page:
        """Return the page as it was."""
        if not self.size:
            return self.like
        return replace(self.like, array=pa.decompress(self.compressed, self.size, _COMPRESSION, asbytes=True))

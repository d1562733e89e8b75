"""Pages: the records of one resource in a response, and the next link.

The records are decoded in batches and only if needed: a million of them are held as bytes, because Python objects would
take ten times the memory. ``responses`` validates responses, and ``records`` processes their records.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

import msgspec

from event_assets.source.api.lossless_json import parts, python_json
from event_assets.source.api.paging.claims import Claims
from event_assets.source.api.validators import Validators
from event_assets.source.errors import InvalidResponseError

BATCH_RECORDS = 20_000
"""How many records are objects at the same time: some 30 MB, and enough that a batch's own costs do not count."""

_COMPRESSION = "zstd"


@dataclass(frozen=True)
class Expectation:
    """The expected response of a path.

    Attributes:
        path: The requested path.
        response: The expected response, for a message.
    """

    path: str
    response: str

    def but_with(self, response: str) -> Expectation:
        """Return another expectation of the same path."""
        return Expectation(self.path, response)

    def refuse(self, returned: str) -> NoReturn:
        """Raise the error of a response that is not as expected.

        Args:
            returned: What was returned.

        Raises:
            InvalidResponseError: Always.
        """
        raise InvalidResponseError(f"GET {self.path} returned {returned}; expected {self.response}.")


class EncodedBatch:
    """A batch of records as JSON."""

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
            InvalidResponseError: They are no objects, or no JSON at all.
        """
        try:
            records = python_json(self.json)
        except (ValueError, RecursionError):
            self._expected.refuse("invalid or truncated JSON")
        self.refuse_what_is_no_object()
        return records

    def refuse_what_is_no_object(self) -> None:
        """Raise an error if a record is not an object.

        Raises:
            InvalidResponseError: One is.
        """
        if wrong := sum(bytes(memoryview(encoded)[:1]) != b"{" for encoded in self.encoded):
            self._expected.refuse(f"a list in which {wrong} of {len(self)} are not objects")


class DecodedBatch:
    """A batch of decoded records."""

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
    """The part of a response that belongs to one resource.

    Attributes:
        resource: The resource.
        expected: The expected response.
        array: The JSON array of the records; the decoded records, if the response has several resources. None if it
            does not have the resource, or is a 304.
        digest: The fingerprint of the whole response.
        next_url: The address of the next page; None on the last one.
        claims: The totals that it announces.
        is_bare: Whether a list has no envelope.
        validators: The HTTP validators of the response.
        is_unmodified: Whether the response is a 304.
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
        """Whether the response does not have the resource."""
        return self.array is None

    def has_records_of(self, other: Page) -> bool:
        """Return whether another page has the same records: a server that sends them again and again never ends."""
        mine, theirs = self.array, other.array
        if isinstance(mine, bytes | memoryview) and isinstance(theirs, bytes | memoryview):
            return memoryview(mine) == memoryview(theirs)
        return mine == theirs

    def batches(self) -> Iterator[Batch]:
        """Yield the records in batches.

        Raises:
            InvalidResponseError: They are no JSON.
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
        import pyarrow as pa  # here: to load the definitions takes no Arrow

        array = bytes(self.array)
        return PackedPage(pa.compress(array, _COMPRESSION, asbytes=True), len(array), replace(self, array=b""))


@dataclass(frozen=True)
class PackedPage:
    """A page with its records compressed.

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
        import pyarrow as pa  # as above

        return replace(self.like, array=pa.decompress(self.compressed, self.size, _COMPRESSION, asbytes=True))

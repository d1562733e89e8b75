"""The event that the sandbox serves: its records, as the API would send them.

How an event is invented stands in ``generate``, how it is answered in ``responses``; nothing here knows of HTTP.
"""

from collections.abc import Iterable, Iterator, MutableSequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias, TypeGuard, cast, overload
from zoneinfo import ZoneInfo

import orjson

Record: TypeAlias = dict[str, Any]

CONTENT = ("halls", "days", "lectures", "speakers", "workshops", "pauses", "tracks")
"""The arrays of ``/content``, in the API's order."""

RECORDS_PER_CHUNK = 1000
"""How many records are joined for one write: some 300 kB, so neither many small writes nor one large copy."""


class EncodedRecords(MutableSequence[Record]):
    """Records kept as JSON bytes: a million participants take 0.4 GB this way, and several times that as dictionaries.

    Reading a record decodes a *copy*: ``records[0]["role"] = "a"`` is lost, so write the changed record back with
    ``records[0] = {**records[0], "role": "a"}``. A slice shares the encoded bytes and is cheap.
    """

    def __init__(self, records: Iterable[Record] = ()):
        """Encodes the records as they come, so a generator's records are never held twice."""
        self._encoded: list[bytes] = [_encode(record) for record in records]

    def __repr__(self) -> str:
        return f"EncodedRecords({len(self)} records)"

    def __len__(self) -> int:
        return len(self._encoded)

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> "EncodedRecords": ...
    def __getitem__(self, index: int | slice) -> "Record | EncodedRecords":
        if isinstance(index, slice):
            part = EncodedRecords()
            part._encoded = self._encoded[index]
            return part
        return orjson.loads(self._encoded[index])

    @overload
    def __setitem__(self, index: int, value: Record) -> None: ...
    @overload
    def __setitem__(self, index: slice, value: Iterable[Record]) -> None: ...
    def __setitem__(self, index: int | slice, value: Record | Iterable[Record]) -> None:
        if isinstance(index, slice):
            self._encoded[index] = [_encode(record) for record in cast("Iterable[Record]", value)]
        else:
            self._encoded[index] = _encode(cast("Record", value))

    def __delitem__(self, index: int | slice) -> None:
        del self._encoded[index]

    def insert(self, index: int, value: Record) -> None:
        """Puts a record before ``index``."""
        self._encoded.insert(index, _encode(value))

    def json_size(self) -> int:
        """The length in bytes of the JSON array that ``json_chunks`` yields."""
        return sum(map(len, self._encoded)) + max(len(self._encoded) - 1, 0) + len(b"[]")

    def json_chunks(self) -> Iterator[bytes]:
        """Yields the JSON array of all records piece by piece; the whole is never built."""
        yield b"["
        for first in range(0, len(self._encoded), RECORDS_PER_CHUNK):
            if first:
                yield b","
            yield b",".join(self._encoded[first : first + RECORDS_PER_CHUNK])
        yield b"]"


def _encode(record: Record) -> bytes:
    # The copy is the point: orjson returns the front of a buffer of some 4 kB that stays allocated as long as it does.
    return memoryview(orjson.dumps(record)).tobytes()


@dataclass(eq=False)
class Event:
    """One event's data. All of it may be changed while it is being served; the next request sees the change.

    Attributes:
        content: the arrays of ``/content`` by name; one that is missing here is missing from the answer.
        partners: the records of ``/partners``.
        participants: the records of ``/participants``; an ``EncodedRecords`` where there are many.
        timezone: IANA name of the zone the event takes place in. The API never sends it.
        more: the records of further paths by name, such as those of ``/reviews``; others are not found.
    """

    # Left out of repr(): a failing test or a log shall not print a folder's real people.
    content: dict[str, list[Record]] = field(repr=False)
    partners: list[Record] = field(repr=False)
    participants: MutableSequence[Record] = field(repr=False)
    timezone: str = "UTC"
    more: dict[str, list[Record]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        known_zone(self.timezone)

    def counts(self) -> dict[str, int]:
        """Returns the number of records of each resource."""
        return {
            **{name: len(self.content.get(name, ())) for name in CONTENT},
            "partners": len(self.partners),
            "participants": len(self.participants),
            **{name: len(records) for name, records in self.more.items()},
        }

    def listed(self, name: str) -> MutableSequence[Record] | None:
        """Returns the records of a path that answers with a list; None if there is no such path."""
        return {**self.more, "partners": self.partners, "participants": self.participants}.get(name)


def known_zone(name: str) -> ZoneInfo:
    """Returns the zone of an IANA name.

    Raises:
        ValueError: there is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, malformed, or a folder of the zone database
        raise ValueError(f"{name!r} is not a time zone: an IANA name such as 'Europe/Vienna' is expected.") from None


def load_event(folder: str | Path, timezone: str = "UTC") -> Event:
    """Reads an event from a folder of saved answers.

    Args:
        folder: holds ``content.json`` (an object with the arrays of ``/content``), ``partners.json`` and
            ``participants.json`` (``{"data": [...]}`` or a bare list).
        timezone: IANA name of the event's zone.

    Raises:
        FileNotFoundError: a file is missing; the message says which and what is expected in it.
        ValueError: a file holds something else, or the zone is unknown.
    """
    folder = Path(folder)
    return Event(
        content=_read_content(folder / "content.json"),
        partners=_read_list(folder / "partners.json"),
        participants=EncodedRecords(_read_list(folder / "participants.json")),
        timezone=timezone,
    )


def _read_content(path: Path) -> dict[str, list[Record]]:
    expected = f"a JSON object with the arrays {', '.join(CONTENT)}"
    content = _read_json(path, expected)
    # `days` and others may be absent, as in the API; an object without any of them is some other file.
    if not isinstance(content, dict) or not any(name in content for name in CONTENT):
        raise ValueError(f"{path} is not what was expected: {expected}.")
    for name, records in content.items():
        if name in CONTENT and not _is_list_of_records(records):
            raise ValueError(f"{path}: `{name}` is not a list of objects; expected {expected}.")
    return content


def _read_list(path: Path) -> list[Record]:
    expected = 'a JSON list of objects, bare or as {"data": [...]}'
    answer = _read_json(path, expected)
    records = answer.get("data") if isinstance(answer, dict) else answer
    if not _is_list_of_records(records):
        raise ValueError(f"{path} is not what was expected: {expected}.")
    return records


def _is_list_of_records(value: Any) -> TypeGuard[list[Record]]:
    return isinstance(value, list) and all(isinstance(record, dict) for record in value)


def _read_json(path: Path, expected: str) -> Any:
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} is missing: expected there is {expected}.") from None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"{path} is not valid JSON ({error}); expected {expected}.") from None

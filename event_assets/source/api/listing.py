"""Splits a list response into its records, as JSON, and its envelope.

What a list should look like is said in ``responses``.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import msgspec

from event_assets.source.api.lossless_json import parts, python_json

_BEGINNING, _MOST_PLACES = 64, 8
"""How many bytes of a value are looked for, and at how many places all of it is compared."""


class Listing(NamedTuple):
    """The parts of a list response.

    Attributes:
        data: The JSON of what should be the list of records. It begins without blanks.
        envelope: The fields beside it.
        bare: Whether it is the whole response, without an envelope.
    """

    data: bytes | memoryview
    envelope: dict[str, Any]
    bare: bool


def take_apart(body: bytes) -> Listing:
    """Split a response. JSON without an envelope is validated later, when its records are decoded.

    Raises:
        ValueError: It is no JSON.
        RecursionError: It is nested too deeply.
    """
    encoding = json.detect_encoding(body)
    if encoding != "utf-8":
        body = body.decode(encoding, "surrogatepass").encode("utf-8", "surrogatepass")
    body = body.strip()
    found = _span_of_data(body) if body[:1] == b"{" else None
    if found is None:
        return Listing(body, {}, bare=True)
    begin, end = found
    # Whatever else is called `data` is still there, and shows as a name that stands twice.
    envelope = python_json(body[:begin] + b"null" + body[end:])
    del envelope["data"]
    return Listing(memoryview(body)[begin:end], envelope, bare=False)


def _span_of_data(body: bytes) -> tuple[int, int] | None:
    """Return where the value of the field ``data`` begins and ends; None without that field."""
    try:
        data = msgspec.json.decode(body, type=dict[str, msgspec.Raw]).get("data")
    except (ValueError, RecursionError):
        return _span_in_text(body.decode("utf-8", "surrogatepass"))
    if data is None:
        return None
    value = memoryview(data)
    begin = _only_place(body, value)
    if begin is None:
        return _span_in_text(body.decode("utf-8", "surrogatepass"))
    return begin, begin + len(value)


def _only_place(body: bytes, value: memoryview) -> int | None:
    """Return where a value stands that is in a body as it is; None if that may be at several places.

    msgspec does not say where it has found a value, and the address of its memory takes a library to know.
    """
    beginning, last = bytes(value[:_BEGINNING]), len(body) - len(value)
    found: list[int] = []
    place = -1
    for _ in range(_MOST_PLACES):
        place = body.find(beginning, place + 1, last + len(beginning))
        if place < 0:
            return found[0] if len(found) == 1 else None
        if body.startswith(value, place):
            found.append(place)
    return None


def _span_in_text(text: str) -> tuple[int, int] | None:
    """Return the same of a response that msgspec does not read."""
    found = [part for part in parts(text) if part.name == "data"]
    if not found:
        return None
    begin, end = (
        len(text[:position].encode("utf-8", "surrogatepass")) for position in (found[-1].begin, found[-1].end)
    )
    return begin, end

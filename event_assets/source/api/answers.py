"""What a good answer looks like, and what is said of one that is not. Nothing of an answer is taken on trust.

How answers come is in ``session``; whether a single record can be loaded is decided in ``records``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, NoReturn
from urllib.parse import urlsplit

import msgspec
from requests import Response

from event_assets.source.api.listing import take_apart
from event_assets.source.api.lossless_json import Repeated, loses_nothing, python_json
from event_assets.source.api.pages import Page
from event_assets.source.api.paging.claims import Claims
from event_assets.source.api.paging.more_pages import Signs, signs_of_fields, signs_of_headers
from event_assets.source.api.recall import Recall
from event_assets.source.errors import UnusableAnswerError

_KNOWN_FIELDS = frozenset(
    [
        *("data", "items", "results", "records", "meta", "links", "pagination", "page", "next", "href", "url", "total"),
        *("error", "errors", "message", "messages", "detail", "details", "status", "code", "success", "title", "type"),
        *("content", "halls", "days", "lectures", "speakers", "workshops", "pauses", "tracks", "partners"),
        *("participants", "id"),
    ]
)
"""The names of fields that a message may have: any other name may be somebody's."""

LISTING = 'a list of objects, as {"data": [...]} or bare'
_LISTED = frozenset(("participant", "participants", "attendee", "attendees", "partner", "partners"))
"""Words for the records of the lists."""
_TWICE = "an object that has a field twice, with different values"


def read_content(
    response: Response, resources: Collection[str], absent: set[str], recall: Recall | None
) -> dict[str, list[Any]]:
    """Read the answer of ``/content``: an object with an array of objects for each resource.

    Args:
        response: The answer.
        resources: The resources it should have.
        absent: Takes the resources that it does not have, or only as null.
        recall: Recognises it if it came the same before.

    Raises:
        UnusableAnswerError: It is something else.
    """
    expected = f"an object with the lists {', '.join(resources)}"
    payload = _parse(response, expected)
    fields = payload if isinstance(payload, dict) else {}
    present = {name: fields[name] for name in resources if fields.get(name) is not None}
    if not present:
        _refuse(response, expected, _description(payload))
    records = {name: _records(response, f"{name} as a list of objects", value) for name, value in present.items()}
    _refuse_a_part(response, f"{expected} and all their records at once", fields, records)
    if recall:
        recall.recognises(response.content, None)
    absent.update(name for name in resources if name not in present)
    return records


def _refuse_a_part(response: Response, expected: str, fields: dict[str, Any], records: Mapping[str, list[Any]]) -> None:
    """Refuse an answer of ``/content`` that says that it is not all."""
    kinds = {word: name for name in records for word in (name, name.removesuffix("s"))}
    beside = {name: value for name, value in fields.items() if name not in records}
    signs = signs_of_fields(beside, kinds.keys()) | signs_of_headers(response.headers, kinds.keys())
    if signs.repeated or isinstance(fields, Repeated):
        _refuse(response, expected, _TWICE)
    if signs.address:
        _refuse(response, expected, "a page with a link to the next one")
    if signs.more:
        _refuse(response, expected, f"a page that says that more follows: {_said(signs)}")
    received = sum(len(value) for value in fields.values() if isinstance(value, list))
    if missing := replace(signs.claims, of={}).shortfall(received, 1):
        _refuse(response, expected, missing)
    for word, claimed in signs.claims.of.items():
        name = kinds[word]
        if missing := Claims(records=claimed).shortfall(len(records[name]), 1):
            _refuse(response, expected, f"{missing} of {name}")


def read_listing(response: Response, recall: Recall | None) -> dict[str, Any]:
    """Read the answer of ``/partners`` or ``/participants``: a list of objects, in an envelope or bare.

    A single object instead of a list has been seen where there was one record only.

    Args:
        response: The answer.
        recall: Recognises it if it came the same before.

    Returns:
        The envelope; under ``data``, one page that holds the records.

    Raises:
        UnusableAnswerError: It is something else. Whether all records are objects turns out as they are read.
    """
    body = _body(response, LISTING)
    try:
        listing = take_apart(body)
        array = listing.data
        if bytes(array[:1]) != b"[":
            # One object instead of it, or nothing that can be used.
            _records(response, LISTING, python_json(bytes(array)))
            array = b"[" + array + b"]"
    except (ValueError, RecursionError):
        _refuse_no_json(response, LISTING, body)
    in_body, in_headers = signs_of_fields(listing.envelope, _LISTED), signs_of_headers(response.headers, _LISTED)
    if in_body.repeated:
        _refuse(response, LISTING, _TWICE)
    link = _next_address(response, in_body | in_headers)
    page = Page(
        array,
        partial(_refuse, response, LISTING),
        last=link is None,
        claims=in_body.claims | in_headers.claims,
        bare=listing.bare,
    )
    if recall:
        # What headers say counts as well: the body alone is compared as it came.
        told = link if in_headers.claims == Claims() else f"{link} {in_headers.claims}"
        recall.recognises(response.content, told)
    return {**listing.envelope, "data": [page]}


def next_link(payload: Any, response: Response) -> str | None:
    """Return the address of the next page, where an answer has one: see ``more_pages``.

    Raises:
        UnusableAnswerError: The answer says that a page follows, and not where.
    """
    fields = {name: value for name, value in payload.items() if name != "data"} if isinstance(payload, dict) else {}
    return _next_address(response, signs_of_fields(fields, _LISTED) | signs_of_headers(response.headers, _LISTED))


def _next_address(response: Response, signs: Signs) -> str | None:
    if signs.more and not signs.address:
        _refuse(response, "the address of the next page, where one follows", _said(signs))
    return signs.address


def _said(signs: Signs) -> str:
    """Return what says that more follows."""
    sign = signs.more
    if sign is None or sign.phrase:
        return f"{sign.name if sign else 'nothing'} without it"
    if sign.name == "next":
        return f"{_description(sign.value)} as `next`"
    return f"`{sign.name}` without it"


def _records(response: Response, expected: str, value: Any) -> list[Any]:
    if isinstance(value, dict) and value.get("id") is not None:
        return [value]
    if not isinstance(value, list):
        _refuse(response, expected, _description(value))
    wrong = [entry for entry in value if not isinstance(entry, dict)]
    if wrong:
        _refuse(response, expected, f"a list in which {len(wrong)} of {len(value)} are not objects")
    return value


def _body(response: Response, expected: str) -> bytes:
    if response.status_code != 200:
        _refuse(response, expected, f"status {response.status_code}")
    body = response.content
    if not body.strip():
        _refuse(response, expected, "nothing")
    return body


def _parse(response: Response, expected: str) -> Any:
    body = _body(response, expected)
    with suppress(ValueError, RecursionError, OverflowError):
        payload = msgspec.json.decode(body)
        if loses_nothing(body, msgspec.json.encode(payload)):
            return payload
    try:
        return python_json(body)  # three times slower
    except (ValueError, RecursionError):
        _refuse_no_json(response, expected, body)


def _refuse_no_json(response: Response, expected: str, body: bytes) -> NoReturn:
    kind = "HTML" if body.lstrip()[:1] == b"<" else "no JSON, or JSON that is cut short"
    _refuse(response, expected, f"{kind} ({len(body):,} bytes)")


def _refuse(response: Response, expected: str, came: str) -> NoReturn:
    path = urlsplit(response.url).path
    raise UnusableAnswerError(f"GET {path} should be answered with {expected}; what came is {came}.")


def _description(value: Any) -> str:
    """What a value is, without anything that could be somebody's data: names of fields only where they are known."""
    if isinstance(value, dict):
        fields = [name for name in value if name in _KNOWN_FIELDS][:8]
        return f"an object with the fields {', '.join(fields)}" if fields else f"an object of {len(value)} fields"
    names = {list: "a list", str: "a text", bool: "true or false", int: "a number", float: "a number"}
    return names.get(type(value), "null")

"""Validates the responses of the API, and reads their records.

How answers come is in ``session``; whether a single record can be loaded is decided in ``records``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from typing import Any, NoReturn
from urllib.parse import urlsplit

import msgspec
from requests import Response

from event_assets.source.api.fingerprint import ResponseFingerprint
from event_assets.source.api.listing import take_apart
from event_assets.source.api.lossless_json import Repeated, loses_nothing, python_json
from event_assets.source.api.pages import Expectation, Page
from event_assets.source.api.paging.claims import Claims
from event_assets.source.api.paging.more_pages import Signs, signs_of_fields, signs_of_headers
from event_assets.source.api.validators import CONDITIONS, Validators
from event_assets.source.tables.schema import TABLES

_KNOWN_FIELDS = frozenset(
    [
        *("data", "items", "results", "records", "meta", "links", "pagination", "page", "next", "href", "url", "total"),
        *("error", "errors", "message", "messages", "detail", "details", "status", "code", "success", "title", "type"),
        *("content", "id", *TABLES),
    ]
)
"""The field names that a message may quote: any other name may be personal data."""

LISTING = 'a list of objects, as {"data": [...]} or bare'
_LISTED = frozenset(("participant", "participants", "attendee", "attendees", "partner", "partners"))
"""Words for the records of the lists."""
_TWICE = "an object that has a field twice, with different values"


def read_content(
    response: Response, resources: Collection[str], fingerprint: ResponseFingerprint | None = None
) -> dict[str, list[Page]]:
    """Read the response of ``/content``: an object with an array of objects for each resource.

    Args:
        response: The response.
        resources: The resources it should have.
        fingerprint: Makes the digest of the response.

    Returns:
        One page of each resource. An absent one, where the response does not have the resource, or only as null.

    Raises:
        InvalidResponseError: It is something else.
    """
    expected = Expectation(urlsplit(response.url).path, f"an object with the lists {', '.join(resources)}")
    if is_unmodified(response):
        return {name: [Page(name, expected, None, is_unmodified=True)] for name in resources}
    payload = _parse(response, expected)
    fields = payload if isinstance(payload, dict) else {}
    present = {name: fields[name] for name in resources if fields.get(name) is not None}
    if not present:
        expected.refuse(_description(payload))
    records = {
        name: _records(expected.but_with(f"{name} as a list of objects"), value) for name, value in present.items()
    }
    whole = expected.but_with(f"{expected.response} and all their records at once")
    _refuse_a_part(whole, response, fields, records)
    page = Page(
        "",
        expected,
        None,
        digest=fingerprint.of_response(response.content, None) if fingerprint else "",
        validators=Validators.of(response),
    )
    return {name: [replace(page, resource=name, array=records.get(name))] for name in resources}


def _refuse_a_part(
    expected: Expectation, response: Response, fields: dict[str, Any], records: Mapping[str, list[Any]]
) -> None:
    """Refuse a response of ``/content`` that says that it is incomplete."""
    kinds = {word: name for name in records for word in (name, name.removesuffix("s"))}
    beside = {name: value for name, value in fields.items() if name not in records}
    signs = signs_of_fields(beside, kinds.keys()) | signs_of_headers(response.headers, kinds.keys())
    if signs.repeated or isinstance(fields, Repeated):
        expected.refuse(_TWICE)
    if signs.address:
        expected.refuse("a page with a link to the next one")
    if signs.more:
        expected.refuse(f"a page that says that more follows: {_said(signs)}")
    received = sum(len(value) for value in fields.values() if isinstance(value, list))
    if missing := replace(signs.claims, of={}).shortfall(received, 1):
        expected.refuse(missing)
    for word, claimed in signs.claims.of.items():
        name = kinds[word]
        if missing := Claims(records=claimed).shortfall(len(records[name]), 1):
            expected.refuse(f"{missing} of {name}")


def read_listing(
    response: Response, resource: str, fingerprint: ResponseFingerprint | None = None
) -> dict[str, list[Page]]:
    """Read the response of a list endpoint, such as ``/partners``: a list of objects, in an envelope or bare.

    A single object instead of a list has been seen where there was one record only.

    Args:
        response: The response.
        resource: What it is a list of.
        fingerprint: Makes the digest of the response.

    Returns:
        Under ``data``, the one page.

    Raises:
        InvalidResponseError: It is something else. Whether all records are objects turns out as they are read.
    """
    expected = Expectation(urlsplit(response.url).path, LISTING)
    if is_unmodified(response):
        return {"data": [Page(resource, expected, None, is_unmodified=True)]}
    body = _body(response, expected)
    try:
        listing = take_apart(body)
        array = listing.data
        if bytes(array[:1]) != b"[":
            # One object instead of it, or nothing that can be used.
            _records(expected, python_json(bytes(array)))
            array = b"[" + array + b"]"
    except (ValueError, RecursionError):
        _refuse_no_json(expected, body)
    words = _LISTED | {resource, resource.removesuffix("s")}
    in_body, in_headers = signs_of_fields(listing.envelope, words), signs_of_headers(response.headers, words)
    if in_body.repeated:
        expected.refuse(_TWICE)
    signs = in_body | in_headers
    if signs.more and not signs.address:
        expected.but_with("the address of the next page, where one follows").refuse(_said(signs))
    # What headers say counts as well: the body alone is compared as it came.
    headers = signs.address if in_headers.claims == Claims() else f"{signs.address} {in_headers.claims}"
    page = Page(
        resource,
        expected,
        array,
        digest=fingerprint.of_response(response.content, headers) if fingerprint else "",
        next_url=signs.address,
        claims=in_body.claims | in_headers.claims,
        is_bare=listing.bare,
        validators=Validators.of(response),
    )
    return {"data": [page]}


def is_unmodified(response: Response) -> bool:
    """Return whether the response is a 304 to a conditional request."""
    asked = any(name in response.request.headers for name in CONDITIONS) if response.request else False
    return asked and response.status_code == HTTPStatus.NOT_MODIFIED


def _said(signs: Signs) -> str:
    """Return the sign of further pages, for a message."""
    sign = signs.more
    if sign is None or sign.phrase:
        return f"{sign.name if sign else 'nothing'} without an address"
    if sign.name == "next":
        return f"{_description(sign.value)} as `next`"
    return f"`{sign.name}` without an address"


def _records(expected: Expectation, value: Any) -> list[Any]:
    if isinstance(value, dict) and value.get("id") is not None:
        return [value]
    if not isinstance(value, list):
        expected.refuse(_description(value))
    wrong = [entry for entry in value if not isinstance(entry, dict)]
    if wrong:
        expected.refuse(f"a list in which {len(wrong)} of {len(value)} are not objects")
    return value


def _body(response: Response, expected: Expectation) -> bytes:
    if response.status_code != 200:
        expected.refuse(f"status {response.status_code}")
    body = response.content
    if not body.strip():
        expected.refuse("an empty body")
    return body


def _parse(response: Response, expected: Expectation) -> Any:
    body = _body(response, expected)
    with suppress(ValueError, RecursionError, OverflowError):
        payload = msgspec.json.decode(body)
        if loses_nothing(body, msgspec.json.encode(payload)):
            return payload
    try:
        return python_json(body)  # three times slower
    except (ValueError, RecursionError):
        _refuse_no_json(expected, body)


def _refuse_no_json(expected: Expectation, body: bytes) -> NoReturn:
    kind = "HTML" if body.lstrip()[:1] == b"<" else "invalid or truncated JSON"
    expected.refuse(f"{kind} ({len(body):,} bytes)")


def _description(value: Any) -> str:
    """Return what kind of value it is, without anything that could be personal data."""
    if isinstance(value, dict):
        fields = [name for name in value if name in _KNOWN_FIELDS][:8]
        return f"an object with the fields {', '.join(fields)}" if fields else f"an object of {len(value)} fields"
    names = {list: "a list", str: "a text", bool: "true or false", int: "a number", float: "a number"}
    return names.get(type(value), "null")

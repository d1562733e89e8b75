"""What a good answer looks like, and what is said of one that is not. Nothing of an answer is taken on trust.

How answers come is in ``session``; whether a single record can be loaded is decided in ``records``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from functools import partial
from typing import Any, NoReturn
from urllib.parse import urlsplit

import msgspec
from requests import Response

from event_assets.source.pages import Page, python_json
from event_assets.source.recall import Recall

LISTING = 'a list of objects, as {"data": [...]} or bare'


class UnusableAnswerError(Exception):
    """The API's answer is not what it should be; the message says what was expected and what came."""


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
    if next_link(payload, response):
        _refuse(response, f"{expected} and all their records at once", "a page with a link to the next one")
    if recall:
        recall.recognises(response.content, None)
    absent.update(name for name in resources if name not in present)
    return {name: _records(response, f"{name} as a list of objects", value) for name, value in present.items()}


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
    envelope = _envelope(response)
    if envelope is None:
        # Not simply a list: either nothing that can be used, or one object instead of it.
        payload = _parse(response, LISTING)
        listing = payload if isinstance(payload, dict) and "data" in payload else {"data": payload}
        envelope = {**listing, "data": json.dumps(_records(response, LISTING, listing["data"])).encode()}
    link = next_link(envelope, response)
    page = Page(
        envelope["data"],
        partial(_refuse, response, LISTING),
        last=link is None,
        total=_total(envelope),
    )
    if recall:
        recall.recognises(response.content, link)
    return {**envelope, "data": [page]}


def _envelope(response: Response) -> dict[str, Any] | None:
    """The fields of a usual answer, the records of ``data`` still as JSON; None if it is not a usual one."""
    body = response.content
    if response.status_code != 200:
        return None
    try:
        if body.lstrip()[:1] == b"[":
            return {"data": msgspec.json.decode(body, type=msgspec.Raw)}
        fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        data = fields.pop("data", None)
        if data is None or bytes(memoryview(data)[:1]) != b"[":
            return None
        return {**{name: json.loads(bytes(value)) for name, value in fields.items()}, "data": data}
    except (ValueError, RecursionError):
        return None


def next_link(payload: Any, response: Response) -> str | None:
    """The link to the next page, where an answer has one.

    Looks in the body (``links.next`` and ``next_page_url``, the two forms of Laravel; ``links.next.href`` of JSON:API;
    plain ``next``) and in the ``Link`` header.

    Raises:
        UnusableAnswerError: The answer says that a page follows, and not where.
    """
    fields = payload if isinstance(payload, dict) else {}
    links = _object(fields, "links")
    for candidate in (links.get("next"), fields.get("next_page_url"), fields.get("next")):
        link = candidate.get("href") if isinstance(candidate, dict) else candidate
        if isinstance(link, str) and link:
            return link
        if candidate:
            _refuse(response, "the address of the next page, where one follows", f"{_description(candidate)} as `next`")
    if link := response.links.get("next", {}).get("url"):
        return link
    if more := next(_signs_of_more(fields), None):
        _refuse(response, "the address of the next page, where one follows", f"{more} without it")
    return None


def _signs_of_more(fields: dict[str, Any]) -> Iterator[str]:
    """What says that a page follows, other than its address."""
    for about in _paging(fields):
        page, last = _number(about.get("current_page")), _number(about.get("last_page"))
        if page is not None and last is not None and page < last:
            yield f"page {page} of {last}"
        for name in ("has_more", "hasMore"):
            if about.get(name) is True:
                yield f"`{name}`"
        for name in ("next_cursor", "nextCursor"):
            # Where a cursor is a number, 0 is that of the end.
            if about.get(name) and about[name] != "0":
                yield f"`{name}`"


def _total(fields: dict[str, Any]) -> int | None:
    """How many records the list has on all pages, where the answer says it; the most, where it says several."""
    totals = [_number(about.get("total")) for about in _paging(fields)]
    return max((total for total in totals if total is not None), default=None)


def _paging(fields: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The places of an answer in which servers say on which page one is."""
    meta = _object(fields, "meta")
    yield from (fields, meta, _object(fields, "pagination"), _object(meta, "pagination"))


def _object(fields: dict[str, Any], name: str) -> dict[str, Any]:
    return value if isinstance(value := fields.get(name), dict) else {}


def _number(value: Any) -> int | None:
    """A whole number, also one that is written as a text; None of anything else."""
    if isinstance(value, str):
        return int(value) if re.fullmatch(r"[0-9]{1,18}", value) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _records(response: Response, expected: str, value: Any) -> list[Any]:
    if isinstance(value, dict) and value.get("id") is not None:
        return [value]
    if not isinstance(value, list):
        _refuse(response, expected, _description(value))
    wrong = [entry for entry in value if not isinstance(entry, dict)]
    if wrong:
        _refuse(response, expected, f"a list in which {len(wrong)} of {len(value)} are not objects")
    return value


def _parse(response: Response, expected: str) -> Any:
    if response.status_code != 200:
        _refuse(response, expected, f"status {response.status_code}")
    body = response.content
    if not body.strip():
        _refuse(response, expected, "nothing")
    with suppress(ValueError, RecursionError):
        return msgspec.json.decode(body)
    try:
        return python_json(body)  # three times slower
    except (ValueError, RecursionError):
        kind = "HTML" if body.lstrip()[:1] == b"<" else "no JSON, or JSON that is cut short"
        _refuse(response, expected, f"{kind} ({len(body):,} bytes)")


def _refuse(response: Response, expected: str, came: str) -> NoReturn:
    path = urlsplit(response.url).path
    raise UnusableAnswerError(f"GET {path} should be answered with {expected}; what came is {came}.")


def _description(value: Any) -> str:
    """What a value is, without anything that could be somebody's data: names of fields only where they look like it."""
    if isinstance(value, dict):
        fields = [name for name in value if re.fullmatch(r"[A-Za-z_]{1,30}", name)][:8]
        return f"an object with the fields {', '.join(fields)}" if fields else f"an object of {len(value)} fields"
    names = {list: "a list", str: "a text", bool: "true or false", int: "a number", float: "a number"}
    return names.get(type(value), "null")

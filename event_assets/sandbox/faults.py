"""Faults: ways to make a response wrong on purpose, to test a client of the API.

Here is which faults there are: each makes another ``Response`` of the right one. Whose turn it is stands in
``fault_queues``, what a broken ending is on a socket in ``server``, and what the right answer is in ``responses``.

    sandbox.fail("participants", faults.status(503, retry_after="1"), times=2)
    sandbox.fail("content", faults.truncated)
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs

import orjson

from event_assets.sandbox.event import CONTENT, Record
from event_assets.sandbox.responses import (
    BASE_PATH,
    CONTENT_PATH,
    LIST_PATHS,
    Ending,
    Response,
    error_response,
    json_response,
)

ENDPOINTS = tuple(path.removeprefix(f"{BASE_PATH}/") for path in (CONTENT_PATH, *LIST_PATHS))
"""Where faults can be: ``content``, ``partners``, ``participants``."""

_CONTENT, _LISTS = ENDPOINTS[:1], ENDPOINTS[1:]


@dataclass(frozen=True)
class Fault:
    """A fault: one way to make a response wrong.

    Attributes:
        name: what it is called, with its arguments: what the command line takes, and what the log shows.
        apply: makes the faulty answer of the right one and the absolute address that was asked for.
        endpoints: those of ``ENDPOINTS`` whose answers it can be applied to.
    """

    name: str
    apply: Callable[[Response, str], Response] = field(repr=False)
    endpoints: tuple[str, ...] = ENDPOINTS


# The parts that faults are made of.


def _instead(name: str, response: Response) -> Fault:
    """Another answer, whatever the right one is. Its chunks are a tuple, so it can be given many times."""
    return Fault(name, lambda *_: response)


def _ok(content_type: str, body: bytes) -> Response:
    return Response(200, {"Content-Type": content_type, "Content-Length": str(len(body))}, (body,))


def _changed(name: str, change: Callable[[Any, str], Any], endpoints: tuple[str, ...] = ENDPOINTS) -> Fault:
    """The right answer with its JSON changed; the change gets what was answered, and the address asked for."""
    return Fault(
        name,
        lambda response, address: json_response(200, change(orjson.loads(_body(response)), address)),
        endpoints,
    )


def _body(response: Response) -> bytes:
    return b"".join(response.chunks)


def _records(answer: Any) -> list[Record]:
    return answer["data"] if isinstance(answer, dict) else answer


def _first_record(answer: Any) -> Record:
    records = _records(answer)
    if not records:
        raise ValueError("One object instead of a list needs a list with at least one record.")
    return records[0]


def _with_next(answer: Any, link: str) -> dict[str, Any]:
    envelope = answer if isinstance(answer, dict) else {"data": answer}
    return {**envelope, "links": {"next": link}}


def _page(address: str, number: int) -> str:
    return f"{address.partition('?')[0]}?page={number}"


def _page_number(address: str) -> int:
    return int(parse_qs(address.partition("?")[2]).get("page", ["1"])[-1])


def _half_length(response: Response) -> int:
    return int(response.headers["Content-Length"]) // 2


def _half(response: Response) -> Iterator[bytes]:
    """The first half of the body, piece by piece: it may be larger than what one wants to hold."""
    missing = _half_length(response)
    for chunk in response.chunks:
        if missing <= 0:
            return
        yield chunk[:missing]
        missing -= len(chunk)


def _silent(name: str, ending: Ending) -> Fault:
    """Sends nothing, and ends the connection that way."""
    return Fault(name, lambda response, _: replace(response, silent=True, ending=ending))


def _halfway(name: str, ending: Ending) -> Fault:
    """Sends the headers and half of the body, and ends the connection that way."""
    return Fault(name, lambda response, _: replace(response, chunks=_half(response), ending=ending))


# Answers that are another one.


def status(code: int, *, retry_after: str | None = None) -> Fault:
    """An error with the API's JSON body; ``retry_after`` is the header of that name as it is sent, however odd.

    Raises:
        ValueError: the code is not one of an error, so that such a body does not belong to it.
    """
    if not 400 <= code <= 599:
        raise ValueError(f"{code} is not the status of an error: 400 to 599 are.")
    message = "This error was asked for."
    if retry_after is None:
        return _instead(f"status={code}", error_response(code, message))
    return _instead(f"status={code},{retry_after}", error_response(code, message, {"Retry-After": retry_after}))


def top_level(value: Any) -> Fault:
    """The JSON of any value instead of the answer: ``[]``, ``7``, ``"x"``, ``None``, ``{}``."""
    return _instead(f"top_level={_shown(value)}", json_response(200, value))


def redirect_elsewhere(url: str, code: int = 302) -> Fault:
    """A redirect to another address."""
    return _instead(f"redirect_elsewhere={code},{url}", Response(code, {"Location": url, "Content-Length": "0"}, ()))


html_page = _instead(
    "html_page",
    _ok(
        "text/html; charset=utf-8",
        b'<!DOCTYPE html>\n<html><head><title>Log in</title></head><body><form method="post" action="/login">'
        b'<input name="email"><input name="password" type="password"></form></body></html>\n',
    ),
)
"""A login page with status 200."""
not_json = _instead("not_json", _ok("application/json", b"We are updating our servers, please come back later.\n"))
"""A sentence that calls itself JSON, with status 200."""
empty_body = _instead("empty_body", _ok("application/json", b""))
"""Status 200 and nothing."""
error_object = _instead(
    "error_object", json_response(200, {"error": {"code": 500, "message": "This error was asked for."}})
)
"""The API's body of an error, with status 200."""
broken_gzip = _instead(
    "broken_gzip",
    Response(200, {"Content-Type": "application/json", "Content-Encoding": "gzip", "Content-Length": "2"}, (b"[]",)),
)
"""A body that calls itself gzip and is not packed."""


# The right answer, changed.


def replace_resource(name: str, value: Any) -> Fault:
    """``/content`` with any value as one of its arrays."""
    _check_resource(name)
    return _changed(f"replace_resource={name}={_shown(value)}", lambda content, _: {**content, name: value}, _CONTENT)


def without_resource(name: str) -> Fault:
    """``/content`` without one of its arrays."""
    _check_resource(name)
    return _changed(
        f"without_resource={name}",
        lambda content, _: {key: value for key, value in content.items() if key != name},
        _CONTENT,
    )


def data_value(value: Any) -> Fault:
    """A list's envelope with any value as its ``data``, and nothing else in it."""
    return _changed(f"data_value={_shown(value)}", lambda *_: {"data": value}, _LISTS)


single_object = _changed("single_object", lambda answer, _: _first_record(answer), _LISTS)
"""A list's first record as it is, instead of the list."""
single_object_in_data = _changed("single_object_in_data", lambda answer, _: {"data": _first_record(answer)}, _LISTS)
"""A list's first record as ``data``, instead of the list."""
bare_array = _changed("bare_array", lambda answer, _: _records(answer), _LISTS)
"""A list without its envelope."""

endless_pages = _changed("endless_pages", _with_next)
"""The next link of every page leads to this page again."""
circular_pages = _changed(
    "circular_pages",
    lambda answer, address: answer if _next_of(answer) else _with_next(answer, _page(address, 1)),
)
"""The next link of the last page leads to the first."""
ever_more_pages = _changed(
    "ever_more_pages", lambda answer, address: _with_next(answer, _page(address, _page_number(address) + 1))
)
"""The next link of every page leads to one with the next number, which is never seen before."""


def _rotated(answer: Any, address: str) -> dict[str, Any]:
    records, number = _records(answer), _page_number(address)
    start = number % (len(records) or 1)
    return _with_next({"data": records[start:] + records[:start]}, _page(address, number + 1))


reshuffled_pages = _changed("reshuffled_pages", _rotated, _LISTS)
"""Every page has the same records in another order, and a link to one with the next number: pages are ignored."""


def next_link_elsewhere(url: str) -> Fault:
    """The next link of the page leads to another address."""
    return _changed(f"next_link_elsewhere={url}", lambda answer, _: _with_next(answer, url))


def _next_of(answer: Any) -> str | None:
    return answer.get("links", {}).get("next") if isinstance(answer, dict) else None


def _shown(value: Any) -> str:
    return orjson.dumps(value).decode()


def _check_resource(name: str) -> None:
    if name not in CONTENT:
        raise ValueError(f"{name!r} is not in /content: {', '.join(CONTENT)} are.")


def _break_text(response: Response) -> Response:
    # After the first value's opening quote: JSON escapes quotes in texts, so this stands nowhere else.
    head, opening, tail = _body(response).partition(b'":"')
    if not opening:
        raise ValueError("A text that is not UTF-8 needs an answer with at least one text in it.")
    return _ok("application/json", head + opening + b"\xe9\xff" + tail)


invalid_utf8 = Fault("invalid_utf8", lambda response, _: _break_text(response))
"""The right answer, but its first text begins with bytes that are not UTF-8."""
truncated_json = Fault(
    "truncated_json",
    lambda response, _: replace(
        response,
        headers={**response.headers, "Content-Length": str(_half_length(response))},
        chunks=_half(response),
    ),
)
"""A whole HTTP answer whose JSON stops in the middle."""


# What happens on the wire.

truncated = _halfway("truncated", "close")
"""The connection is closed when half of the announced body was sent."""
stalled = _halfway("stalled", "hang")
"""Half of the announced body is sent, then no more until the client gives up or the sandbox stops."""
reset = _silent("reset", "reset")
"""The connection is reset before any byte of an answer."""
no_answer = _silent("no_answer", "close")
"""The connection is closed before any byte of an answer."""
hang = _silent("hang", "hang")
"""Not a byte comes until the client gives up or the sandbox stops."""


def slow(seconds_per_chunk: float) -> Fault:
    """The right answer with a wait before each chunk: ``/content`` is one, a list begins with two of a few bytes."""

    def waiting(chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            time.sleep(seconds_per_chunk)
            yield chunk

    return Fault(f"slow={seconds_per_chunk}", lambda response, _: replace(response, chunks=waiting(response.chunks)))

"""Makes the API's answers: from an event and what was asked to a status, headers and a body, without touching a socket.

Who may ask and what is counted is decided in ``server``, which also sends the answers. What shall stand between an
answer and the socket can take a ``Response`` and give another one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal, TypeAlias, get_args
from urllib.parse import parse_qs, urlsplit

import orjson

from event_assets.sandbox.event import EncodedRecords, Event, Record

Envelope: TypeAlias = Literal["data", "bare", "pages"]
ENVELOPES: tuple[Envelope, ...] = get_args(Envelope)
"""How lists are wrapped: ``{"data": [...]}``, ``[...]``, or ``{"data": [...], "links": {"next": ...}}`` in pages."""

Validators: TypeAlias = Literal["none", "etag", "last_modified"]
VALIDATORS: tuple[Validators, ...] = get_args(Validators)
"""What an answer can be recognised by, so that who has it need not be sent it again: nothing, as with the API itself,
or one of the two headers that HTTP has for it."""

Ending: TypeAlias = Literal["close", "reset", "hang"]
"""How a connection ends: closed, reset (an error for the client), or only when the client or the sandbox gives up."""

BASE_PATH = "/public/v1"
CONTENT_PATH = f"{BASE_PATH}/content"
LIST_PATHS = (f"{BASE_PATH}/partners", f"{BASE_PATH}/participants")


@dataclass(frozen=True)
class Response:
    """One answer. The chunks can be read once; ``Content-Length`` in the headers is the sum of their lengths.

    The rest is for faults: the right answer is sent and leaves the connection to the next request.

    Attributes:
        status: the HTTP status.
        headers: all headers that depend on the answer.
        chunks: the body.
        silent: nothing of it is sent.
        ending: how the connection ends after what was sent.
        fault: the name of the fault that it shows, for the log.
    """

    status: int
    headers: dict[str, str]
    chunks: Iterable[bytes]
    silent: bool = False
    ending: Ending | None = None
    fault: str | None = None


def answer(event: Event, target: str, *, envelope: Envelope, page_size: int, base_url: str) -> Response:
    """Answers a GET of one of the API's paths.

    Args:
        event: what is served. Records are read when this is called, not when the chunks are: the answer stays whole
            while the event changes.
        target: path and query as asked; the path is ``CONTENT_PATH`` or that of a list of the event.
        envelope: how lists are wrapped; ``/content`` is the same in each.
        page_size: how many records a page has, where the envelope is ``pages``.
        base_url: where the API is served, for absolute links to further pages.
    """
    path, query = urlsplit(target).path, urlsplit(target).query
    if path == CONTENT_PATH:
        return json_response(200, event.content)
    listed = event.listed(path.removeprefix(f"{BASE_PATH}/"))
    if listed is None:
        return error_response(404, "There is nothing at this path.")
    records = _snapshot(listed)
    if envelope == "bare":
        return _list_response(b"", records, b"")
    if envelope == "data":
        return _list_response(b'{"data":', records, b"}")

    page = parse_qs(query).get("page", ["1"])[-1]
    if not page.isdecimal() or int(page) < 1:
        return error_response(400, "`page` is not a number from 1 on.")
    end = int(page) * page_size
    link = f"{base_url}{path.removeprefix(BASE_PATH)}?page={int(page) + 1}" if end < len(records) else None
    tail = b',"links":' + orjson.dumps({"next": link}) + b"}"
    return _list_response(b'{"data":', records[end - page_size : end], tail)


def json_response(status: int, payload: Any, headers: dict[str, str] | None = None) -> Response:
    """An answer whose body is the JSON of ``payload``."""
    body = orjson.dumps(payload)
    return Response(status, _json_headers(len(body)) | (headers or {}), (body,))


def error_response(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    """An answer that says what is wrong, as the API does it."""
    return json_response(status, {"error": {"code": status, "message": message}}, headers)


def _snapshot(records: Sequence[Record]) -> EncodedRecords:
    return records[:] if isinstance(records, EncodedRecords) else EncodedRecords(records)


def _list_response(head: bytes, records: EncodedRecords, tail: bytes) -> Response:
    length = len(head) + records.json_size() + len(tail)
    return Response(200, _json_headers(length), chain((head,), records.json_chunks(), (tail,)))


def _json_headers(length: int) -> dict[str, str]:
    return {"Content-Type": "application/json", "Content-Length": str(length)}

"""Wherever an answer leads and however that is written: the API itself is asked, or nobody."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import requests
import urllib3.util.connection
from hypothesis import example, given
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter

from event_assets.settings import EventApiSettings, RetrySettings
from event_assets.source.api.session import ApiSession
from event_assets.source.errors import InvalidResponseError, SyncError
from event_assets.source.probe import probe
from event_assets.source.sync import SyncSettings
from event_assets_tests.examples import examples
from event_assets_tests.source.diffing import read
from event_assets_tests.source.raw_server import RawServer, serving

RETRY = RetrySettings(timeout=2, max_total=2, max_attempts=1, backoff_factor=0)
ODD = [
    "http://API\\@OTHER/x",
    "http://API\\\\@OTHER/x",
    "http://API\\.x@OTHER/x",
    "http:\\\\OTHER/x",
    "\\\\OTHER/x",
    "/\\OTHER/x",
    "//OTHER/x",
    "///OTHER/x",
    "//API@OTHER/x",
    "http://API@OTHER/x",
    "http://API%40OTHER/x",
    "http://API%2F@OTHER/x",
    "http://API#@OTHER/x",
    "http://API?@OTHER/x",
    "http://API/@OTHER/x",
    "http://API;@OTHER/x",
    "http://OTHER\\@API/x",
    "http://OTHER#@API/x",
    "http://OTHER?@API/x",
    "http://x:y@OTHER/x",
    "http:OTHER/x",
    "http:/OTHER/x",
    "http:///OTHER/x",
    "http://\tOTHER/x",
    "ht\ttp://OTHER/x",
    " http://OTHER/x",
    "HTTP://OTHER/x",
    "hTTp://API\\@OTHER/x",
    "http://127。0。0。1:OTHERPORT/x",
    "http://127%2E0%2E0%2E1:OTHERPORT/x",
    "http://127.0.0.1.:OTHERPORT/x",
    "http://0x7f.1:OTHERPORT/x",
    "http://2130706433:OTHERPORT/x",
    "http://localhost:OTHERPORT/x",
    "http://[::ffff:127.0.0.1]:OTHERPORT/x",
    "http://[::1%25lo]:OTHERPORT/x",
    "http://127.0.0.1:0OTHERPORT/x",
    "http://127.0.0.1:OTHERPORT",
    "http://:OTHERPORT/x",
    "http://API,OTHER/x",
    "http://API OTHER/x",
    "ftp://OTHER/x",
    "//[",
    "http://",
]
HARMLESS = ["/x", "x", "?page=2", "//API/x", "HTTP://API/x", "http://API/@OTHER", "/http://OTHER/x"]


def spelt(address: str, api: RawServer, other: RawServer) -> str:
    named = address.replace("API", f"127.0.0.1:{api.port}").replace("OTHERPORT", str(other.port))
    return named.replace("OTHER", f"127.0.0.1:{other.port}")


def nobody(server: RawServer, _: str) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n[]"


@pytest.mark.parametrize("address", [*ODD, *HARMLESS])
@pytest.mark.parametrize("status", [302, 307])
def test_a_redirect_is_asked_of_the_api_or_not_at_all(address: str, status: int):
    def redirect(server: RawServer, _: str) -> Iterator[bytes]:
        if len(server.requests) > 1:
            yield from nobody(server, _)
            return
        location = b"Location: " + spelt(address, server, other).encode()
        yield b"HTTP/1.1 %d Found\r\n%s\r\nConnection: close\r\nContent-Length: 0\r\n\r\n" % (
            status,
            location,
        )

    with serving(nobody) as other, serving(redirect) as api:
        session = ApiSession(api.base_url, read, RETRY, lambda _: None)
        try:
            session.get(f"{api.base_url}/partners")
            followed = True
        except (InvalidResponseError, requests.RequestException):
            followed = False
        assert (other.requests, other.connections) == ([], 0)
        assert followed or address not in HARMLESS
        assert len(api.requests) == 1 + followed


@pytest.mark.parametrize("address", [*ODD, *HARMLESS])
def test_a_next_link_is_asked_of_the_api_or_not_at_all(address: str):
    def page(server: RawServer, path: str) -> Iterator[bytes]:
        first = len(server.requests) == 1
        link = spelt(address, server, other) if first else None
        body = json.dumps({"data": [{"id": len(server.requests)}], "links": {"next": link}}).encode()
        yield b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)

    with serving(nobody) as other, serving(page) as api:
        try:
            seen = probe(EventApiSettings(api.base_url, "x"), "partners", None, SyncSettings(RETRY))
            assert seen.versions
        except SyncError:
            # A bare word in the place of a link may as well be a mark of where to go on, so it is refused.
            assert address not in HARMLESS or address == "x"
        assert (other.requests, other.connections) == ([], 0)


def test_bytes_that_are_no_text_lead_nowhere():
    answer = b"HTTP/1.1 302 Found\r\nLocation: http://\xff\xfe/x\r\nContent-Length: 0\r\n\r\n"
    with serving(lambda *_: iter([answer])) as api:
        session = ApiSession(api.base_url, read, RETRY, lambda _: None)
        with pytest.raises(InvalidResponseError, match="redirects to an invalid address"):
            session.get(f"{api.base_url}/partners")


HOSTS = ["127.0.0.1:11", "127.0.0.1:22", "[::1]", "evil.example", ":11", ":22", "127.0.0.1", ""]
MARKS = ["\\@", "#@", "?@", "/@", *"@\\/?#[]:;,.&。é\t\n\x00 ", "%40", "%2f", "%5c", "..", "//"]
ADDRESSES = st.tuples(
    st.sampled_from(["http://", "//", "", "HTTP:", "http:\\\\", "https://", " http://", "\\\\"]),
    st.sampled_from(HOSTS[:2]),
    st.lists(st.sampled_from(MARKS), min_size=1, max_size=2).map("".join),
    st.sampled_from(HOSTS),
    st.lists(st.sampled_from([*MARKS, "x"]), max_size=3).map("".join),
).map("".join)


@examples(500)
@given(ADDRESSES)
@example("http://127.0.0.1:11\\@127.0.0.1:22/x")
def test_whatever_is_written_as_an_address_only_the_api_is_connected_to(location: str):
    """The network is none: what would be connected to is noted, and a first answer redirects there."""
    connected: list[Any] = []

    def note(address: tuple[str, int], *_: Any, **__: Any) -> Any:
        connected.append(address)
        raise OSError("there is no network here")

    def redirect(self: HTTPAdapter, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        if sent:
            return send(self, request, *args, **kwargs)
        sent.append(request)
        response = requests.Response()
        response.status_code, response.url, response.request = 302, str(request.url), request
        response.raw = urllib3.HTTPResponse(b"")
        response.headers["Location"] = location.encode().decode("latin-1")
        return response

    sent: list[requests.PreparedRequest] = []
    send = HTTPAdapter.send
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("NO_PROXY", "*")
        patched.setattr(urllib3.util.connection, "create_connection", note)
        patched.setattr(HTTPAdapter, "send", redirect)
        with suppress(InvalidResponseError, requests.RequestException):
            ApiSession("http://127.0.0.1:11", read, RETRY, lambda _: None).get("http://127.0.0.1:11/x")
    assert set(connected) <= {("127.0.0.1", 11)}

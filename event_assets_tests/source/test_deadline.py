"""However a server sends its answer, a request ends at its deadline. Real sockets, and deadlines of half a second."""

import gzip
import socket
import threading
import zlib
from collections.abc import Iterator
from itertools import chain, repeat
from time import monotonic
from typing import Any

import pytest
import requests

from event_assets.sandbox import Sandbox, generate_event
from event_assets.settings import EventApiSettings, RetrySettings
from event_assets.source.api.deadline import Deadline, TooSlowError
from event_assets.source.api.session import ApiSession
from event_assets.source.probe import UnfinishedError, probe
from event_assets.source.sync import SyncSettings
from event_assets_tests.source.diffing import read
from event_assets_tests.source.raw_server import RawServer, Script, serving

SECONDS = 0.5
LATE = 3.0
"""In seconds: so much more than the deadline says that it was missed, also on a machine that is busy."""
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n"


def byte_by_byte(text: bytes) -> Iterator[bytes]:
    return (text[i : i + 1] for i in range(len(text)))


def slow_status_line(server: RawServer, _: str) -> Iterator[bytes]:
    return server.drip(chain(byte_by_byte(b"HTTP/1.1 200 "), repeat(b"O")))


def slow_header(server: RawServer, _: str) -> Iterator[bytes]:
    return server.drip(chain([OK + b"X-Padding: "], repeat(b"x")))


def continue_for_ever(server: RawServer, _: str) -> Iterator[bytes]:
    return server.drip(repeat(b"HTTP/1.1 100 Continue\r\n\r\n"))


def continue_for_ever_and_fast(server: RawServer, _: str) -> Iterator[bytes]:
    return server.drip(repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000), every=0)


def slow_body(server: RawServer, _: str) -> Iterator[bytes]:
    return server.drip(chain([OK + b"Content-Length: 100000\r\n\r\n"], repeat(b" ")))


def slow_body_without_length(server: RawServer, _: str) -> Iterator[bytes]:
    return server.drip(chain([OK + b"\r\n"], repeat(b" ")))


def slow_chunk_extension(server: RawServer, _: str) -> Iterator[bytes]:
    return server.drip(chain([CHUNKED + b"\r\n5;x="], repeat(b"x")))


def slow_trailer(server: RawServer, _: str) -> Iterator[bytes]:
    return server.drip(chain([CHUNKED + b"\r\n2\r\n[]\r\n0\r\n"], repeat(b"X-Trailer: x\r\n")))


def empty_gzip_blocks(server: RawServer, _: str) -> Iterator[bytes]:
    packing = zlib.compressobj(wbits=31)
    head = packing.compress(b"") + packing.flush(zlib.Z_FULL_FLUSH)
    return server.drip(chain([OK + b"Content-Encoding: gzip\r\n\r\n", head], repeat(b"\x00\x00\x00\xff\xff" * 100)))


def empty_deflate_blocks(server: RawServer, _: str) -> Iterator[bytes]:
    head = zlib.compressobj().flush(zlib.Z_FULL_FLUSH)
    return server.drip(chain([OK + b"Content-Encoding: deflate\r\n\r\n", head], repeat(b"\x00\x00\x00\xff\xff")))


def empty_gzip_members(server: RawServer, _: str) -> Iterator[bytes]:
    return server.drip(chain([OK + b"Content-Encoding: gzip\r\n\r\n"], repeat(gzip.compress(b"") * 5000)), every=0)


def slow_redirects(server: RawServer, _: str) -> Iterator[bytes]:
    """Each hop well within the time, and all of them far beyond it."""
    hop = f"HTTP/1.1 302 Found\r\nLocation: /hop{len(server.requests)}\r\nContent-Length: 0\r\n\r\n"
    return server.drip(iter([hop.encode()]), every=0.2)


def slow_redirect_body(server: RawServer, path: str) -> Iterator[bytes]:
    if "hop" in path:
        return server.drip(repeat(b"H"), every=0.1)
    return server.drip(chain([b"HTTP/1.1 302 Found\r\nLocation: /hop\r\n\r\n"], repeat(b" ")))


SCRIPTS = [
    slow_status_line,
    slow_header,
    continue_for_ever,
    continue_for_ever_and_fast,
    slow_body,
    slow_body_without_length,
    slow_chunk_extension,
    slow_trailer,
    empty_gzip_blocks,
    empty_deflate_blocks,
    empty_gzip_members,
    slow_redirects,
    slow_redirect_body,
]


def ask(server: RawServer, endpoint: str, **settings: float) -> requests.Response:
    retry = RetrySettings(
        **{"max_attempts": 5, "backoff_factor": 0, "timeout": SECONDS, "max_total": SECONDS, **settings}
    )
    session = ApiSession(server.base_url, read, retry, lambda _: None)
    return session.get(f"{server.base_url}/{endpoint}")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.__name__)
def test_a_request_of_a_sync_ends_at_its_deadline(script: Script):
    with serving(script) as server:
        began = monotonic()
        with pytest.raises(requests.Timeout):
            ask(server, "partners")
        assert SECONDS * 0.9 < monotonic() - began < LATE


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.__name__)
def test_a_look_ends_at_its_deadline(script: Script):
    with serving(script) as server:
        began, settings = monotonic(), SyncSettings(RetrySettings(timeout=10))
        with pytest.raises(UnfinishedError, match="was not complete within"):
            probe(EventApiSettings(server.base_url, "x"), "partners", None, settings, Deadline(SECONDS))
        assert monotonic() - began < LATE


def test_every_request_of_a_connection_has_its_own_deadline(monkeypatch: pytest.MonkeyPatch):
    """A connection that is kept is bounded by the request that uses it, not by the one that made it."""
    with Sandbox(generate_event(lectures=0, participants=3)) as api:
        retry = RetrySettings(timeout=SECONDS, max_total=SECONDS)
        session = ApiSession(api.base_url, read, retry, lambda _: None)
        session.headers["Authorization"] = f"Bearer {api.token}"
        for _ in range(2):
            assert session.get(f"{api.base_url}/partners").ok
            threading.Event().wait(SECONDS * 0.7)


def test_a_name_that_is_looked_up_for_ever_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch):
    over = threading.Event()

    def look_up(*_: Any, **__: Any) -> list:
        over.wait(10)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setenv("NO_PROXY", "*")
    began = monotonic()
    with pytest.raises(TooSlowError, match=r"^0\.0 MB in "):
        ask(RawServer(9), "partners")
    over.set()
    assert monotonic() - began < LATE


def test_a_proxy_that_drips_ends_at_the_deadline_and_is_left(monkeypatch: pytest.MonkeyPatch):
    with serving(slow_header) as proxy:
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        api = "https://api.example.org/public/v1"
        session = ApiSession(api, read, RetrySettings(timeout=SECONDS, max_total=SECONDS), lambda _: None)
        began = monotonic()
        with pytest.raises(TooSlowError):
            session.get(f"{api}/partners")
        assert monotonic() - began < LATE
        assert proxy.requests == ["CONNECT api.example.org:443 HTTP/1.0"]
        connecting = [thread for thread in threading.enumerate() if thread.name == "connect"]
        for thread in connecting:
            thread.join(2)
        assert not any(thread.is_alive() for thread in connecting)


def test_a_server_that_shakes_no_hands_ends_at_the_deadline():
    with serving(lambda server, _: server.drip(repeat(b"x"))) as server:
        api = server.base_url.replace("http://", "https://")
        session = ApiSession(api, read, RetrySettings(timeout=SECONDS, max_total=SECONDS), lambda _: None)
        began = monotonic()
        with pytest.raises(requests.RequestException):
            session.get(f"{api}/partners")
        assert monotonic() - began < LATE


@pytest.mark.parametrize("status", [b"404 Not Found", b"503 Service Unavailable"])
def test_the_body_of_an_error_is_not_waited_for(status: bytes):
    head = b"HTTP/1.1 " + status + b"\r\nContent-Length: 1000000\r\n\r\n"
    with serving(lambda server, _: server.drip(chain([head], repeat(b" ")))) as server:
        began = monotonic()
        response = ask(server, "partners", max_attempts=2, timeout=10, max_total=10)
        assert (response.status_code, response.content) == (int(status[:3]), b"")
        assert monotonic() - began < LATE


def test_waits_between_attempts_are_within_the_deadline_of_all_hops():
    """A server that redirects and then wants to be asked again later, as often as it is asked."""

    def later(server: RawServer, _: str) -> Iterator[bytes]:
        if len(server.requests) % 2:
            yield f"HTTP/1.1 302 Found\r\nLocation: /hop{len(server.requests)}\r\n\r\n".encode()
        else:
            yield b"HTTP/1.1 503 Later\r\nRetry-After: 1\r\n\r\n"

    with serving(later) as server:
        began = monotonic()
        assert ask(server, "partners", timeout=2.5, max_total=2.5).status_code == 503
        assert monotonic() - began < 3.5

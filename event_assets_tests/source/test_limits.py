"""How large an answer may be, as it comes and when it is unpacked. More is refused, and takes no memory."""

import gzip
import tracemalloc
import zlib
from collections.abc import Iterator
from itertools import chain, repeat

import pytest
import requests

from event_assets.sandbox import Event, Sandbox, faults, generate_event
from event_assets.sandbox.faults import Fault
from event_assets.sandbox.responses import Response
from event_assets.settings import EventApiSettings, RetrySettings
from event_assets.source.api.session import ApiSession
from event_assets.source.failures import api_failure
from event_assets.source.probe import ProbeError, probe
from event_assets.source.sync import SyncSettings
from event_assets_tests.source.diffing import read
from event_assets_tests.source.raw_server import RawServer, Script, serving

OK = b"HTTP/1.1 200 OK\r\n"
MEGABYTE = b" " * 1_000_000
BOMB, DEFLATED = (pack(MEGABYTE * 100) for pack in (gzip.compress, zlib.compress))
RETRY = RetrySettings(timeout=30, max_total=60, max_attempts=3, backoff_factor=0, max_bytes=2e6)


def long_by_its_length(server: RawServer, _: str) -> Iterator[bytes]:
    """Not a byte of it comes: what is known is refused at once."""
    yield OK + b"Content-Length: 2000001\r\n\r\n"
    server.stopping.wait(20)


def long_without_length(server: RawServer, _: str) -> Iterator[bytes]:
    return chain([OK + b"\r\n"], repeat(MEGABYTE))


def long_in_chunks(server: RawServer, _: str) -> Iterator[bytes]:
    return chain([OK + b"Transfer-Encoding: chunked\r\n\r\n"], repeat(b"f4240\r\n" + MEGABYTE + b"\r\n"))


def a_bomb(server: RawServer, _: str) -> Iterator[bytes]:
    """Some hundred kilobytes that are a hundred megabytes."""
    return iter([OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB), BOMB])


def a_bomb_of_members(server: RawServer, _: str) -> Iterator[bytes]:
    return chain([OK + b"Content-Encoding: gzip\r\n\r\n"], repeat(gzip.compress(MEGABYTE)))


def a_deflated_bomb(server: RawServer, _: str) -> Iterator[bytes]:
    return iter([OK + b"Content-Encoding: deflate\r\nContent-Length: %d\r\n\r\n" % len(DEFLATED), DEFLATED])


def endless_and_empty(server: RawServer, _: str) -> Iterator[bytes]:
    """Blocks that unpack to nothing: what counts is what comes."""
    packing = zlib.compressobj(wbits=31)
    head = packing.compress(b"") + packing.flush(zlib.Z_FULL_FLUSH)
    return chain([OK + b"Content-Encoding: gzip\r\n\r\n", head], repeat(b"\x00\x00\x00\xff\xff" * 10_000))


def endless_continue(server: RawServer, _: str) -> Iterator[bytes]:
    return repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)


SCRIPTS = [
    long_by_its_length,
    long_without_length,
    long_in_chunks,
    a_bomb,
    a_bomb_of_members,
    a_deflated_bomb,
    endless_and_empty,
    endless_continue,
]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.__name__)
def test_more_than_may_come_is_refused_as_soon_as_it_is_there(script: Script):
    with serving(script) as server:
        api = EventApiSettings(server.base_url, "x")
        session = ApiSession(server.base_url, read, RETRY, lambda _: None)
        tracemalloc.start()
        try:
            with pytest.raises(requests.RequestException) as refusal:
                session.get(f"{server.base_url}/partners")
            assert tracemalloc.get_traced_memory()[1] < 20e6, "twice what may come, and what the server itself takes"
        finally:
            tracemalloc.stop()
        assert server.connections == 1, "it is not tried again"
        said = str(api_failure(refusal.value, api, "partners"))
        assert "/partners returned more than 2 MB, the limit of a response" in said
        assert "raise `request_max_answer_megabytes` in the section [runtime]" in said
        with pytest.raises(ProbeError, match="returned more than 2 MB"):
            probe(api, "partners", None, SyncSettings(RETRY))


def test_what_is_packed_more_than_once_is_refused_and_not_unpacked():
    packed = gzip.compress(gzip.compress(b"[]"))
    head = OK + b"Content-Encoding: gzip, gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    with serving(lambda *_: iter([head + packed])) as server:
        session = ApiSession(server.base_url, read, RETRY, lambda _: None)
        with pytest.raises(requests.exceptions.ContentDecodingError):
            session.get(f"{server.base_url}/partners")


def test_what_is_as_large_as_it_may_be_is_taken(event: Event):
    body = b"[" + b" " * 1_999_000 + b"]"
    packed = gzip.compress(body)
    headers = {"Content-Encoding": "gzip", "Content-Length": str(len(packed))}
    with Sandbox(event) as api:
        api.fail("partners", Fault("large", lambda *_: Response(200, headers, (packed,))))
        session = ApiSession(api.base_url, read, RETRY, lambda _: None)
        session.headers["Authorization"] = f"Bearer {api.token}"
        assert session.get(f"{api.base_url}/partners").ok


def test_an_error_is_reported_by_its_status_however_large_it_is(event: Event):
    with Sandbox(event) as api:
        large = Response(404, {"Content-Length": "9000000000"}, [b"x"])
        api.fail("partners", Fault("large", lambda *_: large))
        with pytest.raises(ProbeError, match="returned 404"):
            probe(EventApiSettings(api.base_url, api.token), "partners", None, SyncSettings(RETRY))
        api.mend()
        api.fail("partners", faults.status(503), times=1)
        session = ApiSession(api.base_url, read, RETRY, lambda _: None)
        session.headers["Authorization"] = f"Bearer {api.token}"
        assert session.get(f"{api.base_url}/partners").ok


def test_a_million_participants_are_well_within_the_limit():
    event = generate_event(lectures=24, participants=2000, seed=1)
    with Sandbox(event) as api:
        answer = requests.get(
            f"{api.base_url}/participants", headers={"Authorization": f"Bearer {api.token}"}, timeout=10
        )
    assert len(answer.content) / 2000 * 1_000_000 < RetrySettings().max_bytes / 3

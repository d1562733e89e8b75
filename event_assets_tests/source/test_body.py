"""Bodies are received as they arrive, and not waited for without end. The clock is the test's own."""

import gzip
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import requests

from event_assets.sandbox import Event, Sandbox, faults
from event_assets.sandbox.faults import Fault
from event_assets.sandbox.responses import Response
from event_assets.settings import EventApiSettings, RetrySettings
from event_assets.source.api.body import receive
from event_assets.source.api.deadline import Bounds, Deadline, TooSlowError
from event_assets.source.api.session import ApiSession
from event_assets.source.failures import api_failure
from event_assets_tests.source.diffing import read


@dataclass
class Clock:
    """A clock that is set by hand."""

    now: float = 0

    def __call__(self) -> float:
        return self.now


def trickling(clock: Clock) -> Fault:
    """A body of which a byte comes every half minute, and never the last one."""

    def bytes_of_it() -> Iterator[bytes]:
        for _ in range(100_000):
            clock.now += 30
            yield b" "

    return Fault("trickling", lambda *_: Response(200, {"Content-Length": "999999999"}, bytes_of_it()))


def asking(api: Sandbox, endpoint: str, clock: Callable[[], float], logged: list[str]) -> requests.Response:
    retry = RetrySettings(max_attempts=3, backoff_factor=0, timeout=5)
    session = ApiSession(api.base_url, read, retry, logged.append, clock=clock)
    session.headers["Authorization"] = f"Bearer {api.token}"
    return session.get(f"{api.base_url}/{endpoint}")


@pytest.mark.parametrize("endpoint", ["content", "participants"])
def test_a_body_that_trickles_is_not_waited_for_longer_than_all_attempts_may_last(event: Event, endpoint: str):
    clock, logged = Clock(), []
    with Sandbox(event) as api:
        api.fail(endpoint, trickling(clock))
        with pytest.raises(TooSlowError, match=r"^\d\.\d MB in 600 s$") as failure:
            asking(api, endpoint, clock, logged)
        assert api.requests[f"/public/v1/{endpoint}"] == 1, "another attempt has no time left"
    assert logged == []
    said = str(api_failure(failure.value, EventApiSettings(api.base_url, api.token), endpoint))
    assert f"/public/v1/{endpoint} was not complete in time (0." in said
    assert "raise `request_max_total_wait` in the section [runtime]" in said
    assert said.endswith("The tables are unchanged.")


def test_what_is_there_in_time_is_read_however_late_it_is_then(event: Event):
    clock = Clock()

    def late(response: Response, _: str) -> Response:
        clock.now += 599
        return response

    with Sandbox(event) as api:
        api.fail("partners", Fault("late", late))
        assert asking(api, "partners", clock, []).ok


@pytest.mark.parametrize(("total", "timeout", "seconds"), [(600, 60, 600), (0, 60, 60), (30, 60, 60)])
def test_one_attempt_may_last_as_long_as_a_server_may_be_silent(total: float, timeout: float, seconds: float):
    clock = Clock(1000)
    deadline = Deadline.of_a_request(RetrySettings(max_total=total, timeout=timeout), clock)
    assert deadline.left == deadline.seconds == seconds
    clock.now += seconds - 0.1
    assert not deadline.has_passed
    clock.now += 0.1
    assert deadline.has_passed


def got(api: Sandbox, note: Callable[[int], object] = lambda _: None) -> bytes:
    """The body of the partners as it is received."""
    headers = {"Authorization": f"Bearer {api.token}"}
    with requests.get(f"{api.base_url}/partners", headers=headers, timeout=10, stream=True) as response:
        receive(response, Bounds(Deadline()), note)
    return response.content


def test_a_piece_is_seen_when_it_is_there_and_not_when_it_is_full(event: Event):
    seen, in_time = threading.Event(), []

    def halves() -> Iterator[bytes]:
        yield b"[{}"
        in_time.append(seen.wait(20))
        yield b"]"

    with Sandbox(event) as api:
        api.fail("partners", Fault("halves", lambda *_: Response(200, {"Content-Length": "4"}, halves())))
        assert got(api, lambda _: seen.set()) == b"[{}]"
    assert in_time == [True]


@pytest.mark.parametrize(
    ("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("identity", bytes)]
)
@pytest.mark.parametrize("size", [0, 1, 5_000_000])
def test_a_body_is_unpacked(event: Event, encoding: str, pack: Callable[[bytes], bytes], size: int):
    body = bytes(range(250)) * (size // 250) + b"x" * (size % 250)
    packed = pack(body)
    headers = {"Content-Encoding": encoding, "Content-Length": str(len(packed))}
    with Sandbox(event) as api:
        api.fail("partners", Fault("packed", lambda *_: Response(200, headers, (packed,))))
        assert got(api) == body


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (faults.truncated, requests.exceptions.ChunkedEncodingError),
        (faults.broken_gzip, requests.exceptions.ContentDecodingError),
    ],
    ids=["truncated", "broken_gzip"],
)
def test_a_body_that_does_not_come_whole_is_reported_as_requests_does(
    event: Event, fault: Fault, error: type[Exception]
):
    with Sandbox(event) as api:
        api.fail("partners", fault)
        with pytest.raises(error):
            got(api)

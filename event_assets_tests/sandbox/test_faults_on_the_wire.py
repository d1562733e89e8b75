"""What faults do to a connection, as a plain client sees it, and that none of them holds up the sandbox."""

import http.client
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from event_assets.sandbox import Event, Sandbox, faults
from event_assets.sandbox.event import EncodedRecords
from event_assets_tests.sandbox.asking import PARTNERS, ask, get

SOON = 0.2
"""How long a client here waits for what never comes. For all else it waits ten seconds, and gets it at once."""


@pytest.mark.parametrize("endpoint", faults.ENDPOINTS)
def test_half_of_what_was_announced_then_the_end(api: Sandbox, endpoint: str):
    right = get(api, endpoint).content
    api.fail(endpoint, faults.truncated)
    with ask(api, endpoint) as connection:
        response = http.client.HTTPResponse(connection)
        response.begin()
        assert response.status == 200
        assert response.headers["Content-Length"] == str(len(right))
        with pytest.raises(http.client.IncompleteRead) as raised:
            response.read()
    assert raised.value.partial == right[: len(right) // 2]


def test_half_of_what_was_announced_then_silence(api: Sandbox):
    right = get(api, "participants").content
    api.fail("participants", faults.stalled)
    with ask(api, "participants") as connection:
        response = http.client.HTTPResponse(connection)
        response.begin()
        assert response.headers["Content-Length"] == str(len(right))
        assert response.read(len(right) // 2) == right[: len(right) // 2]
        connection.settimeout(SOON)
        with pytest.raises(TimeoutError):
            response.read(1)


def test_a_large_answer_is_cut_without_being_built(api: Sandbox, event: Event):
    event.participants = EncodedRecords({"id": number, "text": "x" * 1000} for number in range(20_000))
    api.fail("participants", faults.truncated)
    response = api.respond("GET", "/public/v1/participants", {"Authorization": f"Bearer {api.token}"})
    sizes = [len(chunk) for chunk in response.chunks]
    whole = int(response.headers["Content-Length"])
    assert whole > 20_000_000
    assert sum(sizes) == whole // 2
    assert max(sizes) < 1_100_000


def test_a_reset_comes_before_any_byte(api: Sandbox):
    api.fail("content", faults.reset)
    with ask(api, "content") as connection, pytest.raises(ConnectionResetError):
        connection.recv(1)


def test_no_answer_is_an_orderly_end_without_a_byte(api: Sandbox):
    api.fail("content", faults.no_answer)
    with ask(api, "content") as connection:
        assert connection.recv(1) == b""


def test_a_hang_lasts_until_the_client_gives_up_and_leaves_no_thread(api: Sandbox):
    before = set(threading.enumerate())
    api.fail("partners", faults.hang, times=1)
    with ask(api, "partners") as connection:
        wait_for_requests(api, "partners", 1)
        connection.settimeout(SOON)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        assert set(threading.enumerate()) > before
        assert get(api, "partners").json() == {"data": PARTNERS}  # others are answered meanwhile
    wait_for_the_end_of_threads_but(before)


def test_slow_waits_before_each_chunk(api: Sandbox):
    right = get(api, "partners").content
    api.fail("partners", faults.slow(0.05))
    began = time.monotonic()
    assert get(api, "partners").content == right
    assert time.monotonic() - began >= 0.25  # a short list is five chunks


@pytest.mark.parametrize("fault", [faults.hang, faults.stalled], ids=lambda fault: fault.name)
def test_stopping_ends_a_hang_at_once(event: Event, fault: faults.Fault):
    before = set(threading.enumerate())
    api = Sandbox(event)
    api.start()
    api.fail("participants", fault)
    with ask(api, "participants") as first, ask(api, "participants") as second:
        wait_for_requests(api, "participants", 2)
        api.stop()
        for connection in (first, second):
            while connection.recv(65536):  # until it has ended; where it only falls silent, this times out
                pass
        wait_for_the_end_of_threads_but(before)


def wait_for_requests(api: Sandbox, endpoint: str, number: int) -> None:
    deadline = time.monotonic() + 10
    while api.requests[f"/public/v1/{endpoint}"] < number:
        assert time.monotonic() < deadline, "a request is not read"
        time.sleep(0.005)


def wait_for_the_end_of_threads_but(before: set[threading.Thread]) -> None:
    deadline = time.monotonic() + 10
    while not set(threading.enumerate()) <= before:
        assert time.monotonic() < deadline, "a thread goes on"
        time.sleep(0.005)


HANG_AND_LEAVE = """
import socket
from urllib.parse import urlsplit
from event_assets.sandbox import Event, Sandbox, faults

api = Sandbox(Event({}, [], []))
api.start()
api.fail("content", faults.hang)
client = socket.create_connection((urlsplit(api.base_url).hostname, urlsplit(api.base_url).port))
client.sendall(f"GET /public/v1/content HTTP/1.1\\r\\nAuthorization: Bearer {api.token}\\r\\n\\r\\n".encode())
while not api.requests:
    pass
"""


def test_a_hang_does_not_keep_the_process():
    done = subprocess.run(
        [sys.executable, "-c", HANG_AND_LEAVE],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")

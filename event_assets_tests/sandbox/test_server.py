"""How the sandbox answers: envelopes, pages, tokens, errors, counts, and changes while it serves."""

import http.client
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import requests

from event_assets.sandbox import Event, Sandbox
from event_assets.sandbox.event import EncodedRecords
from event_assets.sandbox.responses import ENVELOPES, Envelope, answer

PATHS = ("/public/v1/content", "/public/v1/partners", "/public/v1/participants")


@pytest.fixture
def event() -> Event:
    return Event(
        content={"halls": [{"id": 1, "name": "Große Halle"}], "days": [], "lectures": [{"id": 5, "hall_id": 1}]},
        partners=[{"id": 7}],
        participants=EncodedRecords({"id": number} for number in range(1, 24)),
    )


@pytest.fixture
def api(event: Event) -> Iterator[Sandbox]:
    with Sandbox(event, token="let-me-in") as api:
        yield api


def get(
    api: Sandbox, path: str, method: str = "GET", headers: dict[str, str] | None = None, data: str | None = None
) -> requests.Response:
    """Asks for a path or address; with the token, unless other headers are given."""
    headers = {"Authorization": f"Bearer {api.token}"} if headers is None else headers
    url = path if path.startswith("http") else api.base_url.removesuffix("/public/v1") + path
    return requests.request(method, url, headers=headers, data=data, timeout=10)


def connect(api: Sandbox) -> http.client.HTTPConnection:
    address = urlsplit(api.base_url)
    assert address.hostname
    return http.client.HTTPConnection(address.hostname, address.port, timeout=10)


def test_content_is_the_same_object_in_every_envelope(api: Sandbox, event: Event):
    for envelope in ENVELOPES:
        api.envelope = envelope
        response = get(api, "/public/v1/content")
        assert response.status_code == 200
        assert response.headers["Content-Type"] == "application/json"
        assert response.json() == event.content


@pytest.mark.parametrize(
    ("envelope", "wrap"),
    [
        ("data", lambda records: {"data": records}),
        ("bare", lambda records: records),
        ("pages", lambda records: {"data": records, "links": {"next": None}}),
    ],
)
def test_lists_are_wrapped_as_asked_for(event: Event, envelope: Envelope, wrap: Callable[[list], object]):
    with Sandbox(event, envelope=envelope) as api:
        assert get(api, "/public/v1/partners").json() == wrap([{"id": 7}])
        assert get(api, "/public/v1/participants").json() == wrap(list(event.participants))
        event.partners.clear()
        event.participants.clear()
        assert get(api, "/public/v1/partners").json() == wrap([])
        assert get(api, "/public/v1/participants").json() == wrap([])


@pytest.mark.parametrize("page_size", [1, 5, 22, 23, 24])
def test_following_the_links_gives_every_record_once(event: Event, page_size: int):
    with Sandbox(event, envelope="pages", page_size=page_size) as api:
        link, pages = f"{api.base_url}/participants", []
        while link:
            page = get(api, link).json()
            pages.append(page["data"])
            link = page["links"]["next"]
            assert link is None or link.startswith(f"{api.base_url}/participants?page=")
        assert [record for page in pages for record in page] == list(event.participants)
        assert {len(page) for page in pages[:-1]} <= {page_size}
        assert api.requests["/public/v1/participants"] == len(pages) == -(-23 // page_size)


def test_pages_that_are_not_there(event: Event):
    with Sandbox(event, envelope="pages") as api:
        assert get(api, "/public/v1/participants?page=2").json() == {"data": [], "links": {"next": None}}
        for page in ("0", "-1", "x", "1.5"):
            response = get(api, f"/public/v1/participants?page={page}")
            assert response.status_code == 400
            assert response.json()["error"]["code"] == 400


def test_pages_hold_5000_records_by_default():
    event = Event({}, [], EncodedRecords({"id": number} for number in range(5001)))
    with Sandbox(event, envelope="pages") as api:
        assert len(get(api, "/public/v1/participants").json()["data"]) == 5000
        assert get(api, "/public/v1/participants?page=2").json()["data"] == [{"id": 5000}]


def test_what_cannot_be_served_is_refused(event: Event):
    with pytest.raises(ValueError, match="'xml' is not an envelope"):
        Sandbox(event, envelope="xml")  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="A page of 0 records"):
        Sandbox(event, page_size=0)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer other"}, {"Authorization": "let-me-in"}])
def test_without_the_token_there_is_no_answer_but_a_count(api: Sandbox, path: str, headers: dict[str, str]):
    response = get(api, path, headers=headers)
    assert response.status_code == 401
    assert response.json() == {"error": {"code": 401, "message": "The token is missing or not valid."}}
    assert api.requests == {path: 1}


def test_a_renewed_token_revokes_the_old_one(api: Sandbox):
    old = {"Authorization": f"Bearer {api.token}"}
    api.token = "renewed"
    assert get(api, "/public/v1/content", headers=old).status_code == 401
    assert get(api, "/public/v1/content").status_code == 200


@pytest.mark.parametrize("path", ["/", "/public/v1", "/public/v1/lectures", "/public/v1/content/"])
def test_unknown_paths(api: Sandbox, path: str):
    response = get(api, path)
    assert response.status_code == 404
    assert response.json()["error"]["code"] == 404
    assert response.headers["Content-Type"] == "application/json"
    assert api.requests.total() == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
def test_other_methods_are_refused_and_leave_the_connection_usable(api: Sandbox, method: str):
    connection = connect(api)
    body = None if method == "HEAD" else b"GET /public/v1/nothing HTTP/1.1\r\n\r\n"
    connection.request(method, "/public/v1/content", body)
    response = connection.getresponse()
    assert response.status == 405
    assert response.headers["Allow"] == "GET"
    response.read()
    used = connection.sock
    connection.request("GET", "/sandbox")
    assert connection.getresponse().status == 200
    assert connection.sock is used
    assert api.requests == {"/public/v1/content": 1}
    connection.close()


def test_the_answer_to_head_has_no_body(api: Sandbox):
    with socket.create_connection(("127.0.0.1", urlsplit(api.base_url).port or 0), timeout=10) as connection:
        connection.sendall(b"HEAD /public/v1/content HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
        received = b"".join(iter(lambda: connection.recv(1000), b""))
    assert received.startswith(b"HTTP/1.1 405 ")
    assert b"\r\nConnection: close\r\n" in received
    assert received.endswith(b"\r\n\r\n")


def test_requests_are_counted_by_path_until_they_are_reset(api: Sandbox):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: get(api, PATHS[number % 2] + f"?turn={number}"), range(80)))
    assert api.requests == {PATHS[0]: 40, PATHS[1]: 40}
    api.reset_requests()
    assert api.requests[PATHS[0]] == 0
    get(api, PATHS[0])
    assert api.requests == {PATHS[0]: 1}


def test_the_status_needs_no_token_and_is_not_counted(api: Sandbox):
    get(api, "/public/v1/partners", headers={})
    get(api, "/sandbox", headers={})
    status = get(api, "/sandbox", headers={}).json()
    assert status["requests"] == {"/public/v1/partners": 1}
    assert status["envelope"] == "data"
    assert status["records"]["participants"] == 23
    assert status["records"]["halls"] == 1
    assert status["records"]["tracks"] == 0
    assert get(api, "/sandbox", "POST", headers={}).status_code == 405


def test_changes_are_seen_by_the_next_request(api: Sandbox, event: Event):
    event.content["halls"][0]["name"] = "Renamed"
    del event.content["days"]
    event.partners.append({"id": 8})
    event.participants[0] = {"id": 1, "checked_at": "now"}
    del event.participants[5:]
    assert get(api, "/public/v1/content").json() == {
        "halls": [{"id": 1, "name": "Renamed"}],
        "lectures": [{"id": 5, "hall_id": 1}],
    }
    assert get(api, "/public/v1/partners").json() == {"data": [{"id": 7}, {"id": 8}]}
    assert get(api, "/public/v1/participants").json()["data"][0] == {"id": 1, "checked_at": "now"}
    assert len(get(api, "/public/v1/participants").json()["data"]) == 5
    api.event = Event({}, [], [{"id": 99}])
    assert get(api, "/public/v1/participants").json() == {"data": [{"id": 99}]}


@pytest.mark.parametrize("envelope", ENVELOPES)
def test_bodies_come_in_pieces_of_the_length_that_was_announced(envelope: Envelope):
    event = Event({}, [], EncodedRecords({"id": number, "name": "ü" * 100} for number in range(20_000)))
    response = answer(event, PATHS[2], envelope=envelope, page_size=9000, base_url="http://127.0.0.1/public/v1")
    sizes = [len(chunk) for chunk in response.chunks]
    assert sum(sizes) == int(response.headers["Content-Length"]) > 1_900_000
    assert max(sizes) < 300_000


def test_an_answer_stays_whole_while_the_event_changes(event: Event):
    before = list(event.participants)
    response = answer(event, PATHS[2], envelope="bare", page_size=1, base_url="")
    event.participants.clear()
    body = b"".join(response.chunks)
    assert len(body) == int(response.headers["Content-Length"])
    assert EncodedRecords(before).json_size() == len(body)


def test_a_large_body_arrives_whole(api: Sandbox):
    api.event.participants = EncodedRecords({"id": number, "text": "x" * 1000} for number in range(20_000))
    response = get(api, "/public/v1/participants")
    assert len(response.content) == int(response.headers["Content-Length"]) > 20_000_000
    assert [record["id"] for record in response.json()["data"]] == list(range(20_000))


def test_a_client_that_goes_away_leaves_no_trace(api: Sandbox, capfd: pytest.CaptureFixture[str]):
    api.event.participants = EncodedRecords({"id": number, "text": "x" * 1000} for number in range(20_000))
    before = set(threading.enumerate())
    connection = connect(api)
    connection.request("GET", "/public/v1/participants", headers={"Authorization": f"Bearer {api.token}"})
    # With this option, closing resets the connection instead of ending it.
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.sock.recv(100)
    connection.sock.close()
    wait_for(lambda: set(threading.enumerate()) <= before)
    assert capfd.readouterr().err == ""
    assert get(api, "/public/v1/partners").status_code == 200


def test_a_mistake_in_the_served_data_is_shown(api: Sandbox, capfd: pytest.CaptureFixture[str]):
    api.event.content["halls"] = [{"id": object()}]
    with pytest.raises(requests.ConnectionError):
        get(api, "/public/v1/content")
    wait_for(lambda: "not JSON serializable" in capfd.readouterr().err)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.01)


def test_nothing_is_logged_unless_asked_for(api: Sandbox, capfd: pytest.CaptureFixture[str]):
    get(api, "/public/v1/content")
    get(api, "/nowhere")
    assert capfd.readouterr() == ("", "")
    lines: list[str] = []
    api.log = lines.append
    get(api, "/public/v1/participants?email=ada@example.org")
    get(api, "/nowhere", "POST", data="secret")
    assert lines == ["GET /public/v1/participants 200", "POST /nowhere 404"]


def test_stopping_ends_kept_connections_and_starting_again_takes_the_same_port(event: Event):
    api = Sandbox(event)
    with pytest.raises(RuntimeError, match="no address before it is started"):
        _ = api.base_url
    api.start()
    with pytest.raises(RuntimeError, match="already serves"):
        api.start()
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {api.token}"
        url = f"{api.base_url}/partners"
        assert url.startswith("http://127.0.0.1:")
        assert session.get(url, timeout=10).status_code == 200
        api.stop()
        api.stop()
        with pytest.raises(requests.ConnectionError):
            session.get(url, timeout=10)
        api.start()
        assert session.get(url, timeout=10).status_code == 200
    api.stop()


def test_two_sandboxes_do_not_share_a_port(api: Sandbox, event: Event):
    port = urlsplit(api.base_url).port
    assert port
    with pytest.raises(OSError, match="in use"):
        Sandbox(event, port=port).start()

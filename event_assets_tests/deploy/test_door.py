"""The door: each request that it must refuse is refused, each that people need comes through, at a real nginx."""

import base64
import json
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import requests

from event_assets_tests.conftest import CHECKOUT
from event_assets_tests.deploy.door import OPERATOR, PASSWORD, READER, Door, open_door
from event_assets_tests.deploy.requests_at_door import CASES, USERS, Case, page


class Webservers:
    """Two servers in the place of Dagster's: they answer everything with their role, and keep what they were asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.headers: list[dict[str, str]] = []
        self._servers = {role: ThreadingHTTPServer(("127.0.0.1", 0), self._handler(role)) for role in ("rw", "ro")}
        for server in self._servers.values():
            Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    def address(self, role: str) -> str:
        return f"127.0.0.1:{self._servers[role].server_port}"

    def close(self) -> None:
        for server in self._servers.values():
            server.shutdown()
            server.server_close()

    def _handler(self, role: str) -> type[BaseHTTPRequestHandler]:
        webservers = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                webservers.asked.append((role, self.command, self.path))
                webservers.headers.append(dict(self.headers))
                if self.headers.get("Upgrade") == "websocket":
                    self.send_response(101)
                    self.send_header("Upgrade", "websocket")
                    self.send_header("Connection", "Upgrade")
                    self.end_headers()
                    self.wfile.write(b"of the socket")
                    return
                body = role.encode()
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815  # as the base class has it

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler


@pytest.fixture(scope="module")
def webservers() -> Iterator[Webservers]:
    servers = Webservers()
    yield servers
    servers.close()


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory, webservers: Webservers) -> Iterator[Door]:
    site = tmp_path_factory.mktemp("above") / "site"
    (site / "files").mkdir(parents=True)
    (site / "event.html").write_text("the event's page")
    (site / ".secret").write_text("hidden")
    (site.parent / "above.html").write_text("above")
    folder = tmp_path_factory.mktemp("door")
    with open_door(folder, webservers.address("rw"), webservers.address("ro"), site) as door:
        yield door


@pytest.fixture(autouse=True)
def fresh(webservers: Webservers) -> None:
    webservers.asked.clear()
    webservers.headers.clear()


def send(door: Door, case: Case, user: str | None) -> requests.Response:
    """Send a request with its path as it is: nothing of it is tidied up here."""
    headers = {name: value.replace("<own>", door.origin) for name, value in case.headers.items()}
    session = requests.Session()
    prepared = session.prepare_request(
        requests.Request(
            case.method, f"http://127.0.0.1:{door.port}/", data=b"{}" if case.method == "POST" else None,
            headers={"Host": f"{door.name}:{door.port}", **headers}, auth=(user, PASSWORD) if user else None,
        )
    )  # fmt: skip
    prepared.url = f"http://127.0.0.1:{door.port}{case.path}"
    return session.send(prepared, timeout=10, allow_redirects=False)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_what_is_asked_is_let_in_or_refused(door: Door, webservers: Webservers, case: Case):
    for user, status in zip(USERS, case.status, strict=True):
        webservers.asked.clear()
        answer = send(door, case, user)
        assert answer.status_code == status, (user, answer.text[:200])
        came_through = bool(webservers.asked)
        served_here = case.path.startswith("/pages") or case.path == "/health"
        assert came_through is (status == 200 and not served_here), webservers.asked
        if came_through:
            assert webservers.asked == [("rw" if user == OPERATOR else "ro", case.method, case.path)]


def test_a_wrong_password_and_an_unknown_user_are_refused(door: Door, webservers: Webservers):
    for user, password in ((READER, "wrong"), ("eve", PASSWORD), (OPERATOR, "")):
        address, headers = f"http://127.0.0.1:{door.port}/", {"Host": door.name}
        answer = requests.get(address, auth=(user, password), headers=headers, timeout=10)
        assert answer.status_code == 401
    assert webservers.asked == []


def test_the_password_stays_at_the_door(door: Door, webservers: Webservers):
    assert door.request("GET", "/runs", READER).text == "ro"
    assert "authorization" not in {name.lower() for name in webservers.headers[0]}
    assert PASSWORD not in (door.folder / "access.log").read_text()


@pytest.mark.parametrize(
    "path", ["/pages/../above.html", "/pages/..%2fabove.html", "/pages/files/%2e%2e/%2e%2e/above.html"]
)
def test_no_path_leads_out_of_the_pages(door: Door, path: str):
    assert "above" not in send(door, Case("a file above the pages", "GET", path, (401, 200, 200)), READER).text


@pytest.mark.parametrize(("user", "role"), [(READER, "ro"), (OPERATOR, "rw")])
def test_a_websocket_of_the_ui_comes_through(door: Door, webservers: Webservers, user: str, role: str):
    login = base64.b64encode(f"{user}:{PASSWORD}".encode()).decode()
    asked = (
        f"GET /graphql HTTP/1.1\r\nHost: {door.name}:{door.port}\r\nAuthorization: Basic {login}\r\n"
        f"Upgrade: websocket\r\nConnection: Upgrade\r\nOrigin: {door.origin}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", door.port), timeout=10) as connection:
        connection.sendall(asked.encode())
        answer = b""
        while b"of the socket" not in answer:
            piece = connection.recv(4096)
            assert piece, answer
            answer += piece
    assert answer.startswith(b"HTTP/1.1 101")
    assert webservers.asked == [(role, "GET", "/graphql")]


def test_pages_can_be_shown_in_no_frame_and_guess_no_type(door: Door):
    for path in ("/assets", "/pages/event.html"):
        headers = door.request("GET", path, READER).headers
        assert (headers["X-Frame-Options"], headers["X-Content-Type-Options"]) == ("DENY", "nosniff")


def test_each_request_has_a_line_of_json_without_its_query(door: Door):
    door.request("GET", "/graphql?query=somebody@example.com", READER)
    lines = (door.folder / "access.log").read_text().splitlines()
    entry = json.loads(lines[-1])
    assert (entry["user"], entry["path"], entry["status"]) == (READER, "/graphql", 405)
    assert "somebody" not in lines[-1]


def test_the_page_lists_what_was_tested(tmp_path: Path):
    assert (CHECKOUT / "docs" / "door.md").read_text(encoding="utf-8") == page()

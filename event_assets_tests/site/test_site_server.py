"""The server of the pages: what it serves, and what it does not."""

import http.client
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from event_assets.cli import site_server as module
from event_assets.cli.site_server import serve_site, site_server

HOST = "127.0.0.1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    (folder / "tables").mkdir(parents=True)
    (folder / "catalogue.html").write_text("<!doctype html><p>é", encoding="utf-8")
    (folder / "tables" / "agenda.csv").write_text("a,b\n", encoding="utf-8")
    (folder / ".catalogue.html.7").write_text("half of it", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    (folder / "way_out").symlink_to(tmp_path)
    return folder


@pytest.fixture
def port(folder: Path) -> Iterator[int]:
    with site_server(folder, HOST, 0) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def get(port: int, path: str, method: str = "GET", host: str | None = None) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    connection.request(method, path, headers={"Host": host or f"{HOST}:{port}"})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/catalogue.html", "text/html; charset=utf-8"),
        ("/catalogue.html?x=1", "text/html; charset=utf-8"),
        ("/tables/agenda.csv", "text/csv; charset=utf-8"),
    ],
)
def test_a_file_is_served_with_its_type(port: int, folder: Path, path: str, content_type: str):
    response, body = get(port, path)
    assert (response.status, response.headers["Content-Type"]) == (200, content_type)
    assert body == (folder / path.strip("/").partition("?")[0]).read_bytes()
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Frame-Options"] == "DENY"
    head, nothing = get(port, path, "HEAD")
    assert (head.status, nothing, head.headers["Content-Length"]) == (200, b"", str(len(body)))


def test_the_address_alone_leads_to_the_first_page_that_there_is(port: int, folder: Path):
    response, _ = get(port, "/")
    assert (response.status, response.headers["Location"]) == (302, "/catalogue.html")
    (folder / "event.html").write_text("the event", encoding="utf-8")
    response, _ = get(port, "/")
    assert (response.status, response.headers["Location"]) == (302, "/event.html")
    (folder / "events.html").write_text("all events", encoding="utf-8")
    response, _ = get(port, "/")
    assert (response.status, response.headers["Location"]) == (302, "/events.html")
    (folder / "index.html").write_text("first", encoding="utf-8")
    response, body = get(port, "/")
    assert (response.status, body) == (200, b"first")


@pytest.mark.parametrize(
    "path",
    [
        "/tables/",
        "/tables",
        "/gone.html",
        "/.catalogue.html.7",
        "/%2ecatalogue.html.7",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/way_out/secret.txt",
        "/way_out/",
        "//secret.txt",
    ],
)
def test_nothing_else_is(port: int, path: str):
    response, body = get(port, path)
    assert response.status == 404
    assert b"secret" not in body.replace(b"secret.txt", b"")
    assert b"agenda.csv" not in body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_sent_to_it(port: int, method: str):
    assert get(port, "/catalogue.html", method)[0].status == 501


def test_a_page_under_another_name_gets_nothing(port: int):
    """A foreign page can have a name of its own lead to this machine, and read what the browser then gets."""
    assert get(port, "/catalogue.html", host=f"other.example:{port}")[0].status == 403
    assert get(port, "/catalogue.html", host="127.0.0.1.other.example")[0].status == 403
    assert get(port, "/catalogue.html", host=f"localhost:{port}")[0].status == 200
    assert get(port, "/catalogue.html", host="localhost")[0].status == 200


def test_it_listens_on_this_machine_alone(port: int):
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", port), timeout=5)


def test_before_the_first_page_it_says_how_to_make_one(tmp_path: Path):
    with site_server(tmp_path / "not_yet", HOST, 0) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        response, body = get(server.server_port, "/catalogue.html")
        server.shutdown()
    assert response.status == 404
    assert b"it is made with each refresh, and by `event-assets site`" in body


def test_a_port_that_is_taken_ends_nothing(
    folder: Path, port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    waited: list[bool] = []
    monkeypatch.setattr(module.Event, "wait", lambda _: waited.append(True))
    serve_site(folder, HOST, port)
    assert waited == [True]
    reason = os.strerror(98)
    assert capsys.readouterr().err == (
        f"The pages cannot be served on {HOST}:{port} ({reason}): open them in {folder}.\n"
    )


def test_ui_serves_them_beside_itself(monkeypatch: pytest.MonkeyPatch):
    from event_assets.cli import ui

    with socket.create_server((HOST, 0)) as taken:
        beside = taken.getsockname()[1]
        assert ui._port_beside(beside - 1) not in (beside, beside - 1)
    assert ui._port_beside(beside - 1) == beside
    assert ui._port_beside(65535) < 65536

"""What the tests of faults share: a small event, and clients that hide nothing of what comes."""

import socket
from contextlib import suppress
from urllib.parse import urlsplit

import requests

from event_assets.sandbox import Sandbox

HALLS = [{"id": 1, "name": "Große Halle"}]
LECTURES = [{"id": 5, "hall_id": 1}]
CONTENT = {"halls": HALLS, "days": [], "lectures": LECTURES}
PARTNERS = [{"id": 7, "company": "Paper Heron"}, {"id": 8, "company": "Quiet Otter"}]


def get(api: Sandbox, endpoint: str, query: str = "") -> requests.Response:
    return requests.get(
        f"{api.base_url}/{endpoint}{query}",
        headers={"Authorization": f"Bearer {api.token}"},
        timeout=10,
        allow_redirects=False,
    )


def ask(api: Sandbox, endpoint: str, *, timeout: float = 10) -> socket.socket:
    """Sends a request and leaves the answer in the socket."""
    address = urlsplit(api.base_url)
    connection = socket.create_connection((address.hostname, address.port or 0), timeout=timeout)
    head = f"GET /public/v1/{endpoint} HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {api.token}\r\n\r\n"
    connection.sendall(head.encode())
    return connection


def received(connection: socket.socket) -> bytes:
    """All that comes until the connection ends or nothing more comes."""
    pieces = []
    with suppress(TimeoutError):
        while piece := connection.recv(65536):
            pieces.append(piece)
    return b"".join(pieces)

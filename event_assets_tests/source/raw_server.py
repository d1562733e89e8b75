"""A server of raw bytes on this machine, for what no HTTP library would send: answers that drip or never end."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Script = Callable[["RawServer", str], Iterator[bytes]]
"""What is sent as the answer of a request, by the server and the path asked for."""


@dataclass
class RawServer:
    """A server while it serves.

    Attributes:
        port: Where, on 127.0.0.1.
        stopping: Set when the test is over, so that scripts end.
        requests: The first line of each request.
        connections: How many connections were opened.
    """

    port: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)
    requests: list[str] = field(default_factory=list)
    connections: int = 0

    @property
    def base_url(self) -> str:
        """The address, as a setting."""
        return f"http://127.0.0.1:{self.port}/public/v1"

    def drip(self, pieces: Iterator[bytes], every: float = 0.02) -> Iterator[bytes]:
        """Send pieces one by one with a wait before each, until the test is over."""
        for piece in pieces:
            if self.stopping.wait(every):
                return
            yield piece


@contextmanager
def serving(script: Script) -> Iterator[RawServer]:
    """Serve for the length of a block: each request is answered with the script's bytes, then the connection ends."""
    server, sockets = RawServer(), []

    def answer(connection: socket.socket) -> None:
        with suppress(OSError), connection, connection.makefile("rb") as received:
            line = received.readline().decode("latin-1")
            server.requests.append(line.strip())
            while received.readline().strip():
                pass
            for piece in script(server, line.split(" ")[1]):
                connection.sendall(piece)

    def accept(listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                server.connections += 1
                sockets.append(connection)
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server.port = listening.getsockname()[1]
        threading.Thread(target=accept, args=(listening,), daemon=True).start()
        try:
            yield server
        finally:
            server.stopping.set()
            for each in [listening, *sockets]:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

"""Ports of this machine for the servers of the tests. Without pytest: what is measured has the packages of users."""

from __future__ import annotations

import random
import socket
from contextlib import suppress


def free_port() -> int:
    """Return a port that nobody listens on, and that the system gives to nobody who asks for any: needed later."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port

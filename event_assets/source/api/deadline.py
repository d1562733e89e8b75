"""Limits the duration and size of an HTTP exchange at the socket, however slowly a server sends.

A timeout of ``requests`` bounds one wait for one piece, so a server that sends a byte now and then is waited for
without end: in its header, between chunks, in a body that unpacks to nothing. Here every wait for the socket takes at
most what the deadline leaves, and everything that comes is counted.

    with Bounds(Deadline(30), most_bytes=1e9).kept():
        session.get(...)  # by a session that has the BoundedAdapter mounted

One thing cannot be ended, only left: looking up a host's name in a thread, which the system's resolver gives up later.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from io import BufferedReader, RawIOBase
from math import inf
from threading import Thread
from time import monotonic
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError

from event_assets.settings import RetrySettings

_LONGEST_WAIT = 1e6
"""In seconds. The system's own limit is higher, and an error beyond it."""


class TooSlowError(requests.Timeout):
    """An exchange has missed its deadline. The message says how much was received in which time."""


class TooLargeError(requests.RequestException):
    """More was received than allowed. The message says how much is allowed."""


class Deadline:
    """A deadline for all attempts, waits, redirects and pieces of an exchange.

    Attributes:
        seconds: How long it was at the beginning.
    """

    def __init__(self, seconds: float = inf, clock: Callable[[], float] = monotonic) -> None:
        """Start the clock.

        Args:
            seconds: How long from now on.
            clock: The time in seconds, from whenever.
        """
        self.seconds = seconds
        self._clock = clock
        self._end = clock() + seconds

    @classmethod
    def of_a_request(cls, retry: RetrySettings, clock: Callable[[], float] = monotonic) -> Deadline:
        """Return the deadline of a request with all its attempts. One of them may always last ``timeout``."""
        return cls(max(retry.max_total, retry.timeout), clock)

    @property
    def left(self) -> float:
        """The seconds until the deadline; 0 or less once it has passed."""
        return self._end - self._clock()

    @property
    def has_passed(self) -> bool:
        """Whether the deadline has passed."""
        return self.left <= 0

    def check(self) -> None:
        """Raise an error if the deadline has passed.

        Raises:
            Timeout: There is none.
        """
        if self.has_passed:
            raise requests.Timeout


class Bounds:
    """The limits of an exchange. Of nested limits, the earlier deadline counts.

    Attributes:
        deadline: When it must be done.
        most_bytes: How much may come; of a packed body, also how much it may be when it is unpacked.
        received: The bytes that have come, headers included.
    """

    def __init__(self, deadline: Deadline, most_bytes: float = inf) -> None:
        around = _BOUNDS.get()
        is_later = around is not None and around.deadline.left < deadline.left
        self.deadline = around.deadline if around and is_later else deadline
        self.most_bytes = most_bytes
        self.received = 0

    @contextmanager
    def kept(self) -> Iterator[Bounds]:
        """Apply the bounds to the requests in a block that go through a `BoundedAdapter`.

        Raises:
            TooSlowError: The deadline has passed.
            TooLargeError: More came than may.
        """
        before = _BOUNDS.set(self)
        try:
            yield self
        except (TooSlowError, TooLargeError):
            raise
        except requests.RequestException as error:
            if self.received > self.most_bytes:
                raise self.too_large() from None
            # Whatever it has failed of at that time: the socket says no more than that it was not waited for.
            if self.deadline.has_passed and isinstance(error, (requests.ConnectionError, requests.Timeout)):
                raise TooSlowError(f"{self.received / 1e6:,.1f} MB in {self.deadline.seconds:,.0f} s") from None
            raise
        finally:
            _BOUNDS.reset(before)

    def too_large(self) -> TooLargeError:
        """Return the error of a response that is larger than it may be."""
        return TooLargeError(f"{self.most_bytes / 1e6:,.0f} MB")

    def note(self, received: int) -> None:
        """Count received bytes.

        Raises:
            OSError: It is too much.
        """
        self.received += received
        if self.received > self.most_bytes:
            raise OSError("more than may come")


_BOUNDS: ContextVar[Bounds | None] = ContextVar("_BOUNDS", default=None)


def seconds_left() -> float:
    """Return the seconds until the current deadline."""
    bounds = _BOUNDS.get()
    return bounds.deadline.left if bounds else inf


class BoundedAdapter(HTTPAdapter):
    """A transport that applies the current bounds to every connection, new or reused.

    Connections by way of a SOCKS proxy are urllib3's own, and have its timeouts alone.
    """

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Create the connection pools."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Return the pools of connections by way of a proxy."""
        manager = super().proxy_manager_for(proxy, **kwargs)
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = _POOLS
        return manager

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request, unless the deadline has passed.

        Raises:
            Timeout: There is none.
        """
        if bounds := _BOUNDS.get():
            bounds.deadline.check()
        return super().send(request, *args, **kwargs)


class _BoundedSocket:
    """A connected socket of which every wait ends at the current deadline."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._silence = connected.gettimeout()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)

    def settimeout(self, seconds: float | None) -> None:
        """Set how long the server may be silent."""
        self._silence = seconds

    def be_patient(self) -> None:
        """Set the timeout of the next wait, within the deadline.

        Raises:
            TimeoutError: The deadline has passed.
        """
        if (left := seconds_left()) <= 0:
            raise TimeoutError("the deadline has passed")
        silence = inf if self._silence is None else self._silence
        self._socket.settimeout(None if left == silence == inf else min(left, silence, _LONGEST_WAIT))

    def sendall(self, data: Any) -> None:
        """Send a whole request, which has some hundred bytes."""
        self.be_patient()
        self._socket.sendall(data)

    def makefile(self, *_: Any) -> BufferedReader:
        """Return what the response is read from."""
        return BufferedReader(_BoundedReader(self, self._socket.makefile("rb", buffering=0)))


class _BoundedReader(RawIOBase):
    """Reads from a socket until the deadline, and counts the bytes."""

    def __init__(self, connection: _BoundedSocket, raw: RawIOBase) -> None:
        self._connection = connection
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._connection.be_patient()
        received = self._raw.readinto(buffer)
        if received and (bounds := _BOUNDS.get()):
            bounds.note(received)
        return received

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _Connection(HTTPConnection):
    def connect(self) -> None:
        _connect(super().connect, self)


class _SecureConnection(HTTPSConnection):
    def connect(self) -> None:
        _connect(super().connect, self)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection  # pyright: ignore[reportAssignmentType]  # as urllib3 says of its own


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection  # pyright: ignore[reportAssignmentType]


_POOLS = {"http": _Pool, "https": _SecurePool}


def _connect(connect: Callable[[], None], connection: HTTPConnection) -> None:
    """Connect within the deadline, from the name lookup to the TLS handshake."""
    if bounds := _BOUNDS.get():
        _connect_in_time(connect, connection, bounds.deadline)
    else:
        connect()
    connection.sock = _BoundedSocket(connection.sock)  # pyright: ignore[reportAttributeAccessIssue]  # it is as one


def _connect_in_time(connect: Callable[[], None], connection: HTTPConnection, deadline: Deadline) -> None:
    """Connect in a thread, because some of its waits cannot be interrupted.

    Raises:
        ConnectTimeoutError: There is no connection at the deadline.
    """
    connected: Future[None] = Future()

    def run() -> None:
        try:
            connected.set_result(connect())
        except BaseException as error:  # raised anew in the thread that waits
            connected.set_exception(error)

    Thread(target=run, name="connect", daemon=True).start()
    if not wait([connected], max(0, min(deadline.left, _LONGEST_WAIT))).done:
        if connection.sock:  # a proxy that drips would be listened to for ever
            with suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)
        connected.add_done_callback(lambda _: connection.close())
        raise ConnectTimeoutError(connection, "There is no connection at the deadline.")
    connected.result()

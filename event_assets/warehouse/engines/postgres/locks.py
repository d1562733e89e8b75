"""Advisory locks of PostgreSQL, on a connection of their own: they end with it, and so with the process."""

from __future__ import annotations

import time
import zlib
from collections import Counter
from collections.abc import Callable

import psycopg2
from psycopg2 import extensions

from event_assets.warehouse.failures import WarehouseUnreadableError

WRITER = "writer"
"""The name of the lock of the one writer."""

_CLASS = zlib.crc32(b"event_assets") - (1 << 31)
"""What tells the locks of this project from those of others in the database."""
_LOOK_AGAIN_SECONDS = 0.2
_KEEP_ALIVE = {"tcp_keepalives_idle": 30, "tcp_keepalives_interval": 10, "tcp_keepalives_count": 3}
"""In seconds: a machine that is gone without a word holds its locks for a minute, and not for two hours."""


class AdvisoryLocks:
    """The advisory locks of one process in one database."""

    def __init__(self, connect: Callable[[], extensions.connection]) -> None:
        """Take what opens a connection."""
        self._connect = connect
        self._connection: extensions.connection | None = None
        self._held: Counter[str] = Counter()

    def acquire(self, name: str, timeout: float) -> None:
        """Acquire a lock, or once more.

        Raises:
            TimeoutError: Another process has it for longer than `timeout` seconds.
            WarehouseUnreadableError: The server cannot be reached.
        """
        if not self._held[name]:
            deadline = time.monotonic() + timeout
            while not self._try(name):
                if time.monotonic() >= deadline:
                    self._close_if_unused()
                    raise TimeoutError(name)
                time.sleep(_LOOK_AGAIN_SECONDS)
        self._held[name] += 1

    def release(self, name: str) -> None:
        """Release a lock, as often as it was acquired."""
        self._held[name] -= 1
        if self._held[name] <= 0:
            del self._held[name]
            self._release(name)
            self._close_if_unused()

    @property
    def backend(self) -> int | None:
        """The server's process number of the connection that holds the locks; None without one."""
        return self._connection.info.backend_pid if self._connection else None

    def is_connected(self) -> bool:
        """Return whether the connection that holds the locks is there."""
        try:
            if self._connection:
                with self._connection.cursor() as cursor:
                    cursor.execute("select 1")
        except psycopg2.Error:
            self._lost()
        return self._connection is not None

    def _try(self, name: str) -> bool:
        if self._connection is None:
            self._connection = self._connect()
            self._connection.autocommit = True
            with self._connection.cursor() as cursor:
                for setting, value in _KEEP_ALIVE.items():
                    cursor.execute(f"set {setting} = {value}")
        try:
            with self._connection.cursor() as cursor:
                cursor.execute("select pg_try_advisory_lock(%s, %s)", lock_key(name))
                [(is_held,)] = cursor.fetchall()
        except psycopg2.Error as error:
            self._lost()
            raise WarehouseUnreadableError(
                "The connection to the PostgreSQL server was lost while waiting for another run. Nothing was changed. "
                "Check the server and the network, then run again."
            ) from error
        return is_held

    def _release(self, name: str) -> None:
        if self._connection is None:
            return
        try:
            with self._connection.cursor() as cursor:
                cursor.execute("select pg_advisory_unlock(%s, %s)", lock_key(name))
        except psycopg2.Error:  # the connection is gone, and its locks with it
            self._lost()

    def _close_if_unused(self) -> None:
        if not self._held and self._connection:
            self._connection.close()
            self._connection = None

    def _lost(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = None


class AdvisoryLock:
    """One of them."""

    def __init__(self, locks: AdvisoryLocks, name: str) -> None:
        """Take the locks of the process, and its name."""
        self._locks, self._name = locks, name

    def acquire(self, timeout: float) -> None:
        """Acquire it.

        Raises:
            TimeoutError: Another process has it for longer than `timeout` seconds.
            WarehouseUnreadableError: The server cannot be reached.
        """
        self._locks.acquire(self._name, timeout)

    def release(self) -> None:
        """Release it."""
        self._locks.release(self._name)


def lock_key(name: str) -> tuple[int, int]:
    """Return the two numbers by which the server knows a lock."""
    return _CLASS, zlib.crc32(name.encode()) - (1 << 31)

"""The lock of the one writer, who alone has the raw tables in memory."""

from __future__ import annotations

from collections.abc import Callable

from filelock import BaseFileLock


class WriterLock:
    """A file lock. With it come the raw tables as they are in the lake."""

    def __init__(self, lock: BaseFileLock, refresh: Callable[[], None]) -> None:
        """Take the lock, the same object for all who may have it in this process, and what reads the tables."""
        self._lock, self._refresh = lock, refresh

    def acquire(self, timeout: float) -> None:
        """Acquire it, and read what others have changed.

        Raises:
            TimeoutError: Another process has it for longer than `timeout` seconds.
            WarehouseUnreadableError: The lake cannot be read.
        """
        self._lock.acquire(timeout=timeout)
        if self._lock.lock_counter > 1:
            return
        try:
            self._refresh()
        except BaseException:
            self._lock.release()
            raise

    def release(self) -> None:
        """Release it as often as it was acquired."""
        self._lock.release()

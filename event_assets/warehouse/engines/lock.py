"""What a lock is, whichever database or file system holds it."""

from __future__ import annotations

from typing import Protocol


class Lock(Protocol):
    """A lock that other processes respect, and that goes with the process at the latest. May be acquired repeatedly."""

    def acquire(self, timeout: float) -> object:
        """Acquire it.

        Raises:
            TimeoutError: Another process has it for longer than `timeout` seconds.
        """
        ...

    def release(self) -> None:
        """Release it as often as it was acquired."""
        ...

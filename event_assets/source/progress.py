"""Logs the progress of long work every few seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

EVERY_SECONDS = 3.0
"""The seconds between two lines: no silence is longer than five seconds, and a short sync logs nothing."""


def count(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 page``, ``2,000 pages``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


class Progress:
    """Logs a line when the one before is old enough.

    Args:
        log: Takes a line.
        clock: Returns the time in seconds, from any origin.
        every: The seconds between two lines.
    """

    def __init__(
        self,
        log: Callable[[str], object] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
        every: float = EVERY_SECONDS,
    ) -> None:
        self._log = log
        self._clock = clock
        self._every = every
        self._began = self._logged = clock()

    def note(self, line: Callable[[float], str]) -> None:
        """Log a line, unless the one before is too recent.

        Args:
            line: Returns the line, given the seconds since the beginning.
        """
        now = self._clock()
        if now - self._logged >= self._every:
            self._logged = now
            self._log(line(now - self._began))

    @contextmanager
    def during(self, what: str) -> Iterator[None]:
        """Log regularly, until the block ends, that a task is still running which cannot report its own progress."""
        began, ended = self._clock(), threading.Event()

        def keep_logging() -> None:
            while not ended.wait(self._every):
                self.note(lambda _: f"{what}: {self._clock() - began:.0f} s so far")

        thread = threading.Thread(target=keep_logging, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

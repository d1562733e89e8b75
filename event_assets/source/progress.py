"""Tells how long work goes on, so that nobody has to wonder whether it still does. What is told is not decided here."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

EVERY_SECONDS = 3.0
"""Often enough that nothing is silent for five seconds, seldom enough that a short sync tells nothing."""


def count(number: int, noun: str) -> str:
    """A number of things, as a reader has it: ``1 page``, ``2,000 pages``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


class Progress:
    """Passes a line on now and then."""

    def __init__(
        self,
        tell: Callable[[str], object] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
        every: float = EVERY_SECONDS,
    ) -> None:
        """Begin.

        Args:
            tell: Takes a line.
            clock: The time in seconds, from whenever.
            every: The seconds between two lines.
        """
        self._tell = tell
        self._clock = clock
        self._every = every
        self._began = self._told = clock()

    def note(self, say: Callable[[float], str]) -> None:
        """Tell how far it is, if it has been silent long enough.

        Args:
            say: Makes the line, of the seconds since the beginning.
        """
        now = self._clock()
        if now - self._told >= self._every:
            self._told = now
            self._tell(say(now - self._began))

    @contextmanager
    def during(self, what: str) -> Iterator[None]:
        """Tell now and then that something still goes on which cannot say how far it is, until the block ends."""
        began, ended = self._clock(), threading.Event()

        def keep_telling() -> None:
            while not ended.wait(self._every):
                self.note(lambda _: f"{what}: {self._clock() - began:.0f} s so far")

        teller = threading.Thread(target=keep_telling, daemon=True)
        teller.start()
        try:
            yield
        finally:
            ended.set()
            teller.join()

"""Keeps what was read of Dagster's event log for as long as nothing further is recorded there.

A sensor that looks every half minute would otherwise read the same results of some hundred checks each time: a third of
the processor time of a code server while nothing happens.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

import dagster as dg

SETTLED_SECONDS = 60
"""How long the log must have stood still before what is read of it is kept. In PostgreSQL, what is recorded now may
have a lower number than what another process has recorded just before."""

Value = TypeVar("Value")


class _LogAt(NamedTuple):
    """An event log at one moment: whose it is, and the number of its last record. Numbers only go up."""

    home: str
    last: int | None


class EventLogCache(Generic[Value]):
    """A value that depends on nothing but the event log, read anew when the log has changed.

    Freshness states, materialisations, checks that are planned or evaluated, and assets that are wiped are all recorded
    in it. What runs are under way is not.

    Args:
        read: Reads the value.
        clock: Seconds that only go up.
    """

    def __init__(
        self, read: Callable[[dg.DagsterInstance], Value], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._read, self._clock = read, clock
        self._seen: _LogAt | None = None
        self._since = 0.0
        self._kept: list[Value] = []  # none, or the one

    def get(self, instance: dg.DagsterInstance) -> Value:
        """Return the value as the log has it now."""
        # Of the storage, because the instance has no such call.
        log, now = _LogAt(instance.root_directory, instance.event_log_storage.get_maximum_record_id()), self._clock()
        if log != self._seen:
            self._seen, self._since, self._kept = log, now, []
        if self._kept:
            return self._kept[0]
        value = self._read(instance)
        if now - self._since >= SETTLED_SECONDS:
            self._kept = [value]
        return value

"""Queues the faults for the requests of each endpoint. What they do is in ``faults``."""

import threading
from collections import deque
from collections.abc import Iterator
from itertools import repeat

from event_assets.sandbox.faults import ENDPOINTS, Fault


class FaultQueues:
    """The queued faults of each endpoint. Thread-safe."""

    def __init__(self):
        self._queues: dict[str, deque[Iterator[Fault]]] = {endpoint: deque() for endpoint in ENDPOINTS}
        self._taking = threading.Lock()

    def add(self, endpoint: str, fault: Fault, times: int | None) -> None:
        """Queues a fault for so many requests; without a number, for all.

        Raises:
            ValueError: there is no such endpoint, the fault cannot be there, or the number is below 1.
        """
        self._check(endpoint)
        if endpoint not in fault.endpoints:
            raise ValueError(f"{fault.name} is no fault of `{endpoint}`, only of {', '.join(fault.endpoints)}.")
        if times is not None and times < 1:
            raise ValueError(f"A fault cannot happen {times} times: at least 1 is needed.")
        with self._taking:
            self._queues[endpoint].append(repeat(fault) if times is None else repeat(fault, times))

    def clear(self, endpoint: str | None) -> None:
        """Removes the faults of an endpoint, or of all.

        Raises:
            ValueError: there is no such endpoint.
        """
        if endpoint is not None:
            self._check(endpoint)
        with self._taking:
            for name in ENDPOINTS if endpoint is None else (endpoint,):
                self._queues[name].clear()

    def take(self, endpoint: str) -> Fault | None:
        """Takes the next fault, and counts it as used once; None if none is left, or the path cannot have any."""
        with self._taking:
            queue = self._queues.get(endpoint) or deque()
            while queue:
                if fault := next(queue[0], None):
                    return fault
                queue.popleft()
        return None

    @staticmethod
    def _check(endpoint: str) -> None:
        if endpoint not in ENDPOINTS:
            raise ValueError(f"{endpoint!r} is not an endpoint: {', '.join(ENDPOINTS)} are.")

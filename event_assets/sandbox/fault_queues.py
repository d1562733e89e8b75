"""Whose turn it is: the faults that wait for the requests of each endpoint. What they do stands in ``faults``."""

import threading
from collections import deque
from collections.abc import Iterator
from itertools import repeat

from event_assets.sandbox.faults import ENDPOINTS, Fault


class FaultQueues:
    """The faults that wait for the requests of each endpoint. Any thread may use it at any time."""

    def __init__(self):
        self._queues: dict[str, deque[Iterator[Fault]]] = {endpoint: deque() for endpoint in ENDPOINTS}
        self._taking = threading.Lock()

    def add(self, endpoint: str, fault: Fault, times: int | None) -> None:
        """Lets the fault wait behind those that are there, for so many requests; without a number, for all.

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
        """The fault whose turn it is, which this uses up once; None where none is left."""
        with self._taking:
            queue = self._queues[endpoint]
            while queue:
                if fault := next(queue[0], None):
                    return fault
                queue.popleft()
        return None

    @staticmethod
    def _check(endpoint: str) -> None:
        if endpoint not in ENDPOINTS:
            raise ValueError(f"{endpoint!r} is not an endpoint: {', '.join(ENDPOINTS)} are.")

"""What a row of the fault matrix consists of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from event_assets.sandbox.faults import Fault

ATTEMPTS = 3
"""How often the tests ask at most; five by default."""

Outcome = Literal["loaded", "loaded after a retry", "refused", "unchanged"]


@dataclass(frozen=True)
class Case:
    """One thing that the API can do.

    Attributes:
        what: What it does, for the page.
        outcome: What becomes of the tables.
        faults: How the sandbox does it; any of them.
        says: What the message or the run's log says, as a part of it.
        requests: How often is asked, all pages and attempts included.
        do: What the engineer on call does about it.
        once: Whether the fault happens only once.
        endpoints: Where it can happen; everywhere the fault can, if not given.
        records: How many records the list has, where that matters.
    """

    what: str
    outcome: Outcome
    faults: tuple[Fault, ...]
    says: str = ""
    requests: int = 1
    do: str = "Nothing: it has passed."
    once: bool = False
    endpoints: tuple[str, ...] = ()
    records: int | None = None

    @property
    def cells(self) -> list[tuple[Fault, str]]:
        """Each fault at each endpoint."""
        return [(fault, endpoint) for fault in self.faults for endpoint in (self.endpoints or fault.endpoints)]


PROVIDER = "Ask the API's provider."

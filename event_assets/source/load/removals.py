"""Refuses an answer that would remove so much of a table that it may be a mistake, until somebody says it is meant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from event_assets.settings import RemovalSettings
from event_assets.source.errors import SyncError


@dataclass(frozen=True)
class Removal:
    """What an answer would remove of a table.

    Attributes:
        table: Its name.
        live: How many rows it holds that are not removed.
        gone: How many of them the answer no longer has.
        taken: How many rows the answer makes.
        rekeyed: Whether keys are made otherwise than they were, so that all rows are replaced; None if that is not
            known.
    """

    table: str
    live: int
    gone: int
    taken: int
    rekeyed: bool | None

    @property
    def lost(self) -> int:
        """How many rows would be removed that no other one is known to replace."""
        # Rows with keys of both kinds are there where a run was killed: not all of them are replaced.
        return max(self.gone - self.taken, 0) if self.rekeyed else self.gone

    def is_too_much(self, settings: RemovalSettings) -> bool:
        """Whether it is more than may be removed unasked."""
        empties = self.live > 0 and not self.taken
        return empties or (self.lost >= settings.min_rows and self.lost > settings.max_share * self.live)

    def __str__(self) -> str:
        """As the part of a sentence."""
        text = f"{self.lost:,} of the {self.live:,} rows of raw.{self.table}"
        if self.rekeyed:
            return f"{text} (all are replaced, because `personal_data` or its secret was changed)"
        if self.rekeyed is None and self.taken and self.gone == self.live:
            return f"{text} (if `personal_data` or its secret was changed, all are replaced)"
        return text


def refuse_large_removals(removals: Iterable[Removal], settings: RemovalSettings) -> None:
    """Refuse what is too much.

    Args:
        removals: What would be removed, by table.
        settings: How much may be.

    Raises:
        SyncError: One of them is too much, and nobody has said that it is meant.
    """
    refused = [str(removal) for removal in removals if removal.is_too_much(settings)]
    if refused and not settings.allowed:
        raise SyncError(
            f"The answer no longer has {' and '.join(refused)}, which is more than may be removed unasked. If it is "
            "meant, let it through once: `event-assets run --allow-removals`, in a checkout `make run "
            "ALLOW_REMOVALS=yes`, or `allow_removals` in the run's config in the UI. The tables are unchanged."
        )

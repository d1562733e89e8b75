"""Refuses a response that would remove so many rows that it may be a mistake, unless the removal is allowed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from event_assets.settings import RemovalSettings
from event_assets.source.errors import SyncError


@dataclass(frozen=True)
class Removal:
    """The rows of a table that a response would remove.

    Attributes:
        table: Its name.
        live: How many rows it holds that are not removed.
        gone: How many of them the response no longer has.
        taken: How many rows the response has.
        rekeyed: Whether the keys are derived in another way than before, so that all rows are replaced; None if that
            is not known.
    """

    table: str
    live: int
    gone: int
    taken: int
    rekeyed: bool | None

    @property
    def lost(self) -> int:
        """The rows that would be removed without a known replacement."""
        # Rows with keys of both kinds are there where a run was killed: not all of them are replaced.
        return max(self.gone - self.taken, 0) if self.rekeyed else self.gone

    def is_too_much(self, settings: RemovalSettings) -> bool:
        """Return whether it is more than the settings allow."""
        empties = self.live > 0 and not self.taken
        return empties or (self.lost >= settings.min_rows and self.lost > settings.max_share * self.live)

    def __str__(self) -> str:
        """Return it as a part of a sentence."""
        text = f"{self.lost:,} of the {self.live:,} rows of raw.{self.table}"
        if self.rekeyed:
            return f"{text} (all are replaced, because `personal_data` or its secret was changed)"
        if self.rekeyed is None and self.taken and self.gone == self.live:
            return f"{text} (if `personal_data` or its secret was changed, all are replaced)"
        return text


def refuse_large_removals(removals: Iterable[Removal], settings: RemovalSettings) -> None:
    """Raise an error if a table would lose more rows than the settings allow.

    Args:
        removals: What would be removed of each table.
        settings: How much may be removed.

    Raises:
        SyncError: A table would lose too many rows, and the settings do not allow it.
    """
    refused = [str(removal) for removal in removals if removal.is_too_much(settings)]
    if refused and not settings.allowed:
        raise SyncError(
            f"The response would remove {' and '.join(refused)}: more than the settings allow. If that is intended, "
            "allow it once: `event-assets run --allow-removals`, in a checkout `make run ALLOW_REMOVALS=yes`, or "
            "`allow_removals` in the run's config in the UI. The tables are unchanged."
        )

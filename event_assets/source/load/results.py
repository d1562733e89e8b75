"""What a sync did to a table, in numbers and a version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from event_assets.source.load.changes import Changes
from event_assets.source.load.checkpoint import SyncCheckpoint
from event_assets.source.load.table_state import TableState


@dataclass(frozen=True)
class ResourceResult:
    """What a sync did to the table of one resource.

    Attributes:
        received: Records in the answer. Those that are not rejected are the table's rows that are not removed.
        loaded: Records that were new, changed or back again, and therefore written.
        removed: Rows that are marked as removed because the answer no longer has them.
        rejected: Records that could not be loaded, now in ``raw.rejected``.
        type_mismatches: How often a column got a value that does not fit its type.
        version: A fingerprint of all rows that are not removed, and of the records that could not be loaded: the same
            for the same records, in whatever order.
        before: The same of what the table held before.
        absent: Whether the answer did not have the resource, so that the table was left as it is.
        undeclared: How many values were left out because their fields are not declared.
        decoded: Records that were taken apart: of an answer, or a record, that came the same before, none.
    """

    received: int
    loaded: int
    removed: int
    rejected: int
    type_mismatches: Mapping[str, int]
    version: str
    before: str
    absent: bool = False
    undeclared: int = 0
    decoded: int = 0


def unchanged(checkpoint: SyncCheckpoint) -> ResourceResult:
    """Return the result of an answer that is the one before, of which the table holds every record.

    Args:
        checkpoint: What the sync before saw.
    """
    version = checkpoint.version
    if checkpoint.absent:
        return ResourceResult(0, 0, 0, 0, {}, version, version, absent=True)
    return ResourceResult(
        checkpoint.received,
        0,
        0,
        checkpoint.rejected,
        checkpoint.type_mismatches,
        version,
        version,
        undeclared=checkpoint.undeclared,
    )


def changed(changes: Changes, state: TableState) -> ResourceResult:
    """Return the result of an answer that was read.

    Args:
        changes: What it changed.
        state: What the table held before.
    """
    if changes.is_absent:
        return ResourceResult(0, 0, 0, 0, {}, state.version, state.version, absent=True)
    return ResourceResult(
        changes.received,
        changes.upserted,
        len(changes.removed_keys),
        len(changes.rejects),
        changes.type_mismatches,
        changes.version,
        state.version,
        undeclared=changes.undeclared,
        decoded=changes.decoded,
    )

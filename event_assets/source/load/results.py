"""The result of a sync of a table, in numbers and a version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from event_assets.source.load.changes import Changes
from event_assets.source.load.checkpoint import SyncCheckpoint
from event_assets.source.load.table_state import TableState


@dataclass(frozen=True)
class ResourceResult:
    """The result of a sync of one resource.

    Attributes:
        received: Records of the response. Those that were not rejected are the live rows of the table.
        loaded: Records that were written because they are new, changed or returned.
        removed: Rows that were marked as removed.
        rejected: Rejected records, now in ``raw.rejected``.
        type_mismatches: Number of values of another type, by column.
        version: The version of the live rows and rejected records, in any order.
        before: The version before the sync.
        absent: Whether the response did not have the resource, so that the table is unchanged.
        undeclared: Number of values left out because their fields are not declared.
        decoded: Records that were decoded: none of an unchanged response, nor unchanged records of a flat table.
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
    """Return the result of a response that is the one before, of which the table holds every record.

    Args:
        checkpoint: The checkpoint of the previous sync.
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
    """Return the result of a response that was read.

    Args:
        changes: The changes of the response.
        state: The state of the table before the sync.
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

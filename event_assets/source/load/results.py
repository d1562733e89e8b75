"""What a sync did to a table, in numbers and a version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from event_assets.source.load.ledger import Ledger
from event_assets.source.load.remembered import Answer
from event_assets.source.records.intake import Intake


@dataclass(frozen=True)
class ResourceResult:
    """What a sync did to the table of one resource.

    Attributes:
        received: Records in the answer. Those that are not rejected are the table's rows that are not removed.
        loaded: Records that were new, changed or back again, and therefore written.
        removed: Rows that are marked as removed because the answer no longer has them.
        rejected: Records that could not be loaded, now in ``raw.rejected``.
        misfits: How often a column got a value that does not fit its type.
        version: A fingerprint of all rows that are not removed, and of the records that could not be loaded: the same
            for the same records, in whatever order.
        before: The same of what the table held before.
        absent: Whether the answer did not have the resource, so that the table was left as it is.
        undeclared: How many values were left out because their fields are not declared.
    """

    received: int
    loaded: int
    removed: int
    rejected: int
    misfits: Mapping[str, int]
    version: str
    before: str
    absent: bool = False
    undeclared: int = 0


def unchanged(answer: Answer) -> ResourceResult:
    """The result of an answer that is the one before, of which the table holds every record.

    Args:
        answer: What was remembered of it.
    """
    if answer.absent:
        return ResourceResult(0, 0, 0, 0, {}, answer.version, answer.version, absent=True)
    version, undeclared = answer.version, answer.undeclared
    return ResourceResult(
        answer.received, 0, 0, answer.rejected, answer.misfits, version, version, undeclared=undeclared
    )


def result(intake: Intake, gone: Sequence[str] | None, held: Ledger) -> ResourceResult:
    """The result of an answer that was read.

    Args:
        intake: Took it.
        gone: The keys that it no longer has; None where it did not have the resource.
        held: What the table held before.
    """
    if gone is None:
        return ResourceResult(0, 0, 0, 0, {}, held.version, held.version, absent=True)
    rejected, misfits = len(intake.rejects), dict(intake.misfits)
    numbers = (intake.received, intake.passed_on, len(gone), rejected)
    return ResourceResult(*numbers, misfits, intake.version, held.version, undeclared=intake.undeclared)

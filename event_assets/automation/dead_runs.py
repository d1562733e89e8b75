"""Runs whose process is gone while Dagster's records say that they go on: they are told to have failed.

Dagster's default launcher cannot say whether the process of a run is alive, and of `make run` nobody has launched one.
Until its longest time is over, such a run takes the place of the others, and its assets are said to be in progress. But
a run has the warehouse for itself from its first step to its last: where nobody has it, there is no run.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import dagster as dg

from event_assets.warehouse import Warehouse

LONGEST_START = timedelta(minutes=5)
"""For a run to come from its launch, or from its end of waiting, to having the warehouse: seconds, on a slow machine a
minute or two."""

_SENTENCE = (
    "The process of this run is gone: nobody has the warehouse, which a run keeps for itself until it ends. What it "
    "left undone starts again by itself."
)
_UNDER_WAY = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


def end_dead_runs(instance: dg.DagsterInstance, warehouse: Warehouse, silent: timedelta = LONGEST_START) -> None:
    """Report those runs as failed that cannot be alive.

    Args:
        instance: Where they are recorded.
        warehouse: The one that they write.
        silent: For how long they must have recorded nothing. Zero where nothing can have been launched just now.
    """
    before = datetime.now(timezone.utc) - silent
    records = instance.get_run_records(dg.RunsFilter(statuses=_UNDER_WAY))
    suspects = [record.dagster_run.run_id for record in records if _last_sign(instance, record) <= before]
    if suspects and warehouse.is_free():
        for run in map(instance.get_run_by_id, suspects):
            if run and not run.is_finished:  # it may have ended since they were read
                instance.report_run_failed(run, _SENTENCE)


def _last_sign(instance: dg.DagsterInstance, record: dg.RunRecord) -> datetime:
    """When a run has last recorded anything."""
    events = instance.get_records_for_run(record.dagster_run.run_id, limit=1, ascending=False).records
    if not events:
        return record.update_timestamp
    return datetime.fromtimestamp(events[0].timestamp, timezone.utc)

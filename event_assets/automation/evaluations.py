"""What checks have found: which of their results counts, and which one the UI shows.

A run that begins records all its checks as planned. Those of steps that it does not come to stay so, and say nothing of
the table.
"""

from __future__ import annotations

from collections.abc import Iterable

import dagster as dg
from dagster._core.storage.asset_check_execution_record import COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES

_RUNS_AT_ONCE = 5
"""How many runs may have been planned in another order than they went: what was planned last was not checked last."""


def latest_evaluations(
    instance: dg.DagsterInstance, checks: Iterable[dg.AssetCheckKey]
) -> dict[dg.AssetCheckKey, dg.AssetCheckEvaluation]:
    """What each check found when it was last evaluated, by check. Those that never were are left out.

    Args:
        instance: Where it is recorded.
        checks: Which checks.
    """
    found = {}
    for check in checks:
        # The only call that tells results from plans; it is what the check's page in the UI lists. Neither it nor its
        # set of statuses is public. What is missing is a call of the instance for the last evaluations of a check, as
        # `fetch_materializations` is for assets: `get_latest_asset_check_evaluation_record` gives plans as well.
        records = instance.event_log_storage.get_asset_check_execution_history(
            check, limit=_RUNS_AT_ONCE, status=COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES
        )
        events = [record.event for record in records if record.event]
        if events and (latest := max(events, key=lambda event: event.timestamp).dagster_event):
            found[check] = latest.asset_check_evaluation_data
    return found


def shown_result(instance: dg.DagsterInstance, check: dg.AssetCheckKey) -> bool | None:
    """Whether the check has passed, as the UI shows it; None where it shows no result.

    It shows what was recorded last, be it that a run has planned the check and did not come to it.
    """
    record = instance.get_latest_asset_check_evaluation_record(check)
    event = record.event.dagster_event if record and record.event else None
    if event is None or event.event_type is not dg.DagsterEventType.ASSET_CHECK_EVALUATION:
        return None
    return event.asset_check_evaluation_data.passed


def is_being_evaluated(instance: dg.DagsterInstance, check: dg.AssetCheckKey) -> bool:
    """Whether a run is under way, or waits, that will evaluate the check."""
    record = instance.get_latest_asset_check_evaluation_record(check)
    if record is None or shown_result(instance, check) is not None:
        return False
    run = instance.get_run_by_id(record.run_id)
    return run is not None and not run.is_finished

"""What checks have found: which of their results counts, and which one the UI shows.

A run that begins records all its checks as planned. Those of steps that it does not come to stay so, and say nothing of
the table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import dagster as dg
from dagster._core.storage.asset_check_execution_record import COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES

_RUNS_AT_ONCE = 5
"""How many runs may have been planned in another order than they went: what was planned last was not checked last."""


@dataclass(frozen=True)
class Evaluation:
    """One evaluation of a check.

    Attributes:
        found: What it found.
        at: When, as a timestamp.
        number: The storage number of the materialisation that was checked; None if somebody reported a result without
            one. Numbers go up whatever becomes of the clock.
    """

    found: dg.AssetCheckEvaluation
    at: float
    number: int | None

    @classmethod
    def read(cls, event: dg.EventLogEntry | None) -> Evaluation | None:
        """Return the evaluation that an event records; None for another event, such as that a check was planned."""
        recorded = event.dagster_event if event else None
        if event is None or recorded is None or recorded.event_type is not dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            return None
        found = recorded.asset_check_evaluation_data
        target = found.target_materialization_data
        return cls(found, event.timestamp, target.storage_id if target else None)

    def is_before(self, record: dg.EventLogRecord) -> bool:
        """Return whether an asset was materialised after the evaluation.

        Args:
            record: The materialisation of any asset.
        """
        return self.at < record.timestamp if self.number is None else self.number < record.storage_id


def evaluations(instance: dg.DagsterInstance, check: dg.AssetCheckKey) -> list[Evaluation]:
    """Return the latest evaluations of a check, in the order in which they were made.

    Args:
        instance: Where they are recorded.
        check: The check.
    """
    # The only call that tells results from plans; it is what the check's page in the UI lists. Neither it nor its
    # set of statuses is public. What is missing is a call of the instance for the last evaluations of a check, as
    # `fetch_materializations` is for assets: `get_latest_asset_check_evaluation_record` gives plans as well.
    records = instance.event_log_storage.get_asset_check_execution_history(
        check, limit=_RUNS_AT_ONCE, status=COMPLETED_ASSET_CHECK_EXECUTION_RECORD_STATUSES
    )
    made = [found for record in records if (found := Evaluation.read(record.event))]

    def order(evaluation: Evaluation) -> tuple[int, float]:
        number = evaluation.number
        if number is None:  # in its place by the clock, among those that have one
            number = max((each.number for each in made if each.number and each.at <= evaluation.at), default=-1)
        return number, evaluation.at

    return sorted(made, key=order)


def latest_evaluations(
    instance: dg.DagsterInstance, checks: Iterable[dg.AssetCheckKey]
) -> dict[dg.AssetCheckKey, dg.AssetCheckEvaluation]:
    """Return what each check found when it was last evaluated, by check. Those that never were are left out.

    Args:
        instance: Where it is recorded.
        checks: Which checks.
    """
    return {check: latest.found for check, latest in latest_evaluations_with_times(instance, checks).items()}


def latest_evaluations_with_times(
    instance: dg.DagsterInstance, checks: Iterable[dg.AssetCheckKey]
) -> dict[dg.AssetCheckKey, Evaluation]:
    """Return the last evaluation of each check, by check. Those that never were evaluated are left out.

    What was recorded last of each is read at once. It counts where it is of the latest materialisation of its asset;
    only of other checks, the evaluations before it are read as well.

    Args:
        instance: Where it is recorded.
        checks: Which checks.
    """
    recorded = instance.event_log_storage.get_latest_asset_check_execution_by_key([*checks])
    entries = [record.asset_entry for record in instance.get_asset_records([*{check.asset_key for check in recorded}])]
    numbers = {entry.asset_key: made.storage_id for entry in entries if (made := entry.last_materialization_record)}
    latest = {}
    for check, record in recorded.items():
        last = Evaluation.read(record.event)
        if last is None or last.number is None or last.number != numbers.get(check.asset_key):
            last = next(reversed(evaluations(instance, check)), None)
        if last:
            latest[check] = last
    return latest


@dataclass(frozen=True)
class ShownResult:
    """What the UI shows of a check: what was recorded last, be it that a run has planned it and did not come to it.

    Attributes:
        passed: Whether it has passed; None where no result is shown.
        is_being_evaluated: Whether a run is under way, or waits, that will evaluate it.
    """

    passed: bool | None = None
    is_being_evaluated: bool = False


class RecordedResult(NamedTuple):
    """What was recorded last of a check.

    Attributes:
        passed: Whether it has passed; None where a run has only planned it.
        run_id: The run.
    """

    passed: bool | None
    run_id: str


def recorded_results(
    instance: dg.DagsterInstance, checks: Iterable[dg.AssetCheckKey]
) -> dict[dg.AssetCheckKey, RecordedResult]:
    """Return what was recorded last of each check, by check. Those of which nothing is recorded are left out.

    Args:
        instance: Where it is recorded.
        checks: Which checks.
    """
    records = instance.event_log_storage.get_latest_asset_check_execution_by_key([*checks])
    return {
        check: RecordedResult(found.found.passed if (found := Evaluation.read(record.event)) else None, record.run_id)
        for check, record in records.items()
    }


def shown_results(
    instance: dg.DagsterInstance, recorded: Mapping[dg.AssetCheckKey, RecordedResult]
) -> dict[dg.AssetCheckKey, ShownResult]:
    """Return what the UI shows of each check, by check.

    Args:
        instance: Where the runs are recorded.
        recorded: What was recorded last of each check.
    """
    planned = {last.run_id for last in recorded.values() if last.passed is None}
    runs = instance.get_runs(dg.RunsFilter(run_ids=sorted(planned))) if planned else []
    under_way = {run.run_id for run in runs if not run.is_finished}
    return {
        check: ShownResult(last.passed, last.passed is None and last.run_id in under_way)
        for check, last in recorded.items()
    }

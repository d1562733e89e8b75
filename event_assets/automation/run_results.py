"""What runs that have ended came to, out of Dagster's events. Who is alerted is decided in ``failed_runs``."""

from __future__ import annotations

from dataclasses import dataclass, field

import dagster as dg

from event_assets.automation.failures import Failure, has_ended_by_itself, is_failed_check, run_failure, step_failure

_EVENTS = {
    dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
    dg.DagsterEventType.ASSET_MATERIALIZATION,
    dg.DagsterEventType.STEP_SUCCESS,
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.RUN_FAILURE,
}


@dataclass
class RunResult:
    """What a run came to.

    Attributes:
        done: The steps that did what they are for, whatever a check found afterwards.
        failed: Those that did not, and why.
        made: The assets that it made.
        planned: Those that it was to make.
        failure: Why it failed outside its steps, such as without a warehouse; None also where it was killed.
        broke_off: Whether it ended in failure before it was done, whatever its steps had come to by then: it did not
            itself say in the end that steps of it failed.
    """

    done: set[str] = field(default_factory=set)
    failed: dict[str, Failure] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)
    planned: set[str] = field(default_factory=set)
    failure: Failure | None = None
    broke_off: bool = False

    @property
    def left(self) -> set[str]:
        """The assets that it was to make and did not come to."""
        return self.planned - self.made


def run_result(instance: dg.DagsterInstance, run: dg.DagsterRun) -> RunResult:
    """Read what a run that has ended came to.

    Args:
        instance: Where it is recorded.
        run: The run.
    """
    found = RunResult(broke_off=run.status is dg.DagsterRunStatus.FAILURE)
    for record in instance.get_records_for_run(run.run_id, of_type=_EVENTS).records:
        event = record.event_log_entry.get_dagster_event()
        if event.is_step_success or is_failed_check(event):
            found.done.add(event.step_key or "")
        elif event.is_step_failure:
            found.failed[event.step_key or ""] = step_failure(event)
        elif event.event_type is dg.DagsterEventType.RUN_FAILURE:
            found.failure = run_failure(event)
            found.broke_off &= not has_ended_by_itself(event)
        elif event.asset_key:
            is_made = event.event_type is dg.DagsterEventType.ASSET_MATERIALIZATION
            (found.made if is_made else found.planned).add(event.asset_key.to_user_string())
    return found

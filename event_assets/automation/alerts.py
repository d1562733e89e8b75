"""The sensors that tell people when something is wrong and when it is right again: runs, freshness, checks.

Each compares what is wrong now with what was at its last look, which its cursor holds, so that people hear of a trouble
once when it starts and once when it ends. How it is told is in ``messages``.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta, timezone
from typing import TypeAlias

import dagster as dg
import orjson

from event_assets.automation.failures import is_failed_check, step_failure
from event_assets.automation.messages import announce

Troubles: TypeAlias = Mapping[str, str]
"""What is wrong: a sentence by identifier."""

LOOK_SECONDS = 30
OVERLAP = timedelta(seconds=10)
"""How far a look at runs reaches back beyond the one before, so that none falls between two."""

_FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
_ENDS_OF_STEPS = {dg.DagsterEventType.STEP_SUCCESS, dg.DagsterEventType.STEP_FAILURE}


def alert_sensors(assets: Collection[dg.AssetKey], checks: Collection[dg.AssetCheckKey]) -> list[dg.SensorDefinition]:
    """The sensors.

    Args:
        assets: All assets of the code location.
        checks: All their checks.
    """
    return [
        _alert_sensor(
            "alert_on_failed_runs",
            "A run has failed",
            "Tells people when a step of a run fails, and when it succeeds again.",
            failed_steps,
        ),
        _alert_sensor(
            "alert_on_stale_tables",
            "Tables are older than they promise to be",
            "Tells people when a freshness policy is broken, and when it is kept again.",
            lambda instance, *_: stale_tables(instance, assets),
        ),
        _alert_sensor(
            "alert_on_failed_checks",
            "A promise of a table is broken",
            "Tells people when a check of severity ERROR fails, and when it passes again.",
            lambda instance, *_: failed_checks(instance, checks),
        ),
    ]


def failed_steps(instance: dg.DagsterInstance, before: Troubles, since: datetime) -> Troubles:
    """The steps whose last attempt failed, and the jobs whose last run was ended from outside, with the reason.

    Args:
        instance: Where runs are recorded.
        before: Those that were known.
        since: From when on to look.
    """
    now = dict(before)
    for record in instance.get_run_records(
        dg.RunsFilter(statuses=_FINISHED, updated_after=since), order_by="update_timestamp", ascending=True
    ):
        run, killed = record.dagster_run, record.dagster_run.status is dg.DagsterRunStatus.FAILURE
        for ended in instance.get_records_for_run(run.run_id, of_type=_ENDS_OF_STEPS).records:
            event = ended.event_log_entry.get_dagster_event()
            step = event.step_key or ""
            killed &= event.is_step_success
            if event.is_step_success or is_failed_check(event):  # a failed check has an alert of its own
                now.pop(step, None)
            else:
                now[step] = f"{step}: {_reason(event)}"
        name = f"run of {run.job_name.strip('_').lower()}"
        if killed:
            now[name] = f"A {name} was ended before it was done. What it left undone starts again by itself."
        elif run.status is dg.DagsterRunStatus.SUCCESS:
            now.pop(name, None)
    return now


def stale_tables(instance: dg.DagsterInstance, assets: Collection[dg.AssetKey]) -> Troubles:
    """The tables whose freshness policy is broken."""
    states = instance.get_freshness_state_records(list(assets))
    stale = sorted(asset.to_user_string() for asset, state in states.items() if state.freshness_state.value == "FAIL")
    return {name: f"{name} was not brought up to date in time." for name in stale}


def failed_checks(instance: dg.DagsterInstance, checks: Iterable[dg.AssetCheckKey]) -> Troubles:
    """The checks of severity ERROR that failed when they were last evaluated."""
    failed = {}
    for check in checks:
        record = instance.get_latest_asset_check_evaluation_record(check)
        event = record.event.dagster_event if record and record.event else None
        if event is None or event.event_type is not dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            continue  # never evaluated, or planned and not evaluated yet
        evaluation = event.asset_check_evaluation_data
        if not evaluation.passed and evaluation.severity is dg.AssetCheckSeverity.ERROR:
            name = f"{check.asset_key.to_user_string()} {check.name}"
            failed[name] = f"{name}: the check's page in the UI shows the rows."
    return failed


def _alert_sensor(
    name: str,
    heading: str,
    description: str,
    find: Callable[[dg.DagsterInstance, Troubles, datetime], Troubles],
) -> dg.SensorDefinition:
    @dg.sensor(
        name=name,
        description=f"{description} To the log, and to `alerts.webhook_url` where it is set.",
        minimum_interval_seconds=LOOK_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def alert(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        at = datetime.now(timezone.utc)
        known = orjson.loads(context.cursor) if context.cursor else {"since": at.timestamp(), "troubles": {}}
        since = datetime.fromtimestamp(known["since"], timezone.utc) - OVERLAP
        troubles = find(context.instance, known["troubles"], since)
        announce(heading, known["troubles"], troubles)
        cursor = orjson.dumps({"since": at.timestamp(), "troubles": troubles}).decode()
        return dg.SensorResult(skip_reason=" ".join(troubles.values()) or "Nothing is wrong.", cursor=cursor)

    return alert


def _reason(event: dg.DagsterEvent) -> str:
    failure = step_failure(event)
    # The text of an error that nobody foresaw may quote data.
    return failure.told or f"failed unexpectedly ({failure.error}); the run's log says more."

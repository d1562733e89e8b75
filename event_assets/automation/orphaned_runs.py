"""Ends orphaned runs: those that Dagster's records say go on, and whose process is gone. The sensor, and what it calls.

Dagster's default launcher cannot say whether the process of a run is alive, and of `make run` nobody has launched one.
Until its longest time is over, such a run takes the place of the others, and its assets are said to be in progress. But
a run marks itself as alive for as long as its process is: where there is no mark, there is no run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

import dagster as dg

from event_assets.assets.run_events import event_of
from event_assets.automation.clock import is_ahead
from event_assets.settings import Event, SettingsError, read_event
from event_assets.warehouse.engines import configured_engine
from event_assets.warehouse.run_marker import is_alive

LONGEST_START = timedelta(minutes=5)
"""For a run to come from its launch, or from its last step, to being or not being marked as alive: seconds, on a slow
machine a minute or two."""

_SENTENCE = (
    "The process of this run is gone: it is not marked as alive any more, as every run is until it ends. What is still "
    "pending starts again by itself."
)
_NOTE = "The clock was set back after this run had recorded something last. How long it is silent counts from now on."
_DESCRIPTION = """\
Ends runs that Dagster's records say go on though their process is gone, so that they keep no place in the queue and
their assets start again. A run that was launched or has recorded anything in the last five minutes is left alone.
"""
_UNDER_WAY = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


def orphaned_runs_sensor(events: Collection[str] = ("",)) -> dg.SensorDefinition:
    """Return the sensor that ends orphaned runs while the daemon runs. `make ui` and `make run` do it as they start.

    Args:
        events: The names of the events whose runs are looked at.
    """

    @dg.sensor(
        name="end_orphaned_runs",
        description=_DESCRIPTION,
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def look_for_orphaned_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        if context.instance.run_launcher.supports_check_run_worker_health:
            # A run on another machine marks itself there, where nobody here sees it.
            return dg.SkipReason(
                "The run launcher knows whether the process of a run is alive: Dagster ends such runs."
            )
        ended = end_orphaned_runs(context.instance, warehouse_paths(map(read_event, events)))
        names = ", ".join(f"{run.run_id[:8]} of {run.job_name.strip('_').lower()}" for run in ended)
        return dg.SkipReason(f"Ended, because their process is gone: {names}." if names else "No run is orphaned.")

    return look_for_orphaned_runs


def end_orphaned_runs(
    instance: dg.DagsterInstance, warehouses: Mapping[str, Path], silent: timedelta = LONGEST_START
) -> list[dg.DagsterRun]:
    """Report those runs as failed that cannot be alive, and return them.

    Args:
        instance: Where they are recorded.
        warehouses: The file that the runs of each event write. Runs of other events are left alone.
        silent: For how long they must have recorded nothing. Zero where nothing can have been launched just now.
    """
    now = datetime.now(timezone.utc)
    found = instance.get_run_records(dg.RunsFilter(statuses=_UNDER_WAY))
    records = [record for record in found if event_of(record.dagster_run) in warehouses]
    paths = {record.dagster_run.run_id: warehouses[event_of(record.dagster_run)] for record in records}
    signs = {record.dagster_run.run_id: _last_sign(instance, record) for record in records}
    for record in records:
        if is_ahead(signs[record.dagster_run.run_id], now):  # otherwise it would not be silent for days
            instance.report_engine_event(_NOTE, record.dagster_run)
    suspects = [run for run, sign in signs.items() if sign <= now - silent or (not silent and is_ahead(sign, now))]
    orphaned = [run_id for run_id in suspects if not is_alive(paths[run_id], run_id)]
    ended = [run for run in map(instance.get_run_by_id, orphaned) if run and not run.is_finished]
    for run in ended:
        instance.report_run_failed(run, _SENTENCE)
    return ended


def warehouse_paths(events: Iterable[Event]) -> dict[str, Path]:
    """Return the file that the runs of each event write, by its name.

    Raises:
        SettingsError: Of one event alone it cannot be said. Of several, those of which it cannot are left out.
    """
    events = [*events]
    if len(events) == 1:
        return {events[0].name: configured_engine(events[0]).local_path}
    paths = {}
    for event in events:
        with suppress(SettingsError):  # which the event's own runs and sensors report
            paths[event.name] = configured_engine(event).local_path
    return paths


def _last_sign(instance: dg.DagsterInstance, record: dg.RunRecord) -> datetime:
    """When a run has last recorded anything."""
    events = instance.get_records_for_run(record.dagster_run.run_id, limit=1, ascending=False).records
    if not events:
        return record.update_timestamp
    return datetime.fromtimestamp(events[0].timestamp, timezone.utc)

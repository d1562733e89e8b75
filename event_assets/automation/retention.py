"""Deletes what Dagster has recorded and nobody reads any more: old runs with their events, logs and evaluations.

Dagster deletes old ticks by itself (``retention`` in dagster.yaml) and nothing else of these. What this project reads
is kept however old it is: the latest materialisation of each asset with its data version, the latest run that was to
make it, and the latest results of each check.
"""

from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import dagster as dg
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager

from event_assets.assets.run_events import event_of
from event_assets.automation.vacuum import shrink
from event_assets.settings import Event, ReadEvent

PRUNE_STEP = "prune_records"
"""The step of the job."""
CHECK_RESULTS = 5
"""How many of the latest results of each check are kept. As many are read where runs have planned a check and not come
to it."""
RUNS_AT_ONCE = 1000
"""How many runs are deleted at most in one go: it takes a place in the queue of runs."""

_FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_DESCRIPTION = """\
Deletes runs, event logs, condition evaluations and log files that are older than `retention.days`, and shrinks
Dagster's databases. Keeps the runs that hold the latest materialisation of an asset or the latest results of a check.
"""


@dataclass(frozen=True)
class Pruned:
    """What was deleted.

    Attributes:
        runs: How many runs, with their events and logs.
        kept: How many runs are as old and were kept, because something reads them.
        logs: How many log files of sensors and schedules.
        freed: By how many bytes the databases have shrunk.
    """

    runs: int
    kept: int
    logs: int
    freed: int


def prune(
    instance: dg.DagsterInstance,
    checks: Iterable[dg.AssetCheckKey],
    before: datetime,
    events: Collection[str] = ("",),
) -> Pruned:
    """Delete what was recorded before an instant.

    Args:
        instance: Where it is recorded.
        checks: The checks of the code location.
        before: The instant, with a zone.
        events: The events of the code location. What is read of the runs of others is not known here.
    """
    read = runs_that_are_read(instance, checks)
    # So many more, or the oldest ones, which stay, could be all that is looked at.
    old = instance.get_run_records(
        dg.RunsFilter(statuses=_FINISHED, created_before=before), limit=RUNS_AT_ONCE + len(read), ascending=True
    )
    ids = [record.dagster_run.run_id for record in old if event_of(record.dagster_run) in events]
    deleted = [run_id for run_id in ids if run_id not in read][:RUNS_AT_ONCE]
    home = Path(instance.root_directory)
    for run_id in deleted:
        instance.delete_run(run_id)
        instance.compute_log_manager.delete_logs(prefix=[run_id])
        for file in (home / "history" / "runs").glob(f"{run_id}.db*"):  # the run's events, which Dagster only empties
            file.unlink(missing_ok=True)
    storage = instance.schedule_storage
    if storage and storage.supports_auto_materialize_asset_evaluations:
        storage.purge_asset_evaluations(before=before.timestamp())
    logs = _delete_tick_logs(instance, before)
    return Pruned(len(deleted), sum(run_id in read for run_id in ids), logs, shrink(home))


def runs_that_are_read(instance: dg.DagsterInstance, checks: Iterable[dg.AssetCheckKey]) -> set[str]:
    """Return the runs, however old, of which something is read: by the conditions, `make run`, the alerts and the UI.

    Args:
        instance: Where they are recorded.
        checks: The checks of the code location.
    """
    found: set[str] = set()
    for record in instance.get_asset_records(list(instance.all_asset_keys())):
        entry = record.asset_entry
        made = entry.last_materialization_record
        runs = (entry.last_run_id, entry.last_planned_materialization_run_id, made and made.run_id)
        found |= {run for run in runs if run}
    for check in checks:
        history = instance.event_log_storage.get_asset_check_execution_history(check, limit=CHECK_RESULTS)
        found |= {execution.run_id for execution in history}
    return found


def prune_job(checks: Iterable[dg.AssetCheckKey], read: ReadEvent, events: Collection[str] = ("",)) -> dg.JobDefinition:
    """Return the job that deletes what is older than ``retention.days``.

    Args:
        checks: The checks of the code location.
        read: Reads the event when the job runs.
        events: The names of the events of the code location.
    """
    checks = [*checks]

    @dg.op(name=PRUNE_STEP, description=_DESCRIPTION)
    def prune_records(context: dg.OpExecutionContext) -> None:
        days = read().retention.days
        done = prune(context.instance, checks, datetime.now(timezone.utc) - timedelta(days=days), events)
        context.log.info(
            f"Deleted {done.runs} runs that are older than {days} days, kept {done.kept} of which something is read, "
            f"and deleted {done.logs} log files of sensors. Dagster's databases are {done.freed / 1e6:.1f} MB smaller."
        )

    @dg.job(name="prune_dagster_records", description=_DESCRIPTION)
    def prune_dagster_records() -> None:
        prune_records()

    return prune_dagster_records


def prune_daily(job: dg.JobDefinition, event: Event) -> dg.ScheduleDefinition:
    """Return the schedule of the job: at night, and not when everything is synced.

    Args:
        job: The job.
        event: Its time zone counts.

    Raises:
        SettingsError: A setting cannot be used.
    """
    return dg.ScheduleDefinition(
        name="prune_dagster_records_daily",
        job=job,
        cron_schedule="17 3 * * *",
        execution_timezone=event.dates.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Deletes Dagster's old records once a day, at 03:17 in the event's zone.",
    )


def _delete_tick_logs(instance: dg.DagsterInstance, before: datetime) -> int:
    """Delete the log files of ticks, which Dagster leaves when it deletes a tick. Return how many there were.

    Only where they are files: no other store says how old a log is.
    """
    manager = instance.compute_log_manager
    if not isinstance(manager, LocalComputeLogManager):
        return 0
    deleted = 0
    folder = Path(manager.get_captured_local_path(["any"], "err")).parent
    for path in folder.glob("*/*/*"):  # repository, sensor, tick; those of runs lie one level deeper
        with suppress(FileNotFoundError):
            if path.suffix in {".err", ".out", ".complete"} and path.stat().st_mtime < before.timestamp():
                path.unlink()
                deleted += 1
    return deleted

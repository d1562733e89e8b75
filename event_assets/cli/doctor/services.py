"""Examines Dagster: its records, daemon and webserver, the sensors, the latest syncs and failed runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import click
import dagster as dg
import requests

from event_assets.automation.sensor_health import intervals_of, sick_sensors, silent_sensors
from event_assets.automation.table_status import read_statuses
from event_assets.cli.doctor.findings import Finding, fault, note, ok
from event_assets.cli.home import open_instance, prepare_dagster_home
from event_assets.cli.home_files import check_databases
from event_assets.settings import Event, dagster_home

WEBSERVER_SECONDS = 5
FAILED_RUNS = timedelta(days=1)
"""How far back failed runs are looked for."""
_START = "Start it: `event-assets ui`, or the service that runs it. Until then nothing starts by itself."


def dagster(events: Sequence[Event], repository: dg.RepositoryDefinition, now: datetime) -> Iterator[Finding]:
    """Yield what Dagster's records say of its processes and runs.

    Args:
        events: As they are configured.
        repository: Their sensors and schedules.
        now: The time now, with a zone.

    Raises:
        SettingsError: A setting cannot be used.
    """
    home = dagster_home()
    if not (home / "dagster.yaml").exists():
        yield note("dagster", f"Nothing is recorded yet in {home}.", "Sync once: `event-assets run`.")
        return
    try:
        check_databases(home)
        prepare_dagster_home(events[0].retention, len(events))
        with open_instance() as instance:
            yield ok("dagster", f"Its records in {home} can be read.")
            yield from _daemon(instance, now)
            yield from _sensors(instance, intervals_of(repository), now)
            yield from _runs(instance, now)
    except click.ClickException as error:
        yield fault("dagster", error.message)


def _daemon(instance: dg.DagsterInstance, now: datetime) -> Iterator[Finding]:
    statuses = instance.get_daemon_statuses()
    if not any(status.last_heartbeat for status in statuses.values()):
        yield note("daemon", "It has never run here.", _START)
        return
    silent = {name: status for name, status in statuses.items() if status.required and not status.healthy}
    if not silent:
        yield ok("daemon", "It runs.")
        return
    for name, status in silent.items():
        beat = status.last_heartbeat
        since = f"for {(now.timestamp() - beat.timestamp) / 60:.0f} minutes" if beat else "ever"
        errors = "; it reports an error" if beat and beat.errors else ""
        yield fault("daemon", f"{name} has given no sign {since}{errors}.", _START)


def _sensors(instance: dg.DagsterInstance, intervals: dict[str, int], now: datetime) -> Iterator[Finding]:
    sick = {**silent_sensors(instance, intervals, None, now), **sick_sensors(instance, intervals, None)}
    for sentence in sick.values():
        yield fault("sensors", sentence, "Open *Automation* in the UI, then the sensor's latest tick.")
    if not sick:
        yield ok("sensors", "None fails.")


def _runs(instance: dg.DagsterInstance, now: datetime) -> Iterator[Finding]:
    failed = instance.get_run_records(
        dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], updated_after=now - FAILED_RUNS), limit=100
    )
    going_on = instance.get_runs_count(
        dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING])
    )
    queued = instance.get_runs_count(dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED]))
    said = f"{going_on} under way, {queued} waiting, {len(failed)} failed within a day."
    if failed:
        latest = failed[0].dagster_run.run_id[:8]
        yield note(
            "runs", said, f"See why: run {latest} in the UI under *Runs*. What is pending is repeated by itself."
        )
    else:
        yield ok("runs", said)


def syncs(event: Event, now: datetime) -> Iterator[Finding]:
    """Yield how old the raw tables of an event are, as Dagster's records have it.

    Args:
        event: As it is configured.
        now: The time now, with a zone.

    Raises:
        SettingsError: A setting cannot be used.
    """
    home = dagster_home()
    try:
        check_databases(home)
    except click.ClickException:  # which the finding `dagster` says
        return
    if not (home / "dagster.yaml").exists():
        return
    with open_instance() as instance:
        statuses = read_statuses(instance, [], event, now)
    ages = {name: now - status.built_at for name, status in statuses.items() if status.built_at}
    if not ages:
        yield note("syncs", "No table was ever synced.", "Sync once: `event-assets run`.")
        return
    windows = {name: status.fails_after or timedelta.max for name, status in statuses.items()}
    late = sorted(name for name, age in ages.items() if age > windows[name])
    never = sorted(statuses.keys() - ages.keys())
    oldest = max(ages.values())
    if late:
        yield fault(
            "syncs",
            f"Older than their freshness window: {', '.join(late)}; the oldest was synced {_minutes(oldest)} ago.",
            "See the findings `api` and `daemon`; sync by hand: `event-assets run`.",
        )
    else:
        yield ok("syncs", f"All are within their freshness window; the oldest was synced {_minutes(oldest)} ago.")
    if never:
        yield note("syncs", f"Never synced: {', '.join(never)}.", "The next sync brings them.")


def _minutes(age: timedelta) -> str:
    minutes = age.total_seconds() / 60
    return f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.0f} hours"


def webserver(event: Event) -> Iterator[Finding]:
    """Yield whether the webserver answers at the configured address.

    Args:
        event: Where people look.

    Raises:
        SettingsError: A setting cannot be used.
    """
    address = event.ui.address
    try:
        answer = requests.get(f"{address}/server_info", timeout=WEBSERVER_SECONDS, allow_redirects=False)
        version = answer.json()["dagster_webserver_version"]
    except (requests.RequestException, ValueError, KeyError) as error:
        yield note("webserver", f"It gives no answer at {address} ({type(error).__name__}).", _WEBSERVER)
    else:
        yield ok("webserver", f"Dagster {version} answers at {address}.")


_WEBSERVER = "If it should run, start it. If it listens elsewhere, set `address` in the section [ui]."

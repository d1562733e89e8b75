"""Which of the project's own sensors and schedules fail, or look no more. Dagster alerts nobody of that (#29625).

A sensor of the same daemon can report this of the others, but not that the daemon is gone: `event-assets doctor` does.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import dagster as dg
from dagster._core.scheduler.instigation import InstigatorState, InstigatorType, TickStatus

from event_assets.automation.troubles import Found

FAILURES = 2
"""How many looks in a row must have failed: one may be cut off by a reload, and the next one repeats it."""
SILENT = timedelta(minutes=10)
"""For how long a sensor must not have looked, and for five times its interval: a look may take a minute, or wait."""
_INTERVALS = 5
_AWAY = timedelta(minutes=5)
"""After how long without a look of its own a watch begins again: then the daemon was away, and so were all sensors."""


def sick_sensors(instance: dg.DagsterInstance, intervals: Mapping[str, int], location: str | None) -> dict[str, str]:
    """Return the sensors and schedules whose latest looks failed: a sentence by name.

    Args:
        instance: Where looks are recorded.
        intervals: The names of the sensors and schedules that there are; others are of an earlier release.
        location: The name of their code location; None for whichever.
    """
    sick = {}
    for state in _states(instance, intervals, location):
        ticks = instance.get_ticks(
            state.instigator_origin_id,
            state.selector_id,
            limit=FAILURES,
            statuses=[TickStatus.SKIPPED, TickStatus.SUCCESS, TickStatus.FAILURE],
        )
        # A schedule looks once a day: nobody waits for a second time.
        enough = FAILURES if state.instigator_type is InstigatorType.SENSOR else 1
        if len(ticks) >= enough and all(tick.status is TickStatus.FAILURE for tick in ticks[:enough]):
            error = ticks[0].error
            kind = (error.cls_name or "an error") if error else "an error"
            sick[state.name] = f"{state.name} fails at each look ({kind}). Its latest tick in the UI says more."
    return sick


def silent_sensors(
    instance: dg.DagsterInstance, intervals: Mapping[str, int], location: str | None, now: datetime
) -> dict[str, str]:
    """Return the sensors that are on and have not looked for long: a sentence by name.

    Args:
        instance: Where looks are recorded.
        intervals: Seconds from look to look, by the name of the sensor; 0 for what looks by the clock.
        location: The name of their code location; None for whichever.
        now: The time now, with a zone.
    """
    silent = {}
    for state in _states(instance, intervals, location):
        interval = timedelta(seconds=intervals[state.name])
        data: Any = state.instigator_data  # the classes are not public
        last = getattr(data, "last_tick_timestamp", None)
        if interval and last and state.instigator_type is InstigatorType.SENSOR:
            age = now - datetime.fromtimestamp(last, timezone.utc)
            if age > max(SILENT, _INTERVALS * interval):
                minutes = age.total_seconds() / 60
                silent[state.name] = f"{state.name} has not looked for {minutes:.0f} minutes. Restart the daemon."
    return silent


def sensors_in_trouble(
    instance: dg.DagsterInstance,
    intervals: Mapping[str, int],
    location: str | None,
    before: Found,
    since: datetime,
    now: datetime,
) -> Found:
    """Find the sensors and schedules that fail or do not look, for the alert.

    What has not looked while the daemon was away is given time to look again.

    Args:
        instance: Where looks are recorded.
        intervals: Seconds from look to look, by name; 0 for what looks by the clock.
        location: The name of their code location; None for whichever.
        before: What was known.
        since: When the alert looked last.
        now: The time now, with a zone.
    """
    watching = datetime.fromtimestamp(before.state.get("watching_since", now.timestamp()), timezone.utc)
    if now - since > _AWAY or watching > now:
        watching = now
    troubles = sick_sensors(instance, intervals, location)
    if now - watching > SILENT:
        troubles = {**silent_sensors(instance, intervals, location, now), **troubles}
    return Found(troubles, state={"watching_since": watching.timestamp()})


def intervals_of(repository: dg.RepositoryDefinition) -> dict[str, int]:
    """Return the seconds from look to look of all sensors, and 0 of all schedules, by name."""
    sensors = {each.name: each.minimum_interval_seconds or 30 for each in repository.sensor_defs}
    return {**sensors, **{each.name: 0 for each in repository.schedule_defs}}


def _states(instance: dg.DagsterInstance, names: Collection[str], location: str | None) -> Collection[InstigatorState]:
    """Return the records of those that are on."""
    return [
        state
        for state in instance.all_instigator_state()
        if state.name in names and state.is_running and location in (None, _location(state))
    ]


def _location(state: InstigatorState) -> str:
    return state.origin.repository_origin.code_location_origin.location_name

"""Puts the code location together, and does nothing else."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timezone
from functools import cache, partial

import dagster as dg

from event_assets.assets.across import build_archives, build_cross_event_assets
from event_assets.assets.resources import EventApiResource, WarehouseResource
from event_assets.automation.across import automate_across
from event_assets.automation.event_part import EventPart, Project, build_event
from event_assets.automation.freshness import phase_of
from event_assets.automation.orphaned_runs import orphaned_runs_sensor
from event_assets.automation.phase_sensor import phase_sensor
from event_assets.automation.phases import Phase
from event_assets.automation.retention import prune_daily, prune_job
from event_assets.garbage import made_to_stay
from event_assets.settings import Event, SettingsError, read_event, read_events

logger = logging.getLogger(__name__)


def build_definitions(event: Event, pools: bool = True) -> dg.Definitions:
    """The code location of one event alone. See `build_all`."""
    return build_all([event], pools)


def build_all(events: Sequence[Event], pools: bool = True, across: Sequence[Event] = ()) -> dg.Definitions:
    """The code location of some events.

    Steps run one after another in the run's own process: each writes the same DuckDB file, and a process of its own
    would cost every step seconds of imports.

    Args:
        events: As they are configured when the definitions load. What may change while they are loaded, such as the
            token, runs and sensors read when they need it. Of several, one that cannot be used is left out until it
            can; past ones have nothing that is synced or built.
        pools: Whether what writes has concurrency pools; not for runs that no daemon looks after.
        across: The events whose tables across them are in this code location; none, where another one has these.

    Raises:
        SettingsError: A setting of the only event cannot be used, where there are no tables across events.
        ModelError: A model is wrong.
    """
    parse, now = cache(Project.of), datetime.now(timezone.utc)
    alone = len(events) == 1 and len(across) < 2
    parts: list[EventPart] = []
    phases: dict[str, Phase | None] = {}
    for event in events:
        if event.is_archived(now):
            continue
        try:
            parts.append(build_event(event, parse(event.resources), now, pools=pools, alone=alone))
            phases[event.name] = phase_of(event, now)
        except SettingsError as error:
            if alone:
                raise
            phases[event.name] = None
            logger.error("The event %s is left out until its settings can be used: %s", event.label, error)
    pruning = prune_job([key for part in parts for key in part.check_keys], read_event, [*phases])
    first = next((event for event in events if phases.get(event.name)), Event({}))
    sensors = [phase_sensor(phases), orphaned_runs_sensor([*phases])] if phases else []
    tables_across, sensors_across = _across(across, now, alone)
    return dg.Definitions(
        assets=[*(each for part in parts for each in part.assets), *tables_across, *build_archives(events, now)],
        asset_checks=[each for part in parts for each in part.checks],
        jobs=[*(each for part in parts for each in part.jobs), pruning],
        schedules=[*(part.schedule for part in parts), prune_daily(pruning, first)],
        sensors=[*(each for part in parts for each in part.sensors), *sensors_across, *sensors],
        resources={
            "event_api": EventApiResource(),
            "warehouse": WarehouseResource(),
            # No step hands a value to another. Dagster's own would let a run's config say where it writes files.
            "io_manager": dg.IOManagerDefinition(lambda _: dg.InMemoryIOManager(), config_schema={}),
        },
        executor=dg.in_process_executor,
    )


def _across(
    events: Sequence[Event], now: datetime, alone: bool
) -> tuple[Sequence[dg.AssetsDefinition], Sequence[dg.SensorDefinition]]:
    try:
        return automate_across(build_cross_event_assets(events, now, partial(read_events, False)))
    except SettingsError as error:
        if alone:
            raise
        logger.error("The tables across events are left out until the settings can be used: %s", error)
        return [], []


@cache
def configured() -> tuple[tuple[Event, ...], dg.Definitions]:
    """The events as they are configured, and their code location: built once for all that ask in this process.

    Raises:
        SettingsError: A setting cannot be used.
        ModelError: A model is wrong.
    """
    with made_to_stay():
        events, everywhere = read_events(), read_events(of_the_location=False)
        # Of several code locations, that of the first event has the tables across them.
        has_first = bool(events) and events[0].name == everywhere[0].name
        return events, build_all(events, across=everywhere if has_first else ())


@dg.definitions
def defs() -> dg.Definitions:
    """What Dagster loads, two or three times in a process.

    Not built when the module is imported: the command line builds its own.
    """
    return configured()[1]

"""Puts the code location together, and does nothing else."""

from __future__ import annotations

from datetime import datetime, timezone
from functools import cache

import dagster as dg

from event_assets.assets.checks import build_raw_checks
from event_assets.assets.event_page import build_event_page
from event_assets.assets.keys import raw_columns
from event_assets.assets.lineage import describe_use
from event_assets.assets.metadata import WAREHOUSE_POOL
from event_assets.assets.models import build_model_assets, project_models
from event_assets.assets.published import build_published_copy
from event_assets.assets.raw import build_raw_assets
from event_assets.assets.resources import EventApiResource, WarehouseResource
from event_assets.assets.site import build_catalogue
from event_assets.assets.site_files import build_files
from event_assets.automation.alerts import alert_sensors
from event_assets.automation.change_sensor import change_sensor
from event_assets.automation.conditions import CheckWithAsset, Planning, auto_materialize
from event_assets.automation.declare import apply_automation
from event_assets.automation.freshness import phase_of
from event_assets.automation.graph import Graph
from event_assets.automation.jobs import endpoint_jobs, refresh_everything
from event_assets.automation.openlineage import openlineage_sensors
from event_assets.automation.orphaned_runs import orphaned_runs_sensor
from event_assets.automation.phase_sensor import phase_sensor
from event_assets.automation.retention import PRUNE_STEP, prune_daily, prune_job
from event_assets.automation.schedules import daily_sync
from event_assets.automation.table_status import read_statuses
from event_assets.automation.up_to_date import up_to_date_checks, up_to_date_sensor
from event_assets.models.lineage import Lineage
from event_assets.settings import Event, read_event
from event_assets.source.tables.more import tables_of
from event_assets.warehouse import SUMMARY
from event_assets.warehouse.engines import engine_class


def build_definitions(event: Event, pool: str | None = WAREHOUSE_POOL) -> dg.Definitions:
    """The code location of an event.

    Steps run one after another in the run's own process: each writes the same DuckDB file, and a process of its own
    would cost every step seconds of imports.

    Args:
        event: As it is configured when the definitions load. What may change while they are loaded, such as the token,
            runs and sensors read when they need it.
        pool: The concurrency pool of everything that writes; None for runs that no daemon looks after.

    Raises:
        SettingsError: A setting cannot be used.
        ModelError: A model is wrong.
    """
    raw = tables_of(event.resources)
    models, engine = project_models(raw), engine_class(event.destination)
    lineage = Lineage(models, raw_columns(raw))
    tables = [
        *build_raw_assets(pool, raw),
        *build_model_assets(models, event.dates.timezone, engine, lineage, pool, raw),
    ]
    tables = describe_use(tables, models, lineage, event.ui.site_address)
    keys = [key for each in tables for key in each.keys]
    personal_data = event.published.personal_data
    copy = build_published_copy(keys, models, lineage, engine=engine, personal_data=personal_data, pool=pool, raw=raw)
    pages = [
        build_catalogue(models, read_statuses),
        build_event_page(models, event.ui.site_address, pool),
        build_files(models, pool),
    ]
    assets, now = [*tables, copy, *pages], datetime.now(timezone.utc)
    planning = Planning(graph := Graph.of(assets))
    assets, checked = apply_automation(assets, planning, event, now), CheckWithAsset(planning)
    summaries = [key for key in keys if key.path[0] == SUMMARY]
    checks = [*build_raw_checks(pool, checked, raw), up_to_date_checks(graph, summaries, checked)]
    check_keys = [key for each in [*assets, *checks] for key in each.check_keys]
    pruning = prune_job(check_keys, read_event)
    steps = {each.op.name: [*each.keys] for each in assets} | {each.op.name: [] for each in checks}
    steps[PRUNE_STEP] = []
    return dg.Definitions(
        assets=assets,
        asset_checks=checks,
        jobs=[refresh_everything, *endpoint_jobs(raw), pruning],
        schedules=[daily_sync(event), prune_daily(pruning, event)],
        sensors=[
            auto_materialize(),
            change_sensor(graph, event),
            up_to_date_sensor(graph, summaries),
            phase_sensor(phase_of(event, now)),
            orphaned_runs_sensor(),
            *alert_sensors(graph, check_keys, steps),
            *openlineage_sensors(event, steps, models, lineage),
        ],
        resources={
            "event_api": EventApiResource(),
            "warehouse": WarehouseResource(),
            # No step hands a value to another. Dagster's own would let a run's config say where it writes files.
            "io_manager": dg.IOManagerDefinition(lambda _: dg.InMemoryIOManager(), config_schema={}),
        },
        executor=dg.in_process_executor,
    )


@cache
def configured() -> tuple[Event, dg.Definitions]:
    """The event as it is configured, and its code location: built once for all that ask in this process.

    Raises:
        SettingsError: A setting cannot be used.
        ModelError: A model is wrong.
    """
    event = read_event()
    return event, build_definitions(event)


@dg.definitions
def defs() -> dg.Definitions:
    """What Dagster loads, two or three times in a process.

    Not built when the module is imported: the command line builds its own.
    """
    return configured()[1]

"""`event-assets run`, after the events: the tables across them once, in this process."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone

import click
import dagster as dg

from event_assets.assets.across import build_cross_event_assets
from event_assets.automation.failures import is_failed_check, step_failure
from event_assets.cli.home import open_instance
from event_assets.cli.terminal import terminal_logger
from event_assets.settings import Event, SettingsError

_JOB = "build_tables_across_events"


def build_across(events: Sequence[Event]) -> list[str]:
    """Build the tables across events from their published copies, if there are several; return why that failed.

    Args:
        events: All events.
    """
    try:
        assets = build_cross_event_assets(events, datetime.now(timezone.utc), lambda: events, pool=None)
    except SettingsError as error:
        return [f"The tables across events stay as they are: {error}"]
    if not assets:
        return []
    click.echo("\nTables across events")
    job = dg.Definitions(
        assets=assets,
        jobs=[dg.define_asset_job(_JOB, dg.AssetSelection.assets(*(key for each in assets for key in each.keys)))],
        loggers={"terminal": terminal_logger},
        executor=dg.in_process_executor,
    ).resolve_job_def(_JOB)
    with open_instance() as instance:
        run = job.execute_in_process(
            instance=instance, run_config=dg.RunConfig(loggers={"terminal": {}}), raise_on_error=False
        )
    failed = [step_failure(event) for event in run.all_events if event.is_step_failure and not is_failed_check(event)]
    return [f"The tables across events stay as they are: {each.user_message or each.message}" for each in failed]

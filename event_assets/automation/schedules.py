"""What starts by the clock."""

from __future__ import annotations

import dagster as dg

from event_assets.automation.jobs import refresh_everything
from event_assets.settings import daily_sync_time, event_timezone


def daily_sync() -> dg.ScheduleDefinition:
    """Everything once a day, whatever sensors and conditions have done: what they might miss is put right here.

    Raises:
        SettingsError: A setting cannot be used.
    """
    hour, minute = daily_sync_time()
    return dg.ScheduleDefinition(
        name="sync_everything_daily",
        job=refresh_everything,
        cron_schedule=f"{minute} {hour} * * *",
        execution_timezone=event_timezone(),
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=(
            f"Syncs and builds everything once a day, at {hour:02}:{minute:02} in the event's zone. A safety net: what "
            "changes is synced when it does."
        ),
    )

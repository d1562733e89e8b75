"""What starts by the clock."""

from __future__ import annotations

import dagster as dg

from event_assets.automation.jobs import refresh_everything
from event_assets.settings import Event


def daily_sync(event: Event) -> dg.ScheduleDefinition:
    """Everything once a day, whatever sensors and conditions have done: what they might miss is put right here.

    Args:
        event: Its time zone and schedule count.

    Raises:
        SettingsError: A setting cannot be used.
    """
    at = event.schedule.daily_sync
    return dg.ScheduleDefinition(
        name="sync_everything_daily",
        job=refresh_everything,
        cron_schedule=f"{at.minute} {at.hour} * * *",
        execution_timezone=event.dates.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=(
            f"Syncs and builds everything once a day, at {at:%H:%M} in the event's zone. A safety net: what "
            "changes is synced when it does."
        ),
    )

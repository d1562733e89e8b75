"""What starts by the clock."""

from __future__ import annotations

import dagster as dg

from event_assets.assets.keys import EventNames
from event_assets.automation.jobs import refresh_everything
from event_assets.settings import Event


def daily_sync(event: Event, job: dg.UnresolvedAssetJobDefinition | None = None) -> dg.ScheduleDefinition:
    """Everything once a day, whatever sensors and conditions have done: what they might miss is put right here.

    Args:
        event: Its time zone and schedule count.
        job: The one that syncs everything of it.

    Raises:
        SettingsError: A setting cannot be used.
    """
    at = event.schedule.daily_sync
    return dg.ScheduleDefinition(
        name=EventNames(event.name).of("sync_everything_daily"),
        job=job or refresh_everything(),
        cron_schedule=f"{at.minute} {at.hour} * * *",
        execution_timezone=event.dates.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=(
            f"Syncs and builds everything once a day, at {at:%H:%M} in the event's zone. A safety net: what "
            "changes is synced when it does."
        ),
    )

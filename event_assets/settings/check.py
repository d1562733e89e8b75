"""All settings at once, for who begins something that would fail late because of one of them."""

from __future__ import annotations

from event_assets.settings.automation import (
    alert_webhook_url,
    change_poll_seconds,
    dagster_ui_address,
    daily_sync_time,
    freshness_settings,
)
from event_assets.settings.event import event_period, event_timezone
from event_assets.settings.places import (
    lock_wait_seconds,
    published_path,
    published_personal_data,
    warehouse_memory_limit,
    warehouse_path,
)
from event_assets.settings.source import (
    event_api_settings,
    has_api_token,
    privacy_settings,
    removal_settings,
    retry_settings,
)


def check_settings() -> None:
    """Read every setting, so that a wrong one is told before anything is asked for or moved.

    The address of the API counts where there is a token: without one, the commands use the sandbox.

    Raises:
        SettingsError: A setting cannot be used; the first one that is found.
    """
    for read in (
        event_timezone,
        event_period,
        freshness_settings,
        daily_sync_time,
        change_poll_seconds,
        alert_webhook_url,
        dagster_ui_address,
        warehouse_path,
        published_path,
        published_personal_data,
        lock_wait_seconds,
        warehouse_memory_limit,
        retry_settings,
        removal_settings,
        privacy_settings,
    ):
        read()
    if has_api_token():
        event_api_settings()

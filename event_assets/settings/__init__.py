"""The one reader of configuration.

Everything comes from dlt's providers (environment, ``.dlt/secrets.toml``, ``.dlt/config.toml``) and is read when it is
asked for, never at import. Nothing else in the package reads the environment or these files; what a setting is for
belongs to whoever uses it.
"""

from event_assets.settings.automation import (
    FreshnessSettings,
    alert_webhook_url,
    change_poll_seconds,
    dagster_ui_address,
    daily_sync_time,
    freshness_settings,
)
from event_assets.settings.check import check_settings
from event_assets.settings.event import EventPeriod, event_period, event_timezone
from event_assets.settings.places import (
    dagster_home,
    lock_wait_seconds,
    published_path,
    published_personal_data,
    run_folder,
    warehouse_memory_limit,
    warehouse_path,
)
from event_assets.settings.reading import SettingsError
from event_assets.settings.source import (
    MIN_SECRET_LENGTH,
    EventApiSettings,
    PersonalData,
    PrivacySettings,
    RemovalSettings,
    RetrySettings,
    event_api_settings,
    has_api_token,
    privacy_settings,
    removal_settings,
    retry_settings,
)

__all__ = [
    "MIN_SECRET_LENGTH",
    "EventApiSettings",
    "EventPeriod",
    "FreshnessSettings",
    "PersonalData",
    "PrivacySettings",
    "RemovalSettings",
    "RetrySettings",
    "SettingsError",
    "alert_webhook_url",
    "change_poll_seconds",
    "check_settings",
    "dagster_home",
    "dagster_ui_address",
    "daily_sync_time",
    "event_api_settings",
    "event_period",
    "event_timezone",
    "freshness_settings",
    "has_api_token",
    "lock_wait_seconds",
    "privacy_settings",
    "published_path",
    "published_personal_data",
    "removal_settings",
    "retry_settings",
    "run_folder",
    "warehouse_memory_limit",
    "warehouse_path",
]

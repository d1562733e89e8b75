"""The one reader of configuration.

Everything comes from dlt's providers (environment, ``.dlt/secrets.toml``, ``.dlt/config.toml``) and is read when it is
asked for, never at import. Nothing else in the package reads the environment or these files. ``read_event`` reads; who
works is handed the ``Event``, or the section of it that is needed.
"""

from event_assets.settings.api import (
    MIN_SECRET_LENGTH,
    EventApiSettings,
    PersonalData,
    PrivacySettings,
    RemovalSettings,
    ResourceSettings,
    RetrySettings,
)
from event_assets.settings.automation import (
    AlertSettings,
    FreshnessSettings,
    RetentionSettings,
    ScheduleSettings,
    UiSettings,
)
from event_assets.settings.dates import DateSettings, EventPeriod
from event_assets.settings.declaring import SettingsError
from event_assets.settings.ducklake import DuckLakeSettings
from event_assets.settings.event import MAIN, Event, ReadEvent
from event_assets.settings.events import find_event, read_event, read_events
from event_assets.settings.lake import LakeSettings
from event_assets.settings.openlineage import OpenLineageSettings
from event_assets.settings.paths import dagster_home, run_folder
from event_assets.settings.site import SiteSettings
from event_assets.settings.spark import SparkSettings
from event_assets.settings.warehouse import (
    DESTINATIONS,
    DestinationSettings,
    PostgresSettings,
    PublishedSettings,
    WarehouseSettings,
)

__all__ = [
    "DESTINATIONS",
    "MAIN",
    "MIN_SECRET_LENGTH",
    "AlertSettings",
    "DateSettings",
    "DestinationSettings",
    "DuckLakeSettings",
    "Event",
    "EventApiSettings",
    "EventPeriod",
    "FreshnessSettings",
    "LakeSettings",
    "OpenLineageSettings",
    "PersonalData",
    "PostgresSettings",
    "PrivacySettings",
    "PublishedSettings",
    "ReadEvent",
    "RemovalSettings",
    "ResourceSettings",
    "RetentionSettings",
    "RetrySettings",
    "ScheduleSettings",
    "SettingsError",
    "SiteSettings",
    "SparkSettings",
    "UiSettings",
    "WarehouseSettings",
    "dagster_home",
    "find_event",
    "read_event",
    "read_events",
    "run_folder",
]

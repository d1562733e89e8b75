"""One event as a value: all its settings, read at one moment and handed down.

Nothing below reads a setting by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias, TypeVar, cast

from event_assets.settings.api import (
    EventApiSettings,
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
from event_assets.settings.dates import DateSettings
from event_assets.settings.declaring import Path, Section, SettingsError
from event_assets.settings.ducklake import DuckLakeSettings
from event_assets.settings.lake import LakeSettings
from event_assets.settings.openlineage import OpenLineageSettings
from event_assets.settings.site import SiteSettings
from event_assets.settings.spark import SparkSettings
from event_assets.settings.warehouse import DestinationSettings, PostgresSettings, PublishedSettings, WarehouseSettings

SECTIONS: tuple[type[Section], ...] = (
    EventApiSettings,
    ResourceSettings,
    PrivacySettings,
    RemovalSettings,
    DateSettings,
    FreshnessSettings,
    ScheduleSettings,
    DestinationSettings,
    WarehouseSettings,
    PostgresSettings,
    DuckLakeSettings,
    SparkSettings,
    LakeSettings,
    PublishedSettings,
    SiteSettings,
    AlertSettings,
    OpenLineageSettings,
    UiSettings,
    RetrySettings,
    RetentionSettings,
)
"""All settings of the project, in the order in which people read them."""

MAIN = "event"
"""What the event of [event] is called where the others go by their names."""

_OF_ITSELF: tuple[Path, ...] = (("sources", "event_api"), ("event",))
"""The sections whose settings stand in that of the event itself, if it is one of [events]."""

_AnySection = TypeVar("_AnySection", bound=Section)


@dataclass(frozen=True)
class Event:
    """An event, as it was configured when it was read.

    A section that cannot be used stops those who need it and nobody else: a slip made while doors are open, in where
    the copy lies, must not end the syncs. So each section is there as it is, or as the error that says what is wrong.

    Attributes:
        sections: What was read; what is not in it has its defaults.
        name: As it is listed in [events]; empty for the event of [event].
        is_archive: Whether the setting says that it is over for good; see `is_archived`.
    """

    sections: Mapping[type[Section], Section | SettingsError]
    name: str = ""
    is_archive: bool = False

    @property
    def label(self) -> str:
        """What people call it: its name, or `event`."""
        return self.name or MAIN

    @property
    def key_prefix(self) -> tuple[str, ...]:
        """What its asset keys begin with."""
        return (self.name,) if self.name else ()

    def is_archived(self, now: datetime) -> bool:
        """Return whether it is an archive: by a setting, or by itself some days after it closed.

        Args:
            now: The time now, with a zone.
        """
        dates = self.sections.get(DateSettings, DateSettings())
        # Dates that cannot be used are reported by those who need them.
        return self.is_archive or (isinstance(dates, DateSettings) and dates.is_archive_at(now))

    @property
    def api(self) -> EventApiSettings:
        """Where to ask, and the token.

        Raises:
            SettingsError: One of them is missing, or cannot be used.
        """
        try:
            return self._section(EventApiSettings).complete()
        except SettingsError as error:
            raise SettingsError(in_its_section(str(error), self.name)) from None

    @property
    def has_api_token(self) -> bool:
        """Whether a token is configured.

        Raises:
            SettingsError: One is, and it or the address cannot be used.
        """
        return bool(self._section(EventApiSettings).api_token)

    @property
    def resources(self) -> tuple[str, ...]:
        """The resources to sync beside those of every event."""
        return self._section(ResourceSettings).resources

    @property
    def privacy(self) -> PrivacySettings:
        """What becomes of personal data."""
        return self._section(PrivacySettings)

    @property
    def removals(self) -> RemovalSettings:
        """What an answer may remove."""
        return self._section(RemovalSettings)

    @property
    def retry(self) -> RetrySettings:
        """How requests are tried again."""
        return self._section(RetrySettings)

    @property
    def dates(self) -> DateSettings:
        """When it is on, and its time zone."""
        return self._section(DateSettings)

    @property
    def freshness(self) -> FreshnessSettings:
        """How old its tables may become."""
        return self._section(FreshnessSettings)

    @property
    def schedule(self) -> ScheduleSettings:
        """What starts by the clock."""
        return self._section(ScheduleSettings)

    @property
    def destination(self) -> str:
        """Which database its warehouse is, as dlt calls it."""
        return self._section(DestinationSettings).destination

    @property
    def postgres(self) -> PostgresSettings:
        """How to reach the PostgreSQL server, where its warehouse is one."""
        return self._section(PostgresSettings)

    @property
    def ducklake(self) -> DuckLakeSettings:
        """Where the DuckLake is, where its warehouse is one."""
        return self._section(DuckLakeSettings)

    @property
    def spark(self) -> SparkSettings:
        """Where the Delta tables are and which server builds the models, where its warehouse is such."""
        return self._section(SparkSettings)

    @property
    def lake(self) -> LakeSettings:
        """The lake of all events, if there is one."""
        return self._section(LakeSettings)

    @property
    def warehouse(self) -> WarehouseSettings:
        """Where its tables lie."""
        return self._section(WarehouseSettings)

    @property
    def published(self) -> PublishedSettings:
        """What its copy for readers holds."""
        return self._section(PublishedSettings)

    @property
    def site(self) -> SiteSettings:
        """Where its pages lie."""
        return self._section(SiteSettings)

    @property
    def alerts(self) -> AlertSettings:
        """Who is alerted."""
        return self._section(AlertSettings)

    @property
    def openlineage(self) -> OpenLineageSettings:
        """Where the lineage of its runs is sent."""
        return self._section(OpenLineageSettings)

    @property
    def ui(self) -> UiSettings:
        """Where people look."""
        return self._section(UiSettings)

    @property
    def retention(self) -> RetentionSettings:
        """How long Dagster's records are kept."""
        return self._section(RetentionSettings)

    def check(self) -> None:
        """See to it that all of it can be used. Without a token nothing need be set of the API.

        Nor of a PostgreSQL server, where the warehouse is a file.

        Raises:
            SettingsError: Something cannot; each such setting has a line.
        """
        wrong = [str(section) for section in self.sections.values() if isinstance(section, SettingsError)]
        if not wrong and self.has_api_token:
            _ = self.api
        if wrong:
            raise SettingsError("\n".join(dict.fromkeys(wrong)))

    def _section(self, section: type[_AnySection]) -> _AnySection:
        found = self.sections.get(section)
        if isinstance(found, SettingsError):
            raise SettingsError(str(found))  # a new one, since the event outlives who catches it
        return cast(_AnySection, found or section())


ReadEvent: TypeAlias = Callable[[], Event]
"""Reads an event as it is configured now: what lives for weeks is handed this, and asks at each look."""


def in_its_section(message: str, name: str, paths: Collection[Path] = _OF_ITSELF) -> str:
    """Return a message about a setting with the section of an event of [events], if it is one.

    Args:
        message: It names a section of the settings that all events have.
        name: The event's.
        paths: The sections that it may name.
    """
    for path in paths if name else ():
        own = section_of(name, path)
        message = message.replace(f"[{'.'.join(path)}]", f"[{'.'.join(own)}]")
        message = message.replace(f"{'__'.join(path).upper()}__", f"{'__'.join(own).upper()}__")
    return message


def section_of(name: str, path: Path) -> Path:
    """Return where a section of an event of [events] stands: `[events.graz2026.freshness]` for `[freshness]`.

    Args:
        name: The event's.
        path: The section of the settings that all events have.
    """
    return ("events", name, *(() if path in _OF_ITSELF else path))

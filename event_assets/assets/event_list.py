"""Which events the pages know of: the list of them in the folder of [site], and the way to it from those of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import TypeAlias
from zoneinfo import ZoneInfo

from event_assets.settings import Event, SettingsError, SiteSettings, read_event, read_events
from event_assets.site import EVENTS_FILE
from event_assets.site.among import ALONE, Among
from event_assets.site.event_list import ListedEvent, render_event_list
from event_assets.site.folder import open_folder


@dataclass(frozen=True)
class SiteEvents:
    """The events that have pages.

    Attributes:
        root: The folder of [site], in which the list is.
        events: All events of all code locations.
    """

    root: SiteSettings
    events: Sequence[Event]

    def among(self, event: Event) -> Among:
        """Return where the pages of an event stand among those of all.

        Raises:
            SettingsError: A setting of the event cannot be used.
        """
        if len(self.events) < 2:
            return ALONE
        way = _way_down(self.root, event.site)
        up = "" if way is None else "../" * len(PurePosixPath(way).parts) + EVENTS_FILE
        return Among(event.site.event_title, up)

    def write_list_for(self, event: Event, now: datetime) -> None:
        """Write the list where the pages of an event are below it: a folder of others may be none of its business.

        Args:
            event: The event.
            now: The time now, with a zone.

        Raises:
            SettingsError: The folder cannot be used or written.
        """
        if _way_down(self.root, event.site) is not None:
            self.write_list(now)

    def write_list(self, now: datetime) -> None:
        """Write the page that lists the events where there are several; else there is none.

        Args:
            now: The time now, with a zone.

        Raises:
            SettingsError: The folder cannot be used or written.
        """
        folder = open_folder(self.root)
        before = folder.read(EVENTS_FILE)
        if len(self.events) < 2:
            folder.remove([EVENTS_FILE] if before else [])
            return
        latest_first = sorted(self.events, key=_opens, reverse=True)
        page = render_event_list(listed for event in latest_first if (listed := self._listed(event, now)))
        if page != before:
            folder.write({EVENTS_FILE: page})

    def _listed(self, event: Event, now: datetime) -> ListedEvent | None:
        try:
            way = _way_down(self.root, event.site)
            return ListedEvent(event.site.event_title, *_days(event), way, event.is_archived(now))
        except SettingsError:  # which those report who need it
            return None


ReadSiteEvents: TypeAlias = Callable[[], SiteEvents]
"""Reads the events that have pages."""


def read_site_events() -> SiteEvents:
    """Return the events that have pages.

    Raises:
        SettingsError: It cannot be said which there are, or their folder cannot be used.
    """
    return SiteEvents(read_event().site, read_events(of_the_location=False))


def _way_down(root: SiteSettings, site: SiteSettings) -> str | None:
    """Return the way from the folder of all to that of an event; None if that is elsewhere, and perhaps not served."""
    if isinstance(site.folder, Path) and isinstance(root.folder, Path):
        return site.folder.relative_to(root.folder).as_posix() if site.folder.is_relative_to(root.folder) else None
    at, top = str(site.folder).rstrip("/"), str(root.folder).rstrip("/")
    return (at.removeprefix(top).strip("/") or ".") if at == top or at.startswith(f"{top}/") else None


def _opens(event: Event) -> float:
    try:
        return event.dates.period.opens.timestamp() if event.dates.period else 0.0
    except SettingsError:
        return 0.0


def _days(event: Event) -> tuple[date, date] | tuple[None, None]:
    """Return the first and the last day in the event's zone."""
    period, zone = event.dates.period, ZoneInfo(event.dates.timezone)
    if not period:
        return None, None
    last = period.closes - timedelta(microseconds=1)
    return period.opens.astimezone(zone).date(), last.astimezone(zone).date()

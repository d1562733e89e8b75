"""How old each table may become, and why: the freshness window of each asset.

* The programme (``/content``) and the participants are what organisers look at while doors are open: minutes then,
  hours in the weeks before, when both change every day, and a day otherwise. The day has 26 hours and warns after 25,
  so that the daily sync keeps within it by itself.
* Partners are settled before the event opens: their window does not tighten when it does.
* A model changes only when what it reads does. It is built at least once a day; that it is built from tables which
  are as fresh as *their* windows ask for is a check of its own (``up_to_date``).

Each window warns before it ends, and what has reached the warning is brought up to date by itself (``planner``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import dagster as dg

from event_assets.automation.phases import Phase, phase_at
from event_assets.settings import Event, FreshnessSettings, ScheduleSettings
from event_assets.source.api.resources import endpoint_of
from event_assets.warehouse import RAW

WARN_SHARE, LONGEST_WARNING = 0.25, timedelta(hours=1)
"""How long before its end a window warns, which is the time to bring the table up to date: a share of it, an hour at
most."""

SHORTEST_WINDOW = timedelta(minutes=1)
"""Dagster's shortest; a window too short to warn within it only fails."""

SETTLED_BEFORE_THE_EVENT = {"partners"}
"""Endpoints whose records do not change while the event is on."""


@dataclass(frozen=True)
class FreshnessWindow:
    """How old a table may become.

    Attributes:
        fails_after: The age at which the window ends.
        warns_after: The age at which it is about to be; None where the window is too short for that.
    """

    fails_after: timedelta
    warns_after: timedelta | None

    @property
    def due_after(self) -> timedelta:
        """The age at which to do something about it."""
        return self.warns_after or self.fails_after

    def policy(self) -> dg.FreshnessPolicy:
        """The same as Dagster's policy."""
        return dg.FreshnessPolicy.time_window(fail_window=self.fails_after, warn_window=self.warns_after)


def window_of(asset: dg.AssetKey, phase: Phase, settings: FreshnessSettings) -> FreshnessWindow:
    """Return how old an asset may become in a phase of the event.

    Args:
        asset: One of ours.
        phase: What goes on around the event.
        settings: The windows.
    """
    minutes = {
        Phase.QUIET: settings.quiet_minutes,
        Phase.APPROACH: settings.approach_minutes,
        Phase.EVENT: settings.event_minutes,
    }
    layer, name = asset.path[-2:]
    if layer != RAW:
        phase = Phase.QUIET
    elif phase is Phase.EVENT and endpoint_of(name) in SETTLED_BEFORE_THE_EVENT:
        phase = Phase.APPROACH
    fails_after = timedelta(minutes=minutes[phase])
    warns_after = fails_after - min(fails_after * WARN_SHARE, LONGEST_WARNING)
    return FreshnessWindow(fails_after, warns_after if warns_after >= SHORTEST_WINDOW else None)


def current_windows(assets: Iterable[dg.AssetKey], at: datetime, event: Event) -> dict[dg.AssetKey, FreshnessWindow]:
    """Return how old each asset may become at an instant.

    Args:
        assets: Some of ours.
        at: The instant, with a zone.
        event: Its dates and the windows of each phase count.

    Raises:
        SettingsError: A setting cannot be used.
    """
    phase = phase_of(event, at)
    return {asset: window_of(asset, phase, event.freshness) for asset in assets}


def poll_interval(phase: Phase, schedule: ScheduleSettings, endpoint: str | None = None) -> timedelta:
    """Return how often the API is asked whether something has changed.

    Args:
        phase: What goes on around the event.
        schedule: The intervals.
        endpoint: The endpoint that is asked; the one that is asked most often, if not given.
    """
    if schedule.change_poll_seconds is not None:
        return timedelta(seconds=schedule.change_poll_seconds)
    if phase is Phase.EVENT and endpoint in SETTLED_BEFORE_THE_EVENT:
        phase = Phase.APPROACH
    seconds = {
        Phase.QUIET: schedule.quiet_poll_seconds,
        Phase.APPROACH: schedule.approach_poll_seconds,
        Phase.EVENT: schedule.event_poll_seconds,
    }
    return timedelta(seconds=seconds[phase])


def phase_of(event: Event, at: datetime) -> Phase:
    """Return the phase of an event at an instant.

    Args:
        event: Its dates count, and when the approach begins.
        at: The instant, with a zone.

    Raises:
        SettingsError: A setting cannot be used.
    """
    return phase_at(at, event.dates.period, event.freshness.approach_days)

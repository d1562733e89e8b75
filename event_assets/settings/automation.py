"""Settings of what happens by itself: how fresh tables are kept, how often changes are looked for, who is told."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Optional

from dlt.common.configuration import configspec
from dlt.common.configuration.specs import BaseConfiguration
from dlt.common.typing import TSecretStrValue

from event_assets.settings.reading import SettingsError, require, resolve


@dataclass(frozen=True)
class FreshnessSettings:
    """How old tables may become, in minutes.

    Attributes:
        event_minutes: While the event is on.
        approach_minutes: In the weeks before it.
        quiet_minutes: At all other times, and where opening and closing are not set.
        approach_days: How many days before the opening the approach begins.
        retry_minutes: How long to wait after a failed attempt, 1 to 60.
    """

    event_minutes: int = 15
    approach_minutes: int = 4 * 60
    quiet_minutes: int = 26 * 60
    approach_days: int = 28
    retry_minutes: int = 5


@configspec
class _FreshnessSpec(BaseConfiguration):
    sections: ClassVar[tuple[str, ...]] = ("freshness",)

    event_minutes: int = FreshnessSettings.event_minutes
    approach_minutes: int = FreshnessSettings.approach_minutes
    quiet_minutes: int = FreshnessSettings.quiet_minutes
    approach_days: int = FreshnessSettings.approach_days
    retry_minutes: int = FreshnessSettings.retry_minutes


@configspec
class _ScheduleSpec(BaseConfiguration):
    sections: ClassVar[tuple[str, ...]] = ("schedule",)

    daily_sync: str = "04:00"
    change_poll_seconds: int = 60


@configspec
class _AlertsSpec(BaseConfiguration):
    sections: ClassVar[tuple[str, ...]] = ("alerts",)

    webhook_url: Optional[TSecretStrValue] = None  # noqa: UP045  # dlt reads the hint at run time


@configspec
class _UiSpec(BaseConfiguration):
    sections: ClassVar[tuple[str, ...]] = ("ui",)

    address: str = "http://127.0.0.1:3000"


def freshness_settings() -> FreshnessSettings:
    """Read how old tables may become (``freshness.*``).

    Raises:
        SettingsError: A window is shorter than a minute, which is the shortest that Dagster knows, the approach begins
            after the opening, or a retry is not within an hour.
    """
    spec = resolve(_FreshnessSpec())
    windows = {
        "event_minutes": spec.event_minutes,
        "approach_minutes": spec.approach_minutes,
        "quiet_minutes": spec.quiet_minutes,
    }
    require(spec, "from 1 to 525600, a year", **{name: 1 <= m <= 525_600 for name, m in windows.items()})
    require(spec, "0 or more", approach_days=spec.approach_days >= 0)
    require(spec, "from 1 to 60", retry_minutes=1 <= spec.retry_minutes <= 60)
    return FreshnessSettings(**windows, approach_days=spec.approach_days, retry_minutes=spec.retry_minutes)


def daily_sync_time() -> tuple[int, int]:
    """Read when everything is synced once a day (``schedule.daily_sync``), as hour and minute in the event's zone.

    Raises:
        SettingsError: It is no time of day.
    """
    text = str(resolve(_ScheduleSpec()).daily_sync).strip()
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text)
    if not found:
        raise SettingsError(
            "`daily_sync` in the section [schedule] of .dlt/config.toml is no time of day: write it as 04:00."
        )
    return int(found[1]), int(found[2])


def change_poll_seconds() -> int:
    """Read how often the API is asked whether something changed (``schedule.change_poll_seconds``).

    Raises:
        SettingsError: It is less than a second.
    """
    spec = resolve(_ScheduleSpec())
    require(spec, "1 or more", change_poll_seconds=spec.change_poll_seconds >= 1)
    return spec.change_poll_seconds


def alert_webhook_url() -> str | None:
    """Read where alerts are sent (``alerts.webhook_url``, a secret); None where they only go to the log.

    Raises:
        SettingsError: It is no http address.
    """
    url = str(resolve(_AlertsSpec()).webhook_url or "").strip() or None
    if url and not url.startswith(("http://", "https://")):
        raise SettingsError(
            "`webhook_url` in the section [alerts] of .dlt/secrets.toml must begin with https:// (or http://): "
            "correct it."
        )
    return url


def dagster_ui_address() -> str:
    """Read where Dagster's webserver answers (``ui.address``)."""
    return resolve(_UiSpec()).address.rstrip("/")

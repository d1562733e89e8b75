"""Settings of what happens by itself: how fresh tables are kept, how often changes are looked for, who is alerted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from typing import Any, Optional

from event_assets.settings.declaring import Section, setting


def _minutes(default: int, help: str) -> Any:
    return setting(default, help, fits=lambda minutes: 1 <= minutes <= 525_600, wanted="from 1 to 525600, a year")


@dataclass(frozen=True)
class FreshnessSettings(Section):
    """How old tables may become, in minutes.

    Attributes:
        event_minutes: While the event is on.
        approach_minutes: In the weeks before it.
        quiet_minutes: At all other times, and where opening and closing are not set.
        approach_days: How many days before the opening the approach begins.
        retry_minutes: How long to wait after a failed attempt, 1 to 60.
    """

    path = ("freshness",)

    event_minutes: int = _minutes(15, "How old tables may become while the event is on, in minutes.")
    approach_minutes: int = _minutes(4 * 60, "In the weeks before it.")
    quiet_minutes: int = _minutes(26 * 60, "At all other times, and where opening and closing are not set.")
    approach_days: int = setting(
        28,
        "How many days before the opening the approach begins.",
        fits=lambda days: days >= 0,
        wanted="0 or more",
    )
    retry_minutes: int = setting(
        5,
        "How long to wait after a failed attempt, in minutes, 1 to 60.",
        fits=lambda minutes: 1 <= minutes <= 60,
        wanted="from 1 to 60",
    )


def _time_of_day(text: str) -> time:
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text.strip())
    if not found:
        raise ValueError("is no time of day: write it as 04:00.")
    return time(int(found[1]), int(found[2]))


def _seconds(default: int, help: str) -> Any:
    return setting(default, help, fits=lambda seconds: seconds >= 1, wanted="1 or more")


@dataclass(frozen=True)
class ScheduleSettings(Section):
    """What starts by the clock.

    Attributes:
        daily_sync: When everything is synced once a day, in the event's zone.
        event_poll_seconds: How often the API is asked whether something has changed, while the event is on.
        approach_poll_seconds: In the weeks before it.
        quiet_poll_seconds: At all other times, and where opening and closing are not set.
        change_poll_seconds: At all times, instead of these three; None where they count.
    """

    path = ("schedule",)

    daily_sync: time = setting(
        time(4),
        "Everything is synced once a day at this time of the event's zone, also where it was synced before.",
        raw=str,
        parse=_time_of_day,
        shown='"04:00"',
    )
    event_poll_seconds: int = _seconds(
        5, "How often the API is asked whether something has changed while the event is on, in seconds."
    )
    approach_poll_seconds: int = _seconds(60, "In the weeks before it.")
    quiet_poll_seconds: int = _seconds(15 * 60, "At all other times, and where opening and closing are not set.")
    change_poll_seconds: Optional[int] = setting(  # noqa: UP045  # a value, at run time
        None,
        "At all times, instead of these three.",
        raw=int,
        fits=lambda seconds: seconds is None or seconds >= 1,
        wanted="1 or more",
        shown="60",
    )


def http_address(text: str) -> str | None:
    """Return an address without blanks around it; None of an empty text.

    Raises:
        ValueError: It is of another scheme.
    """
    address = text.strip() or None
    if address and not address.startswith(("http://", "https://")):
        raise ValueError("must begin with https:// (or http://): correct it.")
    return address


@dataclass(frozen=True)
class AlertSettings(Section):
    """Who is alerted, and of what in the event itself.

    Attributes:
        webhook_url: Where alerts are sent; None where they only go to the log.
        conflicts: Whether of new clashes in a hall, and of speakers in two sessions at once.
        late_change_hours: How long before its start a session that is moved or removed is alerted of; 0 for never.
        full_workshops: Whether of workshops that become full.
        silent_checkin_minutes: How long nobody checks in while sessions go on until that is alerted; 0 for never.
    """

    path = ("alerts",)

    conflicts: bool = setting(
        True,
        "Whether a new clash in a hall is alerted, and a speaker in two sessions at once. What was there already when "
        "this was set is not, here and below.",
    )
    late_change_hours: int = setting(
        0,
        "A session that is moved or removed this many hours before its start, or less, is alerted. 0: never.",
        fits=lambda hours: 0 <= hours <= 720,
        wanted="from 0 to 720",
    )
    full_workshops: bool = setting(False, "Whether a workshop that becomes full is alerted.")
    silent_checkin_minutes: int = setting(
        0,
        "If nobody checks in for this many minutes while sessions of the day go on, that is alerted. 0: never.",
        fits=lambda minutes: minutes == 0 or 15 <= minutes <= 1440,
        wanted="0, or from 15 to 1440, a day: check-ins are counted by the quarter of an hour",
    )

    webhook_url: Optional[str] = setting(  # noqa: UP045  # a value, at run time
        None,
        "Where alerts go beside the log: the address of an incoming webhook (Slack, Mattermost, Discord, ...).",
        raw=str,
        parse=http_address,
        secret=True,
        shown='"https://hooks.example.com/services/..."',
    )


@dataclass(frozen=True)
class UiSettings(Section):
    """Where people look.

    Attributes:
        address: Where Dagster's webserver answers, without a trailing slash.
        site_address: Where the pages that people look at are served, without a trailing slash.
    """

    path = ("ui",)

    address: str = setting(
        "http://127.0.0.1:3000",
        "Where Dagster's webserver answers, so that it can be asked to reload the definitions. `make ui` sets it.",
        parse=lambda text: text.rstrip("/"),
    )
    site_address: str = setting(
        "http://127.0.0.1:3001",
        "Where the data catalogue is served, so that Dagster's UI can link it. `make ui` sets it.",
        parse=lambda text: text.rstrip("/"),
    )


@dataclass(frozen=True)
class RetentionSettings(Section):
    """How long Dagster's records are kept.

    Attributes:
        days: After how many days they are deleted, unless something reads them.
    """

    path = ("retention",)

    days: int = setting(
        14,
        "After how many days Dagster's old runs, events, logs and ticks are deleted. What the project reads stays.",
        fits=lambda days: days >= 1,
        wanted="1 or more",
    )

"""Settings of the event: its time zone, and when it opens and closes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib import resources
from typing import ClassVar, Optional
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dlt.common.configuration import configspec
from dlt.common.configuration.specs import BaseConfiguration

from event_assets.settings.reading import SettingsError, resolve


@dataclass(frozen=True)
class EventPeriod:
    """When the event is on.

    Attributes:
        opens: The first instant of it.
        closes: The first instant after it.
    """

    opens: datetime
    closes: datetime


@configspec
class _EventSpec(BaseConfiguration):
    sections: ClassVar[tuple[str, ...]] = ("event",)

    timezone: str = "UTC"
    opens: Optional[str] = None  # noqa: UP045  # dlt reads the hint at run time
    closes: Optional[str] = None  # noqa: UP045


def event_timezone() -> str:
    """Read the event's time zone (``event.timezone``), an IANA name; UTC where it is not set.

    Raises:
        SettingsError: There is no time zone of that name.
    """
    name = str(resolve(_EventSpec()).timezone)
    if not _is_time_zone(name):
        raise SettingsError(
            f"There is no time zone {name!r}: set `timezone` in the section [event] of .dlt/config.toml to an IANA "
            "name such as Europe/Vienna."
        )
    return name


def _is_time_zone(name: str) -> bool:
    """Whether Python and DuckDB both know a zone of that name.

    DuckDB knows the IANA database's zones and links. Python takes any file beside them for one: the same zones once
    more with leap seconds (``right/``), a machine's own (``localtime``), whatever a system that ignores case finds.
    """
    if name not in _iana_names():
        return False
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


@cache
def _iana_names() -> frozenset[str]:
    """All names of the IANA database but ``Factory``, which stands for a zone that nobody has set.

    From the list that comes with `tzdata`: to look through the machine's own database takes longer than all settings.
    """
    zones = resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8")
    return frozenset(zones.split()) - {"Factory"}


def event_period() -> EventPeriod | None:
    """Read when the event is on (``event.opens``, ``event.closes``); None where it is not set.

    A value is a date or a time of ISO 8601. Without an offset it is read in the event's zone; a date of closing is the
    last day of the event.

    Raises:
        SettingsError: Only one is set, one cannot be read, or the event closes before it opens.
    """
    spec = resolve(_EventSpec())
    if not (spec.opens or spec.closes):
        return None
    if not (spec.opens and spec.closes):
        raise SettingsError(
            "Of the event's opening and closing only one is set: set both, `opens` and `closes`, in the section "
            "[event] of .dlt/config.toml, or neither."
        )
    zone = ZoneInfo(event_timezone())
    opens = _instant("opens", str(spec.opens), zone, timedelta(0))
    closes = _instant("closes", str(spec.closes), zone, timedelta(days=1))
    if closes <= opens:
        raise SettingsError(
            "The event closes before it opens: correct `opens` and `closes` in the section [event] of .dlt/config.toml."
        )
    return EventPeriod(opens, closes)


def _instant(name: str, text: str, zone: ZoneInfo, after_date: timedelta) -> datetime:
    try:
        if len(text.strip()) == len("2026-12-01"):
            return datetime.combine(date.fromisoformat(text.strip()) + after_date, time(), zone)
        instant = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except (ValueError, OverflowError):  # the latter of the day after the last one that there is
        raise SettingsError(
            f"`{name}` in the section [event] of .dlt/config.toml is no date or time: write it as 2026-12-01 or "
            "2026-12-01T09:00."
        ) from None
    return instant if instant.tzinfo else instant.replace(tzinfo=zone)

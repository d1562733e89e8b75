"""Settings of the event's time: its zone, and when it opens and closes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib import resources
from typing import Optional
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from event_assets.settings.declaring import Section, SettingsError, setting


@dataclass(frozen=True)
class EventPeriod:
    """When the event is on.

    Attributes:
        opens: The first instant of it.
        closes: The first instant after it.
    """

    opens: datetime
    closes: datetime


def _time_zone(name: str) -> str:
    if not _is_time_zone(name):
        raise ValueError(f"is {name!r}, and there is no such time zone: set an IANA name such as Europe/Vienna.")
    return name


@dataclass(frozen=True)
class DateSettings(Section):
    """When the event is on, and the zone that its times are in.

    Attributes:
        timezone: An IANA name.
        opens: A date or a time of ISO 8601, in the event's zone where it has no offset; None where it is not set.
        closes: Likewise; a date is the last day of the event.
        archive_after_days: How many days after that it becomes an archive by itself; 0: never.
    """

    path = ("event",)

    timezone: str = setting(
        "UTC",
        "The event's time zone, an IANA name: how times without an offset are read, and what is local in the "
        "summaries.",
        parse=_time_zone,
        for_event=lambda _, name: "UTC",
    )
    opens: Optional[str] = setting(  # noqa: UP045  # a value, at run time
        None,
        "When the event opens: a date, or a time such as 2026-12-01T09:00. Tables are kept fresher around it.",
        raw=str,
        shown='"2026-12-01"',
        for_event=lambda _, name: None,
    )
    closes: Optional[str] = setting(  # noqa: UP045
        None,
        "When it closes: a date, which is the last day, or a time.",
        raw=str,
        shown='"2026-12-03"',
        for_event=lambda _, name: None,
    )

    archive_after_days: float = setting(
        0.0,
        "How many days after it closes an event becomes an archive by itself: its tables are read, and nothing is "
        "synced. 0: never.",
        fits=lambda days: days >= 0,
        wanted="0 or more",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        _ = self.period

    @property
    def period(self) -> EventPeriod | None:
        """When the event is on; None where it is not set.

        Raises:
            SettingsError: Only one is set, one cannot be read, or the event closes before it opens.
        """
        if not (self.opens or self.closes):
            return None
        if not (self.opens and self.closes):
            raise SettingsError(
                "Of the event's opening and closing only one is set: set both, `opens` and `closes`, in the section "
                "[event] of .dlt/config.toml, or neither."
            )
        zone = ZoneInfo(self.timezone)
        opens = _instant("opens", self.opens, zone, timedelta(0))
        closes = _instant("closes", self.closes, zone, timedelta(days=1))
        if closes <= opens:
            raise SettingsError(
                "The event closes before it opens: correct `opens` and `closes` in the section [event] of "
                ".dlt/config.toml."
            )
        return EventPeriod(opens, closes)

    def is_archive_at(self, now: datetime) -> bool:
        """Return whether the event has become an archive by itself.

        Args:
            now: The time now, with a zone.
        """
        period = self.period
        if not (self.archive_after_days and period):
            return False
        return now >= period.closes + timedelta(days=self.archive_after_days)


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

"""The published copy of one event, as cross-event models read it, and why one could not be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from event_assets.across.inputs import EVENT, INPUTS, OVERVIEW, Input
from event_assets.settings import EventPeriod, SettingsError
from event_assets.warehouse import WarehouseError
from event_assets.warehouse.copy_rows import CopyRows, Wanted
from event_assets.warehouse.engines import Engine
from event_assets.warehouse.failures import in_one_line

NOT_PUBLISHED = "It has no published copy yet. Refresh the event."
NO_OVERVIEW = f"Its published copy has no row in {OVERVIEW.source}. Refresh the event."


@dataclass(frozen=True)
class EventCopy:
    """The published copy of one event.

    Attributes:
        event: What cross-event tables call the event.
        engine: Where its warehouse and copy are; the error that says why that is not known.
        timezone: The event's, an IANA name.
        period: When it is on, as the settings say; None where they do not.
        is_archived: Whether its tables stay as they are.
        published_at: When the copy was published, if that is known.
    """

    event: str
    engine: Engine | SettingsError
    timezone: str = "UTC"
    period: EventPeriod | None = None
    is_archived: bool = False
    published_at: datetime | None = None

    def configured(self, now: datetime, missing: str | None) -> dict[str, Any]:
        """Return its row of ``CONFIGURED``.

        Args:
            now: The time now, with a zone.
            missing: Why its copy could not be read.
        """
        zone = ZoneInfo(self.timezone)
        period = self.period
        return {
            EVENT: self.event,
            "opens_on": period.opens.astimezone(zone).date() if period else None,
            "closes_on": (period.closes.astimezone(zone) - timedelta(microseconds=1)).date() if period else None,
            "today": _today(now, zone),
            "is_archived": self.is_archived,
            "published_at": self.published_at,
            "missing": missing,
        }

    def read(self) -> Mapping[Input, CopyRows] | str:
        """Return the rows of all inputs, whichever database the copy is in; if it cannot be read, the reason."""
        if isinstance(self.engine, SettingsError):
            return in_one_line(str(self.engine))
        try:
            if not self.engine.is_copy_there():
                return NOT_PUBLISHED
            wanted = [Wanted(each.source, [*each.types], each.where) for each in INPUTS]
            found = dict(zip(INPUTS, self.engine.read_copy(wanted), strict=True))
        except WarehouseError as error:
            return in_one_line(str(error))
        return found if found[OVERVIEW] else NO_OVERVIEW


def configured_rows(
    copies: Iterable[EventCopy], missing: Mapping[str, str], now: datetime
) -> Sequence[Mapping[str, Any]]:
    """Return the rows of ``CONFIGURED``.

    Args:
        copies: The copies of all events.
        missing: Event → why its copy could not be read.
        now: The time now, with a zone.
    """
    return [each.configured(now, missing.get(each.event)) for each in copies]


def _today(now: datetime, zone: ZoneInfo) -> date:
    return now.astimezone(zone).date()

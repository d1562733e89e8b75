"""The phases of an event: quiet, approach, event. How fresh tables have to be depends on them."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum

from event_assets.settings import EventPeriod


class Phase(str, Enum):
    """What goes on around the event.

    ``event``: it is on. ``approach``: the weeks before it, when its programme and registrations change every day.
    ``quiet``: all other times, and always where opening and closing are not set.
    """

    QUIET = "quiet"
    APPROACH = "approach"
    EVENT = "event"


def phase_at(instant: datetime, period: EventPeriod | None, approach_days: int) -> Phase:
    """The phase at an instant.

    Args:
        instant: With a zone.
        period: When the event is on.
        approach_days: How many days before the opening the approach begins.
    """
    if period is None or instant >= period.closes:
        return Phase.QUIET
    if instant >= period.opens:
        return Phase.EVENT
    return Phase.APPROACH if instant >= period.opens - timedelta(days=approach_days) else Phase.QUIET

"""What to make of recorded times that lie ahead: the clock was set back after they were recorded.

Everything here compares recorded times with the clock, and a machine's clock can be wrong for days and be set right
while the daemon runs. Of a time that lies ahead nothing can be concluded but that; what waits for it to come would wait
for days. So such a time counts as none: what is judged by it is due.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import dagster as dg

SLACK = timedelta(minutes=5)
"""By how much a clock may be corrected without anybody's taking notice: so much longer something may wait then."""

_TICK_SLACK = timedelta(seconds=5)


def is_ahead(instant: datetime, now: datetime, slack: timedelta = SLACK) -> bool:
    """Return whether a recorded time lies ahead, so that the clock was set back after it.

    Args:
        instant: The recorded time, with a zone.
        now: The time now, with a zone.
        slack: How far ahead it may lie all the same.
    """
    return instant > now + slack


def drop_future_ticks(instance: dg.DagsterInstance) -> list[str]:
    """Have those sensors looked again whose last look Dagster has recorded at a time that lies ahead.

    Dagster's daemon lets a sensor look once its interval has passed since the last look. After the clock was set back
    by two days, no sensor would look for two days, and nothing of ours runs that could notice: so whatever watches the
    daemon has to call this.

    Args:
        instance: Dagster's.

    Returns:
        The names of the sensors.
    """
    now = datetime.now(timezone.utc)
    found = []
    for state in instance.all_instigator_state():
        data: Any = state.instigator_data  # of a sensor or a schedule: the classes are not public
        ticks = {name: getattr(data, name, None) for name in ("last_tick_timestamp", "last_tick_start_timestamp")}
        ahead = {
            name: 0.0
            for name, at in ticks.items()
            if at and is_ahead(datetime.fromtimestamp(at, timezone.utc), now, _TICK_SLACK)
        }
        if ahead:
            instance.update_instigator_state(state.with_data(data._replace(**ahead)))
            found.append(state.origin.instigator_name)
    return found

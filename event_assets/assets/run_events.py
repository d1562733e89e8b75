"""Which events a run is of."""

from __future__ import annotations

import dagster as dg

from event_assets.assets.keys import EVENT_TAG, SEPARATOR, layer_of
from event_assets.settings import MAIN
from event_assets.warehouse.names import EVENTS


def event_of(run: dg.DagsterRun) -> str:
    """Return the name of the event that a run is of; empty for the event of [event], and for runs that are of none.

    Args:
        run: The run. Of several events that it is of, the first of [events] counts.
    """
    return next(filter(None, events_of(run)), "")


def events_of(run: dg.DagsterRun) -> list[str]:
    """Return the names of the events that a run is of; that of the event of [event] is empty.

    What starts by itself has a tag. What a person has started in the UI has a job or assets.

    Args:
        run: The run. One without any of these is of the event of [event].
    """
    if tag := run.tags.get(EVENT_TAG):
        return ["" if tag == MAIN else tag]
    event, separator, _ = run.job_name.partition(SEPARATOR)
    if event and separator:
        return [event]
    keys = [*(run.asset_selection or ()), *(check.asset_key for check in run.asset_check_selection or ())]
    if not keys:
        return [""]
    prefixes = {tuple(key.path[:-2]) for key in keys if layer_of(key) != EVENTS}
    return sorted(prefix[0] if prefix else "" for prefix in prefixes)

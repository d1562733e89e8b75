"""Which event a run is of."""

from __future__ import annotations

import dagster as dg

from event_assets.assets.keys import EVENT_TAG, SEPARATOR
from event_assets.settings import MAIN


def event_of(run: dg.DagsterRun) -> str:
    """Return the name of the event that a run is of; empty for the event of [event], and for runs that are of none.

    What starts by itself has a tag. What a person has started in the UI has a job or assets.

    Args:
        run: The run.
    """
    if tag := run.tags.get(EVENT_TAG):
        return "" if tag == MAIN else tag
    event, separator, _ = run.job_name.partition(SEPARATOR)
    if event and separator:
        return event
    checked = (check.asset_key for check in run.asset_check_selection or ())
    prefixes = {tuple(key.path[:-2]) for key in (*(run.asset_selection or ()), *checked)}
    return next((prefix[0] for prefix in sorted(prefixes) if prefix), "")

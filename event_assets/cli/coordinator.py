"""The run coordinator that dagster.yaml names: it gives a run the tag of its event before the run is in the queue.

What a sensor, a schedule or a job starts has the tag. Assets that a person selects in the UI, or a program through
GraphQL, are a run of Dagster's own job, which has no tags: the queue would start it beside another run of the event.

Webserver and daemon import it. It imports nothing else of this package, whose names bring dlt: a test compares them.
"""

from __future__ import annotations

import dagster as dg

TAG, TAG_OF_THE_EVENT = "event", "event"
"""The tag of a run that says whose it is, and what it is for the event of [event]."""
LAYERS = {"raw", "staging", "history", "summary", "published", "site", "lake"}
"""The layers of an event. Tables across events are in a layer of their own."""


class RunCoordinator(dg.QueuedRunCoordinator):
    """Dagster's queue, for runs that say whose they are."""

    def submit_run(self, context: dg.SubmitRunContext) -> dg.DagsterRun:
        """Put a run into the queue.

        Args:
            context: The run.
        """
        run = context.dagster_run
        if TAG not in run.tags and self._limits_runs_of_an_event() and (event := event_of_assets(run)):
            self._instance.add_run_tags(run.run_id, {TAG: event})
        return super().submit_run(context)

    def _limits_runs_of_an_event(self) -> bool:
        queue = self._instance.get_concurrency_config().run_queue_config
        return bool(queue) and any(limit["key"] == TAG for limit in queue.tag_concurrency_limits)


def event_of_assets(run: dg.DagsterRun) -> str | None:
    """Return the tag of a run of selected assets; None if they are of several events or of none.

    Args:
        run: The run.
    """
    checked = (check.asset_key for check in run.asset_check_selection or ())
    paths = [key.path for key in (*(run.asset_selection or ()), *checked)]
    prefixes = {tuple(path[:-2]) for path in paths if path[-2:-1] and path[-2] in LAYERS}
    if len(prefixes) != 1:
        return None
    [prefix] = prefixes
    return prefix[0] if prefix else TAG_OF_THE_EVENT

"""The parts of the automation conditions that are ours. Each looks at how things are, and at recorded times with care.

How conditions are made of them is in ``conditions``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timezone
from weakref import WeakKeyDictionary

import dagster as dg

from event_assets.assets.versions import Materialisations
from event_assets.automation.clock import is_ahead
from event_assets.automation.evaluations import latest_evaluations
from event_assets.automation.failures import has_ended_by_itself
from event_assets.automation.freshness import current_windows
from event_assets.automation.readers import mended_unpublished
from event_assets.settings import SettingsError, freshness_settings, published_path, warehouse_path
from event_assets.warehouse import RAW


class Overdue(dg.AutomationCondition[dg.AssetKey]):
    """The asset was materialised, and is as old as its promise lets it become in the phase that the event is in now.

    Or it is a raw table, and the warehouse that it was loaded into is gone: then it is as old as a table can be. That
    is remembered until it was loaded again, since the first attempt makes a new file, whether or not it succeeds.

    A table that was materialised at a time that lies ahead is due: the clock was set back, and nobody knows how old it
    is.

    Not Dagster's ``freshness_warned()``: that tells what a daemon saw at its last look, up to half a minute ago, and a
    table that was brought up to date in between would be asked for again.
    """

    @property
    def name(self) -> str:
        """How the UI calls it."""
        return "overdue"

    @property
    def description(self) -> str:
        """How the UI describes it."""
        return "It is older than its freshness policy lets it become without a warning, or lost with its warehouse"

    def evaluate(self, context: dg.AutomationContext[dg.AssetKey]) -> dg.AutomationResult[dg.AssetKey]:
        """Compare age and promise."""
        view, is_raw = context.asset_graph_view, context.key.path[0] == RAW
        now = view.effective_dt
        due_after = current_windows([context.key], now, freshness_settings())[context.key].due_after
        raw = [key for key in view.asset_graph.get_all_asset_keys() if is_raw and key.path[0] == RAW]
        gone_at = _gone_at(context.cursor, now)
        if is_raw and not warehouse_path().exists():
            gone_at = now.timestamp()

        def is_overdue(latest: Materialisations) -> bool:
            since = latest.time(context.key)
            if since is None:
                return False
            if is_ahead(since, now) or now - since >= due_after:
                return True
            is_lost = gone_at is not None and since.timestamp() <= gone_at
            datable = [key for key in raw if not ((time := latest.time(key)) and is_ahead(time, now))]
            return is_lost or (is_raw and latest.is_elsewhere(context.key, datable))

        return _result(context, raw or [context.key], is_overdue, None if gone_at is None else str(gone_at))


class OutOfDate(dg.AutomationCondition[dg.AssetKey]):
    """The asset was never built, or its code or something that it reads has another version than it was built from."""

    def __init__(self, loaded: datetime) -> None:
        """Begin.

        Args:
            loaded: When the code was whose version is compared. A run loads it anew, and may find it changed.
        """
        self._loaded = loaded

    @property
    def name(self) -> str:
        """How the UI calls it."""
        return "out_of_date"

    @property
    def description(self) -> str:
        """How the UI describes it."""
        return "What it reads has another data version than it was built from, or its SQL has changed"

    def evaluate(self, context: dg.AutomationContext[dg.AssetKey]) -> dg.AutomationResult[dg.AssetKey]:
        """Compare versions."""
        view = context.asset_graph_view
        node, loaded = view.asset_graph.get(context.key), load_time(self._loaded, view.effective_dt)

        def is_out_of_date(latest: Materialisations) -> bool:
            return not latest.is_current(context.key, node.parent_keys, node.code_version, loaded)

        return _result(context, [context.key, *node.parent_keys], is_out_of_date)


class CopyIsGone(dg.AutomationCondition[dg.AssetKey]):
    """The published copy was made, and its file is not there: it was deleted, or is to be in another place now."""

    @property
    def name(self) -> str:
        """How the UI calls it."""
        return "copy_is_gone"

    @property
    def description(self) -> str:
        """How the UI describes it."""
        return "The file of the published copy is not there"

    def evaluate(self, context: dg.AutomationContext[dg.AssetKey]) -> dg.AutomationResult[dg.AssetKey]:
        """Look for the file. A setting that names no place for it is told by the step, and not at every look."""
        with suppress(SettingsError):
            # Without a warehouse there is nothing to copy: first that is filled again.
            if warehouse_path().exists() and not published_path().exists():
                return dg.AutomationResult(context, context.candidate_subset)
        return dg.AutomationResult(context, context.get_empty_subset())


class BlockingCheckFailed(dg.AutomationCondition[dg.AssetKey]):
    """A blocking check of the asset failed when it was last evaluated.

    Not the opposite of Dagster's ``check_passed()``: neither holds of a check that a run has planned and did not come
    to, because a step before it failed or the run was killed. Then the asset is as it was, and so is the result.
    """

    @property
    def name(self) -> str:
        """How the UI calls it."""
        return "blocking_check_failed"

    @property
    def description(self) -> str:
        """How the UI describes it."""
        return "A blocking check failed when it was last evaluated"

    def evaluate(self, context: dg.AutomationContext[dg.AssetKey]) -> dg.AutomationResult[dg.AssetKey]:
        """Read the latest results, if it matters."""
        view = context.asset_graph_view
        if not context.candidate_subset.is_empty:
            checks = [key for key in view.asset_graph.get(context.key).check_keys if view.asset_graph.get(key).blocking]
            if any(not found.passed for found in latest_evaluations(view.instance, checks).values()):
                return dg.AutomationResult(context, context.candidate_subset)
        return dg.AutomationResult(context, context.get_empty_subset())


class MendedUnpublished(dg.AutomationCondition[dg.AssetKey]):
    """Something that the published copy holds back has passed its blocking check again since the copy was made.

    Its data version need not say so: it is what it is made of, and that may be the same as when the check failed.
    """

    @property
    def name(self) -> str:
        """How the UI calls it."""
        return "mended_unpublished"

    @property
    def description(self) -> str:
        """How the UI describes it."""
        return "A table that was held back passes its check again, and the copy is older than that"

    def evaluate(self, context: dg.AutomationContext[dg.AssetKey]) -> dg.AutomationResult[dg.AssetKey]:
        """Read the latest results, if it matters."""
        view = context.asset_graph_view
        if not context.candidate_subset.is_empty:
            held = view.asset_graph.get(context.key).parent_keys
            checks = [key for parent in held for key in view.asset_graph.get(parent).check_keys]
            blocking = [key for key in checks if view.asset_graph.get(key).blocking]
            if mended_unpublished(view.instance, blocking):
                return dg.AutomationResult(context, context.candidate_subset)
        return dg.AutomationResult(context, context.get_empty_subset())


class WasNotReached(dg.AutomationCondition[dg.AssetKey]):
    """The last run that was to make the asset has ended by itself, and did not come to it: something before it failed.

    So that was no attempt at it. Dagster calls it a failed one.
    """

    @property
    def name(self) -> str:
        """How the UI calls it."""
        return "was_not_reached"

    @property
    def description(self) -> str:
        """How the UI describes it."""
        return "The last run that was to make it did not come to it, because something that it reads failed"

    def evaluate(self, context: dg.AutomationContext[dg.AssetKey]) -> dg.AutomationResult[dg.AssetKey]:
        """Read how the run ended, if it matters."""
        if not context.candidate_subset.is_empty:
            instance = context.asset_graph_view.instance
            step = dg.AssetKey.to_python_identifier(context.key)
            attempt = instance.event_log_storage.get_latest_planned_materialization_info(context.key)
            ends = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE}
            records = instance.get_records_for_run(attempt.run_id, of_type=ends).records if attempt else []
            events = [record.event_log_entry.get_dagster_event() for record in records]
            ended = any(
                each.event_type is dg.DagsterEventType.RUN_FAILURE and has_ended_by_itself(each) for each in events
            )
            failed = {each.step_key for each in events if each.is_step_failure}
            if ended and failed and step not in failed:
                return dg.AutomationResult(context, context.candidate_subset)
        return dg.AutomationResult(context, context.get_empty_subset())


class AttemptedLately(dg.AutomationCondition[dg.AssetKey]):
    """The last attempt ended after the latest of the regular instants at which failed ones are repeated.

    Not the opposite of Dagster's ``cron_tick_passed()``, which holds in one evaluation alone: what has to wait in that
    one, because something that it reads is tried again as well, would wait for ever.
    """

    def __init__(self, retry_minutes: int) -> None:
        """Begin.

        Args:
            retry_minutes: How far the instants lie apart, counted from the full hour, 1 to 60.
        """
        self._retry_minutes = retry_minutes

    @property
    def name(self) -> str:
        """How the UI calls it."""
        return f"attempted_lately(retry_minutes={self._retry_minutes})"

    @property
    def description(self) -> str:
        """How the UI describes it."""
        return f"The last attempt ended since the latest full {self._retry_minutes} minutes of the hour"

    def evaluate(self, context: dg.AutomationContext[dg.AssetKey]) -> dg.AutomationResult[dg.AssetKey]:
        """Compare the end of the last attempt and the instant, if it matters."""
        if not context.candidate_subset.is_empty:
            view = context.asset_graph_view
            now = view.effective_dt.astimezone(timezone.utc)
            minute = now.minute - now.minute % self._retry_minutes
            instant = now.replace(minute=minute, second=0, microsecond=0).timestamp()
            attempt = view.instance.event_log_storage.get_latest_planned_materialization_info(context.key)
            record = attempt and view.instance.get_run_record_by_id(attempt.run_id)
            ended = record and (record.end_time or record.update_timestamp.timestamp())
            # One that lies ahead would bar the next attempt until the clock has caught up with it.
            if ended and ended >= instant and not is_ahead(datetime.fromtimestamp(ended, timezone.utc), now):
                return dg.AutomationResult(context, context.candidate_subset)
        return dg.AutomationResult(context, context.get_empty_subset())


def load_time(loaded: datetime, now: datetime) -> datetime:
    """Return when the code was loaded, as far as runs can be dated by it.

    Where that lies ahead, every run seems older than the code. It is taken for long ago then: what runs have built in
    the meantime by later code would be built again and again otherwise.

    Args:
        loaded: When the code was loaded.
        now: The time now.
    """
    return datetime.fromtimestamp(0, timezone.utc) if is_ahead(loaded, now) else loaded


def _gone_at(cursor: str | None, now: datetime) -> float | None:
    """Return when the warehouse was last seen to be gone: now at the latest, whatever the clock was then."""
    return None if cursor is None else min(float(cursor), now.timestamp())


_read_in_tick: WeakKeyDictionary[object, Materialisations] = WeakKeyDictionary()


def _result(
    context: dg.AutomationContext[dg.AssetKey],
    assets: Iterable[dg.AssetKey],
    holds: Callable[[Materialisations], bool],
    cursor: str | None = None,
) -> dg.AutomationResult[dg.AssetKey]:
    """Whether something holds of assets: by what is read once for a whole tick, as mostly nothing does.

    What does is looked at again, because a run may have ended in the meantime.
    """
    view = context.asset_graph_view
    if view not in _read_in_tick:
        _read_in_tick[view] = Materialisations(view.instance, view.asset_graph.get_all_asset_keys())
    true = holds(_read_in_tick[view]) and holds(Materialisations(view.instance, assets))
    subset = context.candidate_subset if true else context.get_empty_subset()
    return dg.AutomationResult(context, subset, cursor=cursor)

"""What starts by itself, and when: the automation conditions of the assets.

All of them look at how things are, not at what has just happened: whether a table is too old, or built from versions
that are no longer those it reads. So a change that comes while a run is under way is not forgotten, a daemon that was
off for a week catches up by itself, and nothing is done twice, because what was done is no longer to do.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timezone
from weakref import WeakKeyDictionary

import dagster as dg

from event_assets.assets.versions import Materialisations
from event_assets.automation.evaluations import latest_evaluations
from event_assets.automation.freshness import current_promise
from event_assets.settings import SettingsError, published_path, warehouse_path
from event_assets.warehouse import RAW

AC = dg.AutomationCondition


class Overdue(dg.AutomationCondition[dg.AssetKey]):
    """The asset was materialised, and is as old as its promise lets it become in the phase that the event is in now.

    Or it is a raw table, and the warehouse that it was loaded into is gone: then it is as old as a table can be. That
    is remembered until it was loaded again, since the first attempt makes a new file, whether or not it succeeds.

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
        due_after = current_promise(context.key, now).due_after
        raw = [key for key in view.asset_graph.get_all_asset_keys() if is_raw and key.path[0] == RAW]
        gone_at = str(now.timestamp()) if is_raw and not warehouse_path().exists() else context.cursor

        def is_overdue(latest: Materialisations) -> bool:
            since = latest.time(context.key)
            if since is None:
                return False
            is_lost = gone_at is not None and since.timestamp() <= float(gone_at)
            return now - since >= due_after or is_lost or (is_raw and latest.is_elsewhere(context.key, raw))

        return _result(context, raw or [context.key], is_overdue, gone_at)


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
        node = context.asset_graph_view.asset_graph.get(context.key)

        def is_out_of_date(latest: Materialisations) -> bool:
            return not latest.is_current(context.key, node.parent_keys, node.code_version, self._loaded)

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
            if record and (record.end_time or record.update_timestamp.timestamp()) >= instant:
                return dg.AutomationResult(context, context.candidate_subset)
        return dg.AutomationResult(context, context.get_empty_subset())


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


def refresh_raw(together: Iterable[dg.AssetKey], retry_minutes: int) -> dg.AutomationCondition:
    """When to sync the assets of an endpoint: all of them, as soon as one is overdue or was never loaded.

    Args:
        together: The assets of the endpoint.
        retry_minutes: How long to wait after a failed attempt, 1 to 60.
    """
    assets = list(together)
    return (
        ~_any_of(assets, AC.in_progress(), "the endpoint is being synced")
        & _any_of(assets, Overdue() | AC.missing(), "a table of the endpoint is overdue, or was never loaded")
        & ~_any_of(assets, _too_soon(retry_minutes), "an attempt failed, and it is not yet time for the next")
    )


def rebuild_model(raw: Iterable[dg.AssetKey], retry_minutes: int, loaded: datetime) -> dg.AutomationCondition:
    """When to build a model: if it is out of date or overdue, or reads what is built now.

    It waits until everything that it is made of has been synced, so that it is built once for all of it. A sync that
    fails holds it up no longer than it takes: it is not in that run, unless there is nothing yet that it could read.

    Args:
        raw: The raw assets that it is made of, directly or not.
        retry_minutes: How long to wait after a failed attempt, 1 to 60.
        loaded: When the code was loaded.
    """
    assets = list(raw)
    built_now = AC.any_deps_match(AC.will_be_requested()).ignore(dg.AssetSelection.assets(*assets))
    wanted = OutOfDate(loaded) | Overdue() | built_now.with_label("something that it reads is built now")
    held_back = ~AC.will_be_requested() & BlockingCheckFailed()  # what is built now is checked in the same run
    synced_now = AC.in_progress() | (AC.will_be_requested() & ~AC.missing())
    return (
        ~AC.in_progress()
        & ~_any_of(assets, synced_now, "a raw table that it is made of is being synced")
        & wanted.with_label("out of date, overdue, or reads what is built now")
        & ~AC.any_deps_missing()
        & ~AC.any_deps_match(held_back).with_label("a blocking check of something that it reads failed")
        & ~_too_soon(retry_minutes)
    )


def republish(raw: Iterable[dg.AssetKey], retry_minutes: int, loaded: datetime) -> dg.AutomationCondition:
    """When to publish what is built: as a model is built, and also where the copy's file is gone.

    The copy is made of what there is. A table that cannot be had, because its endpoint has always failed or its SQL
    does, is not waited for: only on the very first attempt, so that a healthy API has one copy made and not two.

    Args:
        raw: All raw assets.
        retry_minutes: How long to wait after a failed attempt, 1 to 60.
        loaded: When the code was loaded.
    """
    assets = list(raw)
    built_now = AC.any_deps_match(AC.will_be_requested()).ignore(dg.AssetSelection.assets(*assets))
    wanted = OutOfDate(loaded) | Overdue() | CopyIsGone() | built_now.with_label("something that it holds is built now")
    held_back = ~AC.will_be_requested() & BlockingCheckFailed()
    first_time = AC.missing() & ~AC.execution_failed()
    synced_now = AC.in_progress() | (AC.will_be_requested() & ~first_time)
    return (
        ~AC.in_progress()
        & ~_any_of(assets, synced_now, "a raw table is being synced, and not for the first time")
        & ~AC.any_deps_in_progress()
        & wanted.with_label("out of date, overdue, gone, or holds what is built now")
        & AC.any_deps_match(~AC.missing() | AC.will_be_requested()).with_label("there is something to publish")
        & ~AC.any_deps_match(held_back).with_label("a blocking check of something that it holds failed")
        & ~_too_soon(retry_minutes)
    )


def check_with_asset() -> dg.AutomationCondition:
    """When to run a check that is an op of its own: whenever its asset is materialised because of a condition.

    Runs that a person, a schedule or a sensor starts have the checks of their assets with them anyway.
    """
    return AC.any_deps_match(AC.will_be_requested()).with_label("its table is brought up to date now")


def condition_sensor() -> dg.AutomationConditionSensorDefinition:
    """The sensor that evaluates the conditions: in the code location, because some of them are ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)  # of `use_user_code_server`, at each start and to everybody
        return dg.AutomationConditionSensorDefinition(
            "keep_fresh",
            target=dg.AssetSelection.all(),
            use_user_code_server=True,
            default_status=dg.DefaultSensorStatus.RUNNING,
            minimum_interval_seconds=30,
            description=(
                "Looks at every asset's automation condition, and starts what is overdue by its freshness policy, was "
                "never loaded, or is no longer built from what it reads."
            ),
        )


def _too_soon(retry_minutes: int) -> dg.AutomationCondition:
    """A failed attempt is not repeated at once but after the next of regular instants, so that attempts are bounded."""
    failed_lately = AC.execution_failed() & AttemptedLately(retry_minutes)
    return failed_lately.with_label(f"the last attempt failed; it is tried again every {retry_minutes} min")


def _any_of(assets: list[dg.AssetKey], condition: dg.AutomationCondition, label: str) -> dg.AutomationCondition:
    matches = AC.asset_matches(assets[0], condition)
    for asset in assets[1:]:
        matches = matches | AC.asset_matches(asset, condition)
    return matches.with_label(label)

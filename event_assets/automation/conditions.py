"""What starts by itself, and when: the automation conditions of the assets.

All of them look at how things are, not at what has just happened: whether a table is too old, or built from versions
that are no longer those it reads. So a change that comes while a run is under way is not forgotten, a daemon that was
off for a week catches up by itself, and nothing is done twice, because what was done is no longer to do.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from weakref import WeakKeyDictionary

import dagster as dg

from event_assets.assets.versions import Materialisations
from event_assets.automation.freshness import current_promise

AC = dg.AutomationCondition
MINUTES_AN_HOUR = 60


class Overdue(dg.AutomationCondition[dg.AssetKey]):
    """The asset was materialised, and is as old as its promise lets it become in the phase that the event is in now.

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
        return "It is older than its freshness policy lets it become without a warning"

    def evaluate(self, context: dg.AutomationContext[dg.AssetKey]) -> dg.AutomationResult[dg.AssetKey]:
        """Compare age and promise."""
        now = context.asset_graph_view.effective_dt
        due_after = current_promise(context.key, now).due_after

        def is_overdue(latest: Materialisations) -> bool:
            since = latest.time(context.key)
            return since is not None and now - since >= due_after

        return _result(context, [context.key], is_overdue)


class OutOfDate(dg.AutomationCondition[dg.AssetKey]):
    """The asset was never built, or its code or something that it reads has another version than it was built from."""

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
            return not latest.is_current(context.key, node.parent_keys, node.code_version)

        return _result(context, [context.key, *node.parent_keys], is_out_of_date)


_read_in_tick: WeakKeyDictionary[object, Materialisations] = WeakKeyDictionary()


def _result(
    context: dg.AutomationContext[dg.AssetKey], assets: Iterable[dg.AssetKey], holds: Callable[[Materialisations], bool]
) -> dg.AutomationResult[dg.AssetKey]:
    """Whether something holds of assets: by what is read once for a whole tick, as mostly nothing does.

    What does is looked at again, because a run may have ended in the meantime.
    """
    view = context.asset_graph_view
    if view not in _read_in_tick:
        _read_in_tick[view] = Materialisations(view.instance, view.asset_graph.get_all_asset_keys())
    true = holds(_read_in_tick[view]) and holds(Materialisations(view.instance, assets))
    return dg.AutomationResult(context, context.candidate_subset if true else context.get_empty_subset())


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
        & (~_any_of(assets, AC.execution_failed(), "the last attempt failed") | _time_to_try_again(retry_minutes))
    )


def rebuild_model(raw: Iterable[dg.AssetKey], retry_minutes: int) -> dg.AutomationCondition:
    """When to build a model, or publish what is built: if it is out of date or overdue, or reads what is built now.

    It waits until everything that it is made of has been synced, so that it is built once for all of it. A sync that
    fails holds it up no longer than it takes: it is not in that run, unless there is nothing yet that it could read.

    Args:
        raw: The raw assets that it is made of, directly or not.
        retry_minutes: How long to wait after a failed attempt, 1 to 60.
    """
    assets = list(raw)
    built_now = AC.any_deps_match(AC.will_be_requested()).ignore(dg.AssetSelection.assets(*assets))
    wanted = OutOfDate() | Overdue() | built_now.with_label("something that it reads is built now")
    synced_now = AC.in_progress() | (AC.will_be_requested() & ~AC.missing())
    return (
        ~AC.in_progress()
        & ~_any_of(assets, synced_now, "a raw table that it is made of is being synced")
        & wanted.with_label("out of date, overdue, or reads what is built now")
        & ~AC.any_deps_missing()
        & AC.all_deps_blocking_checks_passed()
        & (~AC.execution_failed() | _time_to_try_again(retry_minutes))
    )


def check_with_asset() -> dg.AutomationCondition:
    """When to run a check that is an op of its own: whenever its asset is materialised because of a condition.

    Runs that a person, a schedule or a sensor starts have the checks of their assets with them anyway.
    """
    return AC.any_deps_match(AC.will_be_requested()).with_label("its table is brought up to date now")


def condition_sensor() -> dg.AutomationConditionSensorDefinition:
    """The sensor that evaluates the conditions: in the code location, because two of them are ours."""
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


def _time_to_try_again(retry_minutes: int) -> dg.AutomationCondition:
    """A failed attempt is not repeated at once but at the next of regular instants, so that attempts are bounded."""
    minute = f"*/{retry_minutes}" if retry_minutes < MINUTES_AN_HOUR else "0"
    return AC.cron_tick_passed(f"{minute} * * * *").with_label(f"it is time to try again: every {retry_minutes} min")


def _any_of(assets: list[dg.AssetKey], condition: dg.AutomationCondition, label: str) -> dg.AutomationCondition:
    matches = AC.asset_matches(assets[0], condition)
    for asset in assets[1:]:
        matches = matches | AC.asset_matches(asset, condition)
    return matches.with_label(label)

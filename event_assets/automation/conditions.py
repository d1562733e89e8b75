"""What starts by itself, and when: the automation conditions of the assets.

All of them look at how things are, not at what has just happened: whether a table is too old, or built from versions
that are no longer those it reads. So a change that comes while a run is under way is not forgotten, a daemon that was
off for a week catches up by itself, and nothing is done twice, because what was done is no longer to do.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from datetime import datetime

import dagster as dg

from event_assets.automation.state_conditions import (
    AttemptedLately,
    BlockingCheckFailed,
    CopyIsGone,
    MendedUnpublished,
    OutOfDate,
    Overdue,
    WasNotReached,
)

AC = dg.AutomationCondition


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

    The copy is made of what there is. What cannot be had is not waited for: a table whose endpoint has always failed,
    whose SQL does, or whose blocking check does. So the copy is in no run with a table whose last attempt or check
    failed, which could keep the run from coming to it, but is made in a run of its own after that. Only on the very
    first attempt it goes with the syncs, so that a healthy API has one copy made and not two.

    Args:
        raw: All raw assets.
        retry_minutes: How long to wait after a failed attempt, 1 to 60. A run that did not come to the copy, because
            something before it failed, was no attempt at it.
        loaded: When the code was loaded.
    """
    assets = list(raw)
    built_now = AC.any_deps_match(AC.will_be_requested()).ignore(dg.AssetSelection.assets(*assets))
    wanted = (
        OutOfDate(loaded)
        | Overdue()
        | CopyIsGone()
        | MendedUnpublished()
        | built_now.with_label("something that it holds is built now")
    )
    may_fail_again = AC.will_be_requested() & (AC.execution_failed() | BlockingCheckFailed())
    first_time = AC.missing() & ~AC.execution_failed()
    synced_now = AC.in_progress() | (AC.will_be_requested() & ~first_time)
    return (
        ~AC.in_progress()
        & ~_any_of(assets, synced_now, "a raw table is being synced, and not for the first time")
        & ~AC.any_deps_in_progress()
        & ~AC.any_deps_match(may_fail_again).with_label("something that failed is tried again now: the copy follows")
        & wanted.with_label("out of date, overdue, gone, or holds what is built now")
        & AC.any_deps_match(~AC.missing() | AC.will_be_requested()).with_label("there is something to publish")
        & ~(_too_soon(retry_minutes) & ~WasNotReached())
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

"""Why an asset is not as it should be: pure functions from the facts to a clause, or to None where all is well.

What is to be done about it, and what that has to wait for, is decided in ``planner``. Clauses hold no ages, so that
they stay the same from look to look, and Dagster stores each once.
"""

from __future__ import annotations

from datetime import datetime, timezone

import dagster as dg

from event_assets.automation.clock import is_ahead
from event_assets.automation.facts import Facts
from event_assets.automation.graph import Graph, is_raw


def why_outdated(graph: Graph, facts: Facts, asset: dg.AssetKey) -> str | None:
    """Return why a model is not built by its code as it is from what it reads as that is.

    What was never materialised cannot have changed: Dagster records some version of it all the same. A run loads the
    code again: what a later one has built was built by the code as it is, and to build it again would change nothing,
    so only what it has read itself can make it old.

    Args:
        graph: All assets.
        facts: What is known of them.
        asset: The model, or the copy.
    """
    made, node, name = facts.made(asset), graph.nodes[asset], asset.to_user_string()
    if made is None or made.data_version is None:
        return f"{name} was never built"
    read = {read: version for read in node.reads if (version := facts.version(read)) is not None}
    for each, version in read.items():
        if made.inputs.get(each, version) != version:
            return f"{each.to_user_string()} has another data version than {name} was built from"
    asked_at = facts.state(asset).asked_at
    if asked_at is not None and asked_at > load_time(graph.loaded, facts.now):
        return None
    if made.code_version != node.code_version:
        return f"the code of {name} has changed"
    unread = next((each for each in read if each not in made.inputs), None)
    return f"{name} was built without {unread.to_user_string()}" if unread else None


def why_overdue(facts: Facts, asset: dg.AssetKey) -> str | None:
    """Return why an asset is as old as its window lets it become in the phase that the event is in now.

    One that was materialised at a time that lies ahead is due: the clock was set back, and nobody knows how old it is.
    Not Dagster's ``freshness_warned()``: that tells what a daemon saw at its last look, up to half a minute ago, and a
    table that was brought up to date in between would be asked for again.

    Args:
        facts: What is known.
        asset: The asset. What was never materialised is not overdue.
    """
    made, window, name = facts.made(asset), facts.windows[asset], asset.to_user_string()
    if made is None:
        return None
    if is_ahead(made.at, facts.now):
        return f"{name} was made before the clock was set back: its age is not known"
    if facts.now - made.at < window.due_after:
        return None
    return f"{name} is as old as it may become ({window.due_after.total_seconds() / 60:.0f} minutes)"


def why_raw_is_due(graph: Graph, facts: Facts, asset: dg.AssetKey) -> str | None:
    """Return why a raw table is to be synced.

    A warehouse that is gone makes it as old as a table can be. That is remembered until it was loaded again, since the
    first attempt makes a new file, whether or not it succeeds.

    Args:
        graph: All assets.
        facts: What is known of them.
        asset: The raw table.
    """
    made, name = facts.made(asset), asset.to_user_string()
    if made is None:
        return f"{name} was never loaded"
    if overdue := why_overdue(facts, asset):
        return overdue
    if facts.lost_at is not None and made.at <= facts.lost_at:
        return f"{name} was lost with its warehouse"
    loaded = [
        (latest.at, latest.warehouse_id)
        for each in graph.nodes
        if is_raw(each) and (latest := facts.made(each)) and latest.warehouse_id and not is_ahead(latest.at, facts.now)
    ]
    is_elsewhere = bool(loaded) and made.warehouse_id != max(loaded)[1]
    return f"{name} was loaded into another warehouse than the last table was" if is_elsewhere else None


def why_readers_lack(facts: Facts, copy: dg.AssetKey) -> str | None:
    """Return what readers lack though the published copy was made of what there is.

    Args:
        facts: What is known.
        copy: The published copy.
    """
    if facts.copy_is_gone and facts.made(copy):
        return "the file of the copy is gone"
    return "a table that the copy holds back passes its check again" if facts.mended else None


def why_not_up_to_date(graph: Graph, facts: Facts, asset: dg.AssetKey) -> dict[str, str]:
    """Return why a model is not up to date, as a sentence by what is to blame; empty if it is.

    It is built from its tables as they are, and so is every model that it is made of, and each raw table below it is as
    fresh as its window asks for.

    Args:
        graph: All assets.
        facts: What is known of them.
        asset: The model.
    """
    found = {}
    for model in [asset, *graph.models_below(asset)]:
        if why_outdated(graph, facts, model):
            found[model.to_user_string()] = "is not built from what it reads as that is now"
    for raw in graph.raw_below(asset):
        made, allowed = facts.made(raw), facts.windows[raw].fails_after
        if made is None:
            found[raw.to_user_string()] = "was never synced"
        elif is_ahead(made.at, facts.now):
            found[raw.to_user_string()] = "was last synced before the clock was set back: its age is not known"
        elif facts.now - made.at >= allowed:
            minutes = allowed.total_seconds() / 60
            found[raw.to_user_string()] = f"was last synced more than {minutes:.0f} minutes ago"
    return found


def failed_lately(facts: Facts, asset: dg.AssetKey) -> bool:
    """Return whether the last attempt failed after the latest of the regular instants at which it would be repeated.

    So attempts are bounded. One that lies ahead would bar the next until the clock has caught up with it.

    Args:
        facts: What is known.
        asset: The asset.
    """
    failed_at, now = facts.state(asset).failed_at, facts.now.astimezone(timezone.utc)
    minute = now.minute - now.minute % facts.retry_minutes
    instant = now.replace(minute=minute, second=0, microsecond=0)
    return failed_at is not None and failed_at >= instant and not is_ahead(failed_at, now)


def load_time(loaded: datetime, now: datetime) -> datetime:
    """Return when the code was loaded, as far as runs can be dated by it.

    Where that lies ahead, every run seems older than the code. It is taken for long ago then: what runs have built in
    the meantime by later code would be built again and again otherwise.

    Args:
        loaded: When the code was loaded.
        now: The time now.
    """
    return datetime.fromtimestamp(0, timezone.utc) if is_ahead(loaded, now) else loaded

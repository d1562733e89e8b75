"""What is to be done for each asset, and why: a pure function from the graph and the facts to decisions.

The automation conditions and `make run` ask here, and nowhere else is it decided; the checks `is_up_to_date` ask for
the same ``reasons``. All of it looks at how things are, not at what has just happened. So a change that comes while a
run is under way is not lost, a daemon that was off for a week catches up by itself, and nothing is done twice,
because what was done is no longer to do.

Nothing here reads a clock, a setting or Dagster's records: that is the business of ``facts``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import TypeAlias

import dagster as dg

from event_assets.automation.facts import Facts
from event_assets.automation.graph import Graph, is_copy, is_raw
from event_assets.automation.reasons import failed_lately, why_outdated, why_overdue, why_raw_is_due, why_readers_lack


class Action(Enum):
    """What is to be done for an asset now."""

    REQUEST = "request"
    WAIT = "wait"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Decision:
    """What is to be done for an asset, and why.

    Attributes:
        action: What.
        because: Of what is requested why it is due; of what waits also what it waits for. A sentence or two.
    """

    action: Action
    because: str

    @property
    def is_request(self) -> bool:
        """Whether the asset is to be materialised now."""
        return self.action is Action.REQUEST


class Trigger(Enum):
    """Who asks.

    ``CONDITIONS``: nobody; what is due starts by itself, as soon as nothing hinders it. ``PERSON``: somebody who has
    just had all endpoints synced, waits for the rest, and has what failed tried again at once. ``CHANGE``: who has seen
    that the API's answers are others than the tables; everything that is made of these is made in the run that syncs
    them.
    """

    CONDITIONS = "conditions"
    PERSON = "person"
    CHANGE = "change"


Plan: TypeAlias = Mapping[dg.AssetKey, Decision]

NOTHING = Decision(Action.NOTHING, "It is as it should be.")


def plan(graph: Graph, facts: Facts, trigger: Trigger = Trigger.CONDITIONS) -> Plan:
    """Decide for each asset what is to be done now. What is requested is made in one run.

    Args:
        graph: All assets.
        facts: What is known of them.
        trigger: Who asks. Of a change only what is made of the changed tables is decided. Its run waits in the queue
            for those before it, so what these will make is made once more, of what they have brought.
    """
    if trigger is Trigger.PERSON:
        return _plan_by_hand(graph, facts)
    if trigger is Trigger.CHANGE:
        facts = facts.after_all_runs()
    decisions: dict[dg.AssetKey, Decision] = {}
    for asset in graph.nodes:  # each after those that it reads
        if trigger is Trigger.CHANGE and facts.changed.isdisjoint({asset, *graph.raw_below(asset)}):
            decisions[asset] = NOTHING
        elif is_raw(asset):
            if asset not in decisions:  # an endpoint decides once
                decisions |= _sync_together(graph, facts, trigger, asset)
        elif is_copy(asset):
            decisions[asset] = _publish(graph, facts, decisions, asset)
        else:
            decisions[asset] = _build(graph, facts, decisions, asset)
    return decisions


def requested(decisions: Plan) -> list[dg.AssetKey]:
    """Return the assets that are to be materialised now."""
    return [asset for asset, decision in decisions.items() if decision.is_request]


def _sync_together(graph: Graph, facts: Facts, trigger: Trigger, asset: dg.AssetKey) -> Plan:
    """Whether to sync the tables of an endpoint. Of a change, those alone whose records are others."""
    if trigger is Trigger.CHANGE:
        return {asset: _decide(f"the API has other records than {_name(asset)}", None)}
    return dict.fromkeys(graph.nodes[asset].together, _sync(graph, facts, asset))


def _sync(graph: Graph, facts: Facts, asset: dg.AssetKey) -> Decision:
    """Whether to sync an endpoint: all of its assets, as soon as one is overdue or was never loaded."""
    together = graph.nodes[asset].together
    why = _first(why_raw_is_due(graph, facts, each) for each in together)
    if why is None:
        return NOTHING
    hindrance = _first(f"{_name(each)} is being synced" if facts.state(each).in_progress else None for each in together)
    return _decide(why, hindrance or _first(_why_too_soon(facts, each) for each in together))


def _build(graph: Graph, facts: Facts, decisions: Plan, asset: dg.AssetKey) -> Decision:
    """Whether to build a model: if it is outdated or overdue, or reads what is built now.

    It waits until everything that it is made of has been synced, so that it is built once for all of it. A sync that
    fails holds it up no longer than it takes: it is not in that run, unless there is nothing yet that it could read.
    """
    why = (
        why_outdated(graph, facts, asset) or why_overdue(facts, asset) or _what_is_built(graph, facts, decisions, asset)
    )
    if why is None:
        return NOTHING
    if facts.state(asset).in_progress:
        return _decide(why, f"{_name(asset)} is being built")
    return _decide(
        why,
        _first(_why_synced_first(facts, decisions, each) for each in graph.raw_below(asset))
        or _first(_why_not_read(facts, decisions, each) for each in graph.nodes[asset].reads)
        or _why_too_soon(facts, asset)
        or _why_paused(facts, asset),
    )


def _publish(graph: Graph, facts: Facts, decisions: Plan, asset: dg.AssetKey) -> Decision:
    """Whether to publish what is built: as a model is built, and also where the copy's file is gone.

    The copy is made of what there is. What cannot be had is not waited for: a table whose endpoint has always failed,
    whose SQL does, or whose blocking check does. So the copy is in no run with a table whose last attempt or check
    failed, which could keep the run from coming to it, but is made in a run of its own after that. Only on the very
    first attempt it goes with the syncs, so that a healthy API has one copy made and not two. A run that did not come
    to the copy, because something before it failed, was no attempt at it.
    """
    why = (
        why_outdated(graph, facts, asset)
        or why_overdue(facts, asset)
        or why_readers_lack(facts, asset)
        or _what_is_built(graph, facts, decisions, asset)
    )
    if why is None:
        return NOTHING
    if facts.state(asset).in_progress:
        return _decide(why, "the copy is being made")
    return _decide(
        why,
        _first(_why_not_copied(facts, decisions, each) for each in graph.nodes[asset].reads)
        or _why_empty(graph, facts, decisions, asset)
        or _why_too_soon(facts, asset),
    )


def _plan_by_hand(graph: Graph, facts: Facts) -> Plan:
    """Decide for who has just had everything synced.

    In rounds: a table that is made again for one asset makes the others outdated that read it.
    """
    decisions, before = dict.fromkeys(graph.nodes, NOTHING), None
    while requested(decisions) != before:
        before = requested(decisions)
        for asset in graph.nodes:
            if not is_raw(asset) and not decisions[asset].is_request:
                decisions |= _make_by_hand(graph, facts, decisions, asset)
    return decisions


def _make_by_hand(graph: Graph, facts: Facts, decisions: Plan, asset: dg.AssetKey) -> dict[dg.AssetKey, Decision]:
    """Whether to make a model or the copy, for who waits for it, and what to make again for it.

    Where it reads a model whose blocking check failed, that is built again too: it may have been mended, and if not,
    nothing is built from it.
    """
    why = why_outdated(graph, facts, asset) or _what_is_built(graph, facts, decisions, asset)
    if is_copy(asset):
        why = why or why_readers_lack(facts, asset)
        hindrance = _why_empty(graph, facts, decisions, asset)
    else:
        hindrance = _first(_why_missing(facts, decisions, each) for each in graph.nodes[asset].reads)
    if why is None or hindrance:
        return {asset: _decide(why, hindrance) if why else NOTHING}
    again = _decide(f"{_name(asset)} is made of it, and a blocking check of it failed", None)
    reads = graph.nodes[asset].reads
    retried = [each for each in reads if each in facts.failing and facts.made(each) and not decisions[each].is_request]
    return {**dict.fromkeys(retried, again), asset: _decide(why, None)}


def _what_is_built(graph: Graph, facts: Facts, decisions: Plan, asset: dg.AssetKey) -> str | None:
    """What an asset reads and is made in the same run: of raw tables those that are new or known to be others."""
    made_now = (each for each in graph.nodes[asset].reads if decisions[each].is_request)
    built = next((each for each in made_now if not (is_raw(each) and _may_stay_as_it_is(facts, each))), None)
    return f"{_name(built)}, which {_name(asset)} is made of, is made now" if built else None


def _why_synced_first(facts: Facts, decisions: Plan, raw: dg.AssetKey) -> str | None:
    """Why a model waits for a raw table that it is made of. Where there is none yet, it is in the run that loads it."""
    is_synced = facts.state(raw).in_progress or (decisions[raw].is_request and _may_stay_as_it_is(facts, raw))
    return f"{_name(raw)} is synced first" if is_synced else None


def _why_not_read(facts: Facts, decisions: Plan, read: dg.AssetKey) -> str | None:
    """Why a model waits for what it reads. What is built now is checked in the same run."""
    is_held = read in facts.failing and not decisions[read].is_request
    return f"{_name(read)} fails a blocking check" if is_held else _why_missing(facts, decisions, read)


def _why_not_copied(facts: Facts, decisions: Plan, read: dg.AssetKey) -> str | None:
    """Why the copy waits for something that it holds."""
    state = facts.state(read)
    if state.in_progress:
        return f"{_name(read)} is made first"
    if not decisions[read].is_request:
        return None
    if (state.failed_at and state.was_reached) or read in facts.failing:
        return f"{_name(read)} failed, and is tried again first"
    return f"{_name(read)} is synced first" if is_raw(read) and _may_stay_as_it_is(facts, read) else None


def _may_stay_as_it_is(facts: Facts, raw: dg.AssetKey) -> bool:
    """Whether a sync may find a raw table to be as the API has it, so that there is nothing to build of it."""
    return facts.made(raw) is not None and raw not in facts.changed


def _why_missing(facts: Facts, decisions: Plan, read: dg.AssetKey) -> str | None:
    is_there = facts.made(read) or decisions[read].is_request
    return None if is_there else f"{_name(read)} was never made"


def _why_empty(graph: Graph, facts: Facts, decisions: Plan, copy: dg.AssetKey) -> str | None:
    is_empty = all(_why_missing(facts, decisions, each) for each in graph.nodes[copy].reads)
    return "there is nothing to publish" if is_empty else None


def _why_too_soon(facts: Facts, asset: dg.AssetKey) -> str | None:
    if not (facts.state(asset).was_reached and failed_lately(facts, asset)):
        return None
    return f"the last attempt at {_name(asset)} failed; it is tried again every {facts.retry_minutes} minutes"


def _why_paused(facts: Facts, asset: dg.AssetKey) -> str | None:
    """Why an asset that takes long and may be a little behind waits. One made by a clock that was ahead does not."""
    made, pause = facts.made(asset), facts.pauses.get(asset)
    if made is None or pause is None or not timedelta(0) <= facts.now - made.at < pause:
        return None
    return f"it was made less than {pause // timedelta(minutes=1)} minutes ago"


def _decide(why: str, hindrance: str | None) -> Decision:
    due = f"{why if '/' in why.split()[0] else why[0].upper() + why[1:]}."  # the name of an asset stays as it is
    return Decision(Action.WAIT, f"{due} It waits: {hindrance}.") if hindrance else Decision(Action.REQUEST, due)


def _first(reasons: Iterable[str | None]) -> str | None:
    return next((reason for reason in reasons if reason), None)


def _name(asset: dg.AssetKey) -> str:
    return asset.to_user_string()

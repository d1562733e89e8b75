"""Makes a plan with as few looks at checks as it takes: mostly none decides, and there are many."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import dagster as dg

from event_assets.automation.facts import Facts
from event_assets.automation.graph import Graph, is_copy
from event_assets.automation.planner import Plan, Trigger, plan, requested


def plan_with_checks(
    graph: Graph,
    facts: Facts,
    read_failing: Callable[[Iterable[dg.AssetKey]], Iterable[dg.AssetKey]],
    trigger: Trigger = Trigger.CONDITIONS,
) -> Plan:
    """Decide the same, reading of checks only what the decisions depend on: mostly nothing, and there are many.

    Args:
        graph: All assets.
        facts: What is known of them, except of checks.
        read_failing: Gives those of some tables of which a blocking check failed when it was last evaluated.
        trigger: Who asks.
    """
    known: set[dg.AssetKey] = set()
    decisions = plan(graph, facts, trigger)
    while unknown := _deciding_tables(graph, decisions, trigger) - known:
        known |= unknown
        facts = facts.with_failing(read_failing(unknown))
        decisions = plan(graph, facts, trigger)
    return decisions


def _deciding_tables(graph: Graph, decisions: Plan, trigger: Trigger) -> set[dg.AssetKey]:
    """The tables whose checks could change a plan: a failing one holds back what reads it.

    What is built now is checked in the same run; only the copy is in no run with what may fail again.
    """
    return {
        read
        for asset in requested(decisions)
        for read in graph.nodes[asset].reads
        if decisions[read].is_request == (is_copy(asset) and trigger is not Trigger.PERSON)
    }

"""What holds of the plan for any facts: it decides once, requests nothing that is in progress, and comes to an end."""

from dataclasses import replace

import dagster as dg
from hypothesis import given
from hypothesis import strategies as st

from event_assets.assets.versions import Materialisation
from event_assets.automation.facts import AssetState, Facts
from event_assets.automation.freshness import FreshnessWindow
from event_assets.automation.planner import Action, Trigger, plan, requested
from event_assets.automation.reasons import why_outdated
from event_assets_tests.automation.planning import (
    COPY,
    GRAPH,
    HOUR,
    MINUTE,
    MODELS,
    NOW,
    RAW,
    WINDOW,
    after,
)
from event_assets_tests.examples import examples

EVERYTHING = list(GRAPH.nodes)
INSTANTS = st.sampled_from(
    [NOW - 30 * HOUR, NOW - 25 * HOUR, NOW - HOUR, NOW - 2 * MINUTE, NOW - MINUTE / 3, NOW + HOUR]
)
VERSIONS = st.sampled_from(["0", "1", "2"])


@st.composite
def any_state(draw: st.DrawFn, asset: dg.AssetKey) -> AssetState:
    is_made, inputs = draw(st.booleans()), {each: draw(VERSIONS) for each in GRAPH.nodes[asset].reads}
    warehouse = f"{draw(st.sampled_from(['here', 'there']))}." if asset in RAW else ""
    latest = Materialisation(draw(INSTANTS), "", f"{warehouse}{draw(VERSIONS)}", draw(st.sampled_from(["code", "old"])))
    return AssetState(
        replace(latest, inputs=inputs) if is_made else None,
        draw(st.booleans()) and draw(st.booleans()),
        draw(st.none() | INSTANTS),
        draw(st.booleans()),
        draw(st.none() | INSTANTS),
    )


@st.composite
def any_facts(draw: st.DrawFn) -> Facts:
    return Facts(
        NOW,
        {asset: draw(any_state(asset)) for asset in EVERYTHING},
        dict.fromkeys(EVERYTHING, draw(st.sampled_from([WINDOW, FreshnessWindow(15 * MINUTE, None)]))),
        draw(st.sampled_from([1, 5, 20, 60])),
        frozenset(draw(st.sets(st.sampled_from(MODELS)))),
        draw(st.none() | st.sampled_from([NOW, NOW - 2 * HOUR])),
        draw(st.booleans()),
        draw(st.booleans()),
    )


@given(any_facts(), st.sampled_from(Trigger))
@examples(150)
def test_each_asset_has_one_decision_that_says_why(known: Facts, trigger: Trigger):
    decisions = plan(GRAPH, known, trigger)
    assert list(decisions) == EVERYTHING
    assert all(decision.because.endswith(".") for decision in decisions.values())
    assert plan(GRAPH, known, trigger) == decisions
    assert {asset for asset, decision in decisions.items() if decision.action is Action.REQUEST} == {
        *requested(decisions)
    }


@given(any_facts())
@examples(150)
def test_what_is_in_progress_is_never_requested_nor_what_is_made_of_it(known: Facts):
    now = requested(plan(GRAPH, known))
    busy = {asset for asset in EVERYTHING if known.state(asset).in_progress}
    for asset in now:
        assert busy.isdisjoint(GRAPH.nodes[asset].together)
        assert busy.isdisjoint(GRAPH.raw_below(asset))
    assert not (busy and COPY in now)


@given(any_facts(), st.sampled_from(Trigger))
@examples(150)
def test_what_was_made_is_not_requested_again(known: Facts, trigger: Trigger):
    first = plan(GRAPH, known, trigger)
    second = plan(GRAPH, after(known, first), trigger)
    assert {*requested(first)}.isdisjoint(requested(second))


@given(any_facts())
@examples(150)
def test_once_nothing_hinders_it_everything_becomes_as_it_should_be(known: Facts):
    free = {
        asset: replace(state, in_progress=False, failed_at=None, asked_at=None) for asset, state in known.states.items()
    }
    known, looks = replace(known, states=free, failing=frozenset()), 0
    while requested(decisions := plan(GRAPH, known)):
        known, looks = after(known, decisions), looks + 1
        assert looks <= 3, "syncs, models, copy"
    assert all(decision.action is Action.NOTHING for decision in decisions.values())
    assert not any(why_outdated(GRAPH, known, model) for model in [*MODELS, COPY])

"""When the pages are made: after the copy, in the run that makes it, and held up by nothing else."""

from dataclasses import replace
from datetime import datetime, timedelta

import dagster as dg
import pytest

from event_assets.assets.keys import asset_key
from event_assets.assets.site_files import FILES
from event_assets.assets.versions import Materialisation
from event_assets.automation.facts import AssetState, Facts, _was_reached, read_facts
from event_assets.automation.graph import Graph, Node, is_copy, is_model, is_page, is_raw
from event_assets.automation.planner import Action, Trigger, plan, requested
from event_assets.settings import read_event
from event_assets_tests.automation.planning import (
    AGENDA,
    COPY,
    GRAPH,
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    SESSIONS,
    TALKS,
    facts,
    key,
    made,
)  # fmt: skip

PAGE = key("site/catalogue")
WITH_PAGE = Graph({**GRAPH.nodes, PAGE: Node((COPY,), "code", (PAGE,))}, GRAPH.loaded)


def known(changes: dict[dg.AssetKey, AssetState] | None = None, changed: frozenset[dg.AssetKey] = frozenset()) -> Facts:
    """Everything is as it should be, the page as well, but for some changes."""
    page = AssetState(Materialisation(NOW - HOUR, "a run", "1", "code", {COPY: "1"}))
    base = facts(changed=changed)
    windows = {**base.windows, PAGE: base.windows[COPY]}
    return replace(base, states={**base.states, PAGE: page, **(changes or {})}, windows=windows)


def test_each_asset_is_of_one_kind():
    for asset in WITH_PAGE.nodes:
        assert sum(kind(asset) for kind in (is_raw, is_copy, is_page, is_model)) == 1


def test_nothing_is_made_while_all_is_as_it_should_be():
    assert requested(plan(WITH_PAGE, known())) == []


@pytest.mark.parametrize("trigger", [Trigger.CONDITIONS, Trigger.PERSON])
def test_it_is_made_in_the_run_that_makes_the_copy(trigger: Trigger):
    decisions = plan(WITH_PAGE, known({AGENDA: AssetState()}), trigger)
    assert {AGENDA, COPY, PAGE} <= {*requested(decisions)}
    assert requested(decisions)[-1] == PAGE


def test_a_change_of_the_api_makes_it_in_the_run_that_syncs():
    decisions = plan(WITH_PAGE, known(changed=frozenset({TALKS})), Trigger.CHANGE)
    assert {TALKS, SESSIONS, COPY, PAGE} <= {*requested(decisions)}


def test_it_follows_a_copy_that_was_made_without_it():
    other = made(COPY, version="2")
    assert requested(plan(WITH_PAGE, known({COPY: other}))) == [PAGE]


def test_it_is_made_again_where_its_templates_or_descriptions_have_changed():
    graph = Graph({**WITH_PAGE.nodes, PAGE: Node((COPY,), "other code", (PAGE,))}, GRAPH.loaded)
    assert requested(plan(graph, known())) == [PAGE]


def test_a_run_that_failed_before_it_was_no_attempt_at_it():
    assert not _was_reached(WITH_PAGE, PAGE, frozenset({TALKS.to_python_identifier()}))
    assert not _was_reached(WITH_PAGE, PAGE, frozenset({COPY.to_python_identifier()}))
    assert _was_reached(WITH_PAGE, PAGE, frozenset({PAGE.to_python_identifier()}))
    assert _was_reached(WITH_PAGE, AGENDA, frozenset({SESSIONS.to_python_identifier()})), "of a model it is one"


def test_one_that_failed_itself_waits_and_holds_up_no_copy():
    failed = replace(known().states[PAGE], made=None, failed_at=known().now, was_reached=True)
    decisions = plan(WITH_PAGE, known({PAGE: failed, AGENDA: AssetState()}))
    assert decisions[PAGE].action is Action.WAIT
    assert decisions[COPY].is_request


def with_pause(at: datetime, pause: timedelta = 5 * MINUTE) -> Facts:
    """The page was made at an instant, of another copy than there is now."""
    state = AssetState(Materialisation(at, "a run", "1", "code", {COPY: "0"}))
    return replace(known({PAGE: state}, changed=frozenset({TALKS})), pauses={PAGE: pause})


@pytest.mark.parametrize("trigger", [Trigger.CONDITIONS, Trigger.CHANGE])
def test_one_with_a_pause_follows_when_the_pause_is_over(trigger: Trigger):
    decision = plan(WITH_PAGE, with_pause(NOW - 5 * MINUTE + SECOND), trigger)[PAGE]
    assert decision.action is Action.WAIT
    assert decision.because.endswith("It waits: it was made less than 5 minutes ago.")
    for due in (with_pause(NOW - 5 * MINUTE), with_pause(NOW, timedelta(0)), with_pause(NOW + SECOND)):
        assert plan(WITH_PAGE, due, trigger)[PAGE].is_request, "one of the future was made by a clock that was ahead"


def test_nobody_who_asks_for_it_waits_for_a_pause():
    assert plan(WITH_PAGE, with_pause(NOW - SECOND), Trigger.PERSON)[PAGE].is_request
    never = replace(known({PAGE: AssetState()}), pauses={PAGE: 5 * MINUTE})
    assert plan(WITH_PAGE, never)[PAGE].is_request


def test_the_files_have_the_pause_that_is_set(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SITE__FILES_MINUTES", "7")
    with dg.DagsterInstance.ephemeral() as instance:
        assert read_facts(instance, WITH_PAGE, read_event(), NOW).pauses == {asset_key(FILES): 7 * MINUTE}
        monkeypatch.setenv("SITE__FILES_MINUTES", "often")
        assert read_facts(instance, WITH_PAGE, read_event(), NOW).pauses == {}, "the step says what is wrong"

"""What is decided for each asset, and why: tables of facts, and what holds of any facts."""

from dataclasses import replace
from datetime import timedelta

import dagster as dg
import pytest

from event_assets.assets.versions import Materialisation
from event_assets.automation.checked_plan import plan_with_checks
from event_assets.automation.facts import AssetState, Facts
from event_assets.automation.planner import Trigger, plan, requested
from event_assets.automation.reasons import why_not_up_to_date
from event_assets_tests.automation.planning import (
    AGENDA,
    COPY,
    GRAPH,
    GUESTS,
    HALLS,
    HOUR,
    MINUTE,
    MODELS,
    NOW,
    OVERVIEW,
    PEOPLE,
    RAW,
    SESSIONS,
    TALKS,
    after,
    facts,
    made,
    nothing_made,
)

EVERYTHING = list(GRAPH.nodes)
PROGRAMME = [SESSIONS, AGENDA, OVERVIEW, COPY]
LATE = NOW - 25 * HOUR
FAILED_NOW, FAILED_BEFORE = NOW - timedelta(seconds=20), NOW - 2 * MINUTE
"""The one after the full five minutes at 12:00, the other before."""


def state(asset: dg.AssetKey, **changes: object) -> AssetState:
    """An asset that is as it should be, but for what is changed."""
    return replace(made(asset), **changes)


CHANGED = {TALKS: made(TALKS, "2")}
OVERDUE = {HALLS: made(HALLS, at=LATE)}
CASES = {
    "nothing was ever made: all of it, in one run": (nothing_made(), EVERYTHING),
    "everything is as it should be": (facts(), []),
    "a raw table was never loaded: its endpoint": (facts({HALLS: AssetState()}), [TALKS, HALLS]),
    "a raw table is overdue: its endpoint": (facts(OVERDUE), [TALKS, HALLS]),
    "a raw table is just not overdue": (facts({HALLS: made(HALLS, at=LATE + MINUTE)}), []),
    "a raw table was made at a time that lies ahead": (facts({PEOPLE: made(PEOPLE, at=NOW + HOUR)}), [PEOPLE]),
    "the endpoint is being synced": (facts({**OVERDUE, TALKS: state(TALKS, in_progress=True)}), []),
    "its last attempt failed just now": (facts({**OVERDUE, TALKS: state(TALKS, failed_at=FAILED_NOW)}), []),
    "its last attempt failed some time ago": (
        facts({**OVERDUE, TALKS: state(TALKS, failed_at=FAILED_BEFORE)}),
        [TALKS, HALLS],
    ),
    "its last attempt failed at a time that lies ahead": (
        facts({**OVERDUE, TALKS: state(TALKS, failed_at=NOW + HOUR)}),
        [TALKS, HALLS],
    ),
    "the warehouse is lost: all raw tables": (facts(lost_at=NOW), RAW),
    "the warehouse was lost before they were loaded": (facts(lost_at=NOW - 2 * HOUR), []),
    "a raw table is in another warehouse than the last": (
        facts({PEOPLE: replace(made(PEOPLE), made=Materialisation(LATE + HOUR, data_version="there.1"))}),
        [PEOPLE],
    ),
    "a raw table has changed: what is made of it": (facts(CHANGED), PROGRAMME),
    "what it has changed into is being replaced": (
        facts({TALKS: made(TALKS, "2"), HALLS: state(HALLS, in_progress=True)}),
        [],
    ),
    "a raw table has changed and another of the models' is to be synced": (
        facts({**CHANGED, PEOPLE: made(PEOPLE, at=LATE)}),
        [PEOPLE, SESSIONS, AGENDA],
    ),
    "a model's code has changed: it and what reads it": (
        facts({GUESTS: AssetState(Materialisation(NOW - HOUR, "", "1", "old", {PEOPLE: "here.1"}))}),
        [GUESTS, OVERVIEW, COPY],
    ),
    "a later code has built it": (
        facts(
            {
                GUESTS: AssetState(
                    Materialisation(NOW - MINUTE, "", "1", "new", {PEOPLE: "here.1"}), asked_at=NOW - MINUTE
                )
            }
        ),
        [],
    ),
    "a model is overdue": (facts({OVERVIEW: made(OVERVIEW, at=LATE)}), [OVERVIEW, COPY]),
    "a model is being built": (facts({**CHANGED, AGENDA: state(AGENDA, in_progress=True)}), [SESSIONS]),
    "a model's last build failed just now": (
        facts({**CHANGED, SESSIONS: state(SESSIONS, failed_at=FAILED_NOW)}),
        [COPY],
    ),
    "a model's last build failed some time ago: the copy comes after it": (
        facts({**CHANGED, SESSIONS: state(SESSIONS, failed_at=FAILED_BEFORE)}),
        [SESSIONS, AGENDA, OVERVIEW],
    ),
    "what a model reads fails its check": (
        facts({AGENDA: made(AGENDA, sessions="0")}, failing=frozenset({SESSIONS})),
        [],
    ),
    "what fails its check is built now: the copy comes after it": (
        facts(CHANGED, failing=frozenset({SESSIONS})),
        [SESSIONS, AGENDA, OVERVIEW],
    ),
    "what a model reads was never made": (
        facts({PEOPLE: AssetState(failed_at=FAILED_NOW), GUESTS: AssetState(), OVERVIEW: AssetState()}),
        [],
    ),
    "the copy's file is gone": (facts(copy_is_gone=True), [COPY]),
    "what the copy holds back passes again": (facts(mended=True), [COPY]),
    "the copy failed just now": (facts({COPY: state(COPY, failed_at=FAILED_NOW)}, copy_is_gone=True), []),
    "the run did not come to the copy": (
        facts({COPY: state(COPY, failed_at=FAILED_NOW, was_reached=False)}, copy_is_gone=True),
        [COPY],
    ),
    "there is nothing to publish": (
        replace(nothing_made(), states=dict.fromkeys(RAW, AssetState(failed_at=FAILED_NOW))),
        [],
    ),
    "something that the copy holds is being made": (
        facts({GUESTS: state(GUESTS, in_progress=True)}, copy_is_gone=True),
        [],
    ),
}
BY_HAND = {
    "what is made again for the copy, and what else reads it": (
        facts({COPY: AssetState()}, failing=frozenset({SESSIONS})),
        PROGRAMME,
    ),
    "everything is as it should be": (facts(), []),
    "nothing was synced": (nothing_made(), []),
    "a raw table has changed": (facts(CHANGED), PROGRAMME),
    "ages do not count": (facts({OVERVIEW: made(OVERVIEW, at=LATE), PEOPLE: made(PEOPLE, at=LATE)}), []),
    "what failed is tried again at once": (facts({**CHANGED, SESSIONS: state(SESSIONS, failed_at=NOW)}), PROGRAMME),
    "what fails its check is built again for what reads it": (
        facts({AGENDA: made(AGENDA, sessions="0")}, failing=frozenset({SESSIONS})),
        PROGRAMME,
    ),
    "what fails its check and nobody waits for": (facts(failing=frozenset({SESSIONS})), []),
    "the copy's file is gone": (facts(copy_is_gone=True), [COPY]),
    "one endpoint was never loaded: the copy is made of the rest": (
        facts({PEOPLE: AssetState(), GUESTS: AssetState(), OVERVIEW: AssetState(), COPY: AssetState()}),
        [COPY],
    ),
    "one was loaded into another warehouse": (
        facts({PEOPLE: made(PEOPLE, "2"), **CHANGED}).within(GRAPH, "elsewhere"),
        [],
    ),
}


TALKS_CHANGED = frozenset({TALKS})
CHANGES = {
    "all that is made of it": (facts(changed=TALKS_CHANGED), [TALKS, *PROGRAMME]),
    "two tables: one run": (facts(changed=frozenset({TALKS, PEOPLE})), [TALKS, PEOPLE, *MODELS, COPY]),
    "what is due besides starts by itself": (
        facts({PEOPLE: made(PEOPLE, at=LATE)}, changed=TALKS_CHANGED),
        [TALKS, *PROGRAMME],
    ),
    "what is outdated besides starts by itself": (
        facts({GUESTS: AssetState()}, changed=TALKS_CHANGED),
        [TALKS, SESSIONS, AGENDA, COPY],
    ),
    "what a run before it is about to make is made again of this": (
        facts(
            {each: state(each, in_progress=True) for each in (PEOPLE, GUESTS, OVERVIEW, COPY)}, changed=TALKS_CHANGED
        ),
        [TALKS, *PROGRAMME],
    ),
    "its last sync failed: the copy comes after it": (
        facts({TALKS: state(TALKS, failed_at=FAILED_NOW)}, changed=TALKS_CHANGED),
        [TALKS, SESSIONS, AGENDA, OVERVIEW],
    ),
    "a model failed just now": (
        facts({SESSIONS: state(SESSIONS, failed_at=FAILED_NOW)}, changed=TALKS_CHANGED),
        [TALKS, COPY],
    ),
    "a model fails its check: the copy comes after it": (
        facts(changed=TALKS_CHANGED, failing=frozenset({SESSIONS})),
        [TALKS, SESSIONS, AGENDA, OVERVIEW],
    ),
}


@pytest.mark.parametrize(("known", "expected"), CHANGES.values(), ids=CHANGES)
def test_what_a_change_has_made_in_one_run(known: Facts, expected: list[dg.AssetKey]):
    assert requested(plan(GRAPH, known, Trigger.CHANGE)) == expected


def test_after_the_run_of_a_change_nothing_is_left_for_a_second_one():
    known = facts(changed=TALKS_CHANGED)
    later = after(known, plan(GRAPH, known, Trigger.CHANGE))
    assert requested(plan(GRAPH, replace(later, changed=frozenset()))) == []


def test_what_a_failed_run_did_not_come_to_is_not_put_off():
    unreached = {SESSIONS: state(SESSIONS, failed_at=FAILED_NOW, was_reached=False)}
    assert requested(plan(GRAPH, facts({**CHANGED, **unreached}))) == PROGRAMME


@pytest.mark.parametrize(("known", "expected"), CASES.values(), ids=CASES)
def test_what_starts_by_itself(known: Facts, expected: list[dg.AssetKey]):
    assert requested(plan(GRAPH, known)) == expected


@pytest.mark.parametrize(("known", "expected"), BY_HAND.values(), ids=BY_HAND)
def test_what_a_person_has_made(known: Facts, expected: list[dg.AssetKey]):
    assert requested(plan(GRAPH, known, Trigger.PERSON)) == expected


@pytest.mark.parametrize(
    ("known", "asset", "because"),
    [
        (facts(), AGENDA, "It is as it should be."),
        (facts(OVERDUE), TALKS, "raw/halls is as old as it may become (1500 minutes)."),
        (facts(CHANGED), SESSIONS, "raw/talks has another data version than staging/sessions was built from."),
        (facts(CHANGED), AGENDA, "staging/sessions, which summary/agenda is made of, is made now."),
        (
            facts({**CHANGED, HALLS: state(HALLS, in_progress=True)}),
            SESSIONS,
            "raw/talks has another data version than staging/sessions was built from. "
            "It waits: raw/halls is synced first.",
        ),
        (
            facts({AGENDA: made(AGENDA, sessions="0")}, failing=frozenset({SESSIONS})),
            AGENDA,
            "staging/sessions has another data version than summary/agenda was built from. "
            "It waits: staging/sessions fails a blocking check.",
        ),
        (
            facts({COPY: state(COPY, failed_at=FAILED_NOW)}, copy_is_gone=True),
            COPY,
            "The file of the copy is gone. It waits: the last attempt at published/warehouse failed; it is tried again "
            "every 5 minutes.",
        ),
    ],
)
def test_each_decision_says_why(known: Facts, asset: dg.AssetKey, because: str):
    assert plan(GRAPH, known)[asset].because == because


def test_of_checks_only_those_are_read_that_decide():
    read = []

    def failing(tables: object) -> set[dg.AssetKey]:
        read.append(tables)
        return {GUESTS}

    assert requested(plan_with_checks(GRAPH, facts(), failing)) == []
    assert read == [], "nothing is due"
    known = facts({OVERVIEW: made(OVERVIEW, guests="0", agenda="0")})
    assert requested(plan_with_checks(GRAPH, known, failing)) == []
    assert read[0] == {AGENDA, GUESTS, OVERVIEW}, "what the overview reads, and for the copy what is built now"
    assert requested(plan_with_checks(GRAPH, known, failing, Trigger.PERSON)) == [GUESTS, OVERVIEW, COPY]


def test_a_model_is_up_to_date_as_long_as_all_that_it_is_made_of_is():
    assert why_not_up_to_date(GRAPH, facts(), OVERVIEW) == {}
    broken = facts(
        {TALKS: made(TALKS, "2", at=NOW - 26 * HOUR), PEOPLE: made(PEOPLE, at=NOW + HOUR), HALLS: AssetState()}
    )
    assert why_not_up_to_date(GRAPH, broken, OVERVIEW) == {
        "staging/sessions": "is not built from what it reads as that is now",
        "raw/halls": "was never synced",
        "raw/people": "was last synced before the clock was set back: its age is not known",
        "raw/talks": "was last synced more than 1560 minutes ago",
    }
    assert why_not_up_to_date(GRAPH, facts(OVERDUE), OVERVIEW) == {}, "it is due, and its window has not ended yet"

"""What becomes of each relation in the published copy, for every engine: copied, kept as before, or dropped."""

from datetime import datetime, timezone

import pytest

from event_assets.warehouse.copy_plan import (
    BOOKKEEPING,
    NO_OTHER,
    CopyStep,
    HeldBack,
    Note,
    PublishPlan,
    UnreadableRelationError,
)
from event_assets.warehouse.relations import Relation

HALLS, DAYS, LOADS, OLD = (Relation("raw", name) for name in ("halls", "days", "_dlt_loads", "old"))
LATER, EARLIER = (datetime(2026, month, 1, tzinfo=timezone.utc) for month in (3, 2))
PLAN = PublishPlan({HALLS: {"id": '"id"'}, DAYS: {"id": '"id"'}}, {HALLS: {"email": "Personal data."}}, setting="s")
FAILED = HeldBack("Its check failed.", LATER)
THERE = {HALLS: ["id", "email"], DAYS: ["id"], LOADS: ["load_id"]}


def holding(*relations: Relation) -> PublishPlan:
    return PublishPlan(PLAN.columns, PLAN.left_out, held_back=dict.fromkeys(relations, FAILED), setting="s")


def test_published_columns_are_copied_and_the_rest_is_noted():
    left_out = Note(HALLS, "email", "left out", "Personal data.", setting="s")
    internal = Note(LOADS, None, "left out", BOOKKEEPING, setting="s")
    assert [*PLAN.steps(THERE, {}, {})] == [
        CopyStep(LOADS, "drop", notes=(internal,)),
        CopyStep(DAYS, "copy", {"id": '"id"'}),
        CopyStep(HALLS, "copy", {"id": '"id"'}, ("email",), (left_out,)),
    ]


def test_what_is_there_no_more_or_is_published_no_more_is_dropped_once():
    steps = [*PLAN.steps({LOADS: ["load_id"], DAYS: ["id"]}, {OLD: ["a"], LOADS: ["load_id"], DAYS: ["id"]}, {})]
    assert [(step.relation, step.action) for step in steps] == [(LOADS, "drop"), (DAYS, "copy"), (OLD, "drop")]


def test_without_a_choice_of_columns_everything_is_copied():
    steps = [*PublishPlan().steps(THERE, {}, {})]
    assert {step.relation: (step.action, [*step.values], step.notes) for step in steps} == {
        relation: ("copy", names, ()) for relation, names in THERE.items()
    }


@pytest.mark.parametrize("since", [None, EARLIER])
def test_a_relation_that_is_held_back_keeps_its_copy_but_for_columns_that_must_go(since: datetime | None):
    """Also where the warehouse has it no more."""
    for there in (THERE, {DAYS: ["id"]}):
        copied, held_since = {HALLS: ["id", "name"]}, {HALLS: since} if since else {}
        [step] = [each for each in holding(HALLS).steps(there, copied, held_since) if each.relation == HALLS]
        assert (step.action, [*step.values], step.superfluous) == ("keep", ["id"], ("name",))
        assert step.notes[0] == Note(HALLS, None, "held back", FAILED.why, since or LATER)
        assert [note.column for note in step.notes[1:]] == ["name"]


@pytest.mark.parametrize("copied", [{}, {HALLS: ["email"]}])
def test_a_relation_that_is_held_back_and_has_no_copy_is_dropped(copied: dict[Relation, list[str]]):
    [step] = [each for each in holding(HALLS).steps(THERE, copied, {}) if each.relation == HALLS]
    assert (step.action, step.values) == ("drop", {})
    assert step.notes[0] == Note(HALLS, None, "held back", FAILED.why + NO_OTHER, LATER)


def test_what_cannot_be_read_is_held_back_and_the_rest_done_again():
    plans = []

    def publish(plan: PublishPlan) -> int:
        plans.append(plan)
        for relation in (HALLS, DAYS):
            if relation not in plan.held_back:
                raise UnreadableRelationError(relation, "a cast fails")
        return 7

    assert PLAN.carried_out(publish) == 7
    assert [set(plan.held_back) for plan in plans] == [set(), {HALLS}, {HALLS, DAYS}]
    assert plans[-1].held_back[HALLS].why == "It cannot be read: a cast fails"


def test_a_previous_copy_that_cannot_be_read_either_is_an_error():
    def publish(_: PublishPlan) -> None:
        raise UnreadableRelationError(HALLS, "a cast fails") from LookupError("of the database")

    with pytest.raises(LookupError, match="of the database"):
        holding(HALLS).carried_out(publish)

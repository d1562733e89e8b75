"""What a look of the condition sensor costs, and what it says."""

import statistics
import time
from datetime import datetime, timezone
from typing import Any

import dagster as dg

from event_assets.automation.condition_sensor import AS_BEFORE
from event_assets_tests.automation.automation_harness import Automation, Clock

MOST_SECONDS = 0.3
"""Of CPU time, on a machine that does other things as well. It is some 0.05 on one that does not."""


def evaluate(automation: Automation, cursor: Any = None) -> Any:
    return dg.evaluate_automation_conditions(
        automation.definitions, automation.instance, cursor=cursor, evaluation_time=datetime.now(timezone.utc)
    )


def parts(result: dg.AutomationResult) -> list[dg.AutomationResult]:
    """The parts of an evaluation, itself included: what the UI shows as a tree."""
    return [result, *(each for child in result.child_results for each in parts(child))]


def sentences(result: Any) -> dict[str, str | None]:
    """What the evaluation of each asset says, where it says anything."""
    return {
        each.key.to_user_string(): each.child_results[0].condition.get_label()
        for each in result.results
        if each.child_results
    }


def test_a_look_at_what_is_as_it_should_be_is_cheap(loaded: Automation):
    cursor, seconds = None, []
    for _ in range(7):
        began = time.process_time()
        result = evaluate(loaded, cursor)
        seconds.append(time.process_time() - began)
        cursor = result.cursor
        assert result.total_requested == 0
        assert all(len(parts(each)) == 1 for each in result.results), "one for each asset and check"
        assert sentences(result) == {}
    assert statistics.median(seconds[2:]) < MOST_SECONDS


def test_what_would_come_out_as_before_is_not_evaluated(loaded: Automation, lectures: list[dict]):
    assert loaded.evaluate().automation_condition_evaluations
    for _ in range(2):
        found = loaded.evaluate()
        assert found.skip_message == AS_BEFORE.skip_message
        assert not found.automation_condition_evaluations
    lectures[0]["name"] = "Another talk"
    loaded.run("raw/lectures")
    requested = loaded.tick()
    assert "staging/sessions" in requested
    assert loaded.tick() == requested, "what is requested is so until a run does it, and may not be left out"
    loaded.run(*requested)
    assert loaded.evaluate().automation_condition_evaluations, "it is as it should be, and was not before"
    assert loaded.evaluate().skip_message == AS_BEFORE.skip_message


def test_what_has_grown_too_old_is_not_as_before(loaded: Automation, clock: Clock):
    loaded.evaluate()
    assert loaded.evaluate().skip_message == AS_BEFORE.skip_message
    clock.leap(days=2)
    assert "raw/lectures" in loaded.tick()


def test_a_cursor_that_somebody_reset_is_evaluated(loaded: Automation):
    loaded.evaluate()
    loaded.reset_conditions()
    assert loaded.evaluate().automation_condition_evaluations


def test_a_look_says_what_it_asks_for_and_what_waits(loaded: Automation, lectures: list[dict], clock: Clock):
    lectures[0]["name"] = "Another talk"
    loaded.run("raw/lectures")
    said = sentences(evaluate(loaded))
    assert said["staging/sessions"] == "raw/lectures has another data version than staging/sessions was built from."
    run = loaded.begin_run("raw/workshops")
    said = sentences(evaluate(loaded))
    assert said["staging/sessions"] == (
        "raw/lectures has another data version than staging/sessions was built from. It waits: raw/workshops is "
        "synced first."
    )
    loaded.kill(run)
    clock.leap(hours=26)
    assert sentences(evaluate(loaded))["raw/partners"] == "raw/partners is as old as it may become (1500 minutes)."

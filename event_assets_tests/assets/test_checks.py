"""The checks of the raw tables: each passes, each fails, and none of them stops anything."""

from collections.abc import Callable
from typing import Any

import pytest

from event_assets.sandbox import Event, Sandbox, faults
from event_assets_tests.running import Run

CHECKS = {"records_have_keys", "fields_are_known", "values_fit", "in_answer"}


def test_all_pass_where_all_is_well(run: Run, api: Sandbox):
    result = run()
    raw = [name for asset, name in result.checks if asset.startswith("raw/")]
    assert set(raw) == CHECKS
    assert len(raw) == 9 * len(CHECKS)
    assert [check for check, (passed, _) in result.checks.items() if not passed] == []


def spoil_keys(event: Event) -> None:
    event.participants.append({**event.participants[0], "id": 990001})
    event.participants.append({"id": 990002})


def add_field(event: Event) -> None:
    event.participants[0] = {**event.participants[0], "pronouns": "they"}


def spoil_values(event: Event) -> None:
    event.participants[0] = {**event.participants[0], "role": {"name": "attendee"}}


@pytest.mark.parametrize(
    ("check", "spoil", "found"),
    [
        (
            "records_have_keys",
            spoil_keys,
            {"another record of the same answer has this email": 1, "no usable email": 1},
        ),
        ("fields_are_known", add_field, {"pronouns": "not in the data dictionary"}),
        ("values_fit", spoil_values, {"role__v_text": 1}),
    ],
)
def test_one_warns_and_the_summaries_are_built(
    run: Run, api: Sandbox, check: str, spoil: Callable[[Event], None], found: dict[str, Any]
):
    spoil(api.event)
    result = run()

    assert result.checks["raw/participants", check] == (False, found)
    assert [key for key, (passed, _) in result.checks.items() if not passed] == [("raw/participants", check)]
    assert "summary/agenda" in result.materialised
    assert result.severities == {"WARN"}


def test_a_resource_that_is_not_in_the_answer_warns(run: Run, api: Sandbox):
    api.fail("content", faults.without_resource("days"))
    result = run()

    assert result.checks["raw/days", "in_answer"] == (False, {"days": "not in the answer"})
    assert result.checks["raw/halls", "in_answer"] == (True, {})
    assert {"raw/days", "summary/agenda"} < result.materialised
    assert result.metadata("raw/days")["in_answer"] is False


def test_a_check_passes_again_when_the_trouble_is_over(run: Run, api: Sandbox):
    spoil_values(api.event)
    run("raw/participants")
    api.event.participants[0] = {**api.event.participants[0], "role": "e"}
    assert run("raw/participants").checks["raw/participants", "values_fit"] == (True, {})


def test_versions_tell_what_changed(run: Run, api: Sandbox):
    first = run().versions
    assert len({first[asset] for asset in first if asset.startswith("raw/")}) > 5
    api.event.content["lectures"].reverse()
    assert run().versions == first, "the order of records means nothing"
    api.event.content["lectures"][0]["name"] = "Another"
    second = run().versions
    assert {asset for asset in second if second[asset] != first[asset]} == {"raw/lectures"}

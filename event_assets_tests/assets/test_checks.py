"""The checks of the raw tables: each passes, each fails, and none of them stops anything."""

from collections.abc import Callable
from typing import Any

import pytest

from event_assets.sandbox import Event, Sandbox, faults
from event_assets.source.tables.schema import TABLES
from event_assets_tests.assets.conftest import Loaded
from event_assets_tests.running import Run

CHECKS = {"no_rejected_records", "no_undeclared_fields", "values_match_declared_types", "resource_present"}


def test_all_checks_pass_on_valid_data(everything_loaded: Loaded):
    checks = everything_loaded.result.checks
    raw = [name for asset, name in checks if asset.startswith("raw/")]
    assert set(raw) == CHECKS
    assert len(raw) == 9 * len(CHECKS)
    assert [check for check, (passed, _) in checks.items() if not passed] == []


def spoil_keys(event: Event) -> None:
    event.participants.append({**event.participants[0], "id": 990001})
    event.participants.append({"name": "Nobody"})


def add_field(event: Event) -> None:
    event.participants[0] = {**event.participants[0], "pronouns": "they"}


def spoil_values(event: Event) -> None:
    event.participants[0] = {**event.participants[0], "role": {"name": "attendee"}, "tickets": "VIP"}


KEYS = {"another record of the same answer has this email": 1, "no usable email or id": 1}
SPOILT: list[tuple[str, Callable[[Event], None], dict[str, Any]]] = [
    ("no_rejected_records", spoil_keys, KEYS),
    ("no_undeclared_fields", add_field, {"undeclared_columns_with_values": 1}),
    ("values_match_declared_types", spoil_values, {"role": 1, "tickets": 1}),
]


@pytest.mark.parametrize(("check", "spoil", "found"), SPOILT)
def test_one_warns_until_the_trouble_is_over(
    run: Run, api: Sandbox, check: str, spoil: Callable[[Event], None], found: dict[str, Any]
):
    people = api.event.participants[:]
    spoil(api.event)
    for _ in range(2):
        result = run("raw/participants")
        failed = {key: details for key, (passed, details) in result.checks.items() if not passed}
        assert failed == {("raw/participants", check): found}, "as long as the answer is the same"
        assert result.severities == {"WARN"}
    api.event.participants[:] = people
    assert run("raw/participants").checks["raw/participants", check] == (True, {})


def test_all_warn_and_what_reads_them_is_built(run: Run, api: Sandbox):
    for _, spoil, _ in SPOILT:
        spoil(api.event)
    read_it = ("staging/participants", "summary/registrations_by_day", "published/warehouse")
    result = run("raw/participants", *read_it)
    failed = {key: details for key, (passed, details) in result.checks.items() if not passed}
    assert failed == {("raw/participants", check): found for check, _, found in SPOILT}
    assert set(read_it) < result.materialised
    assert result.severities == {"WARN"}


def test_an_absent_resource_warns(run: Run, api: Sandbox):
    api.fail("content", faults.without_resource("days"))
    result = run(
        *("raw/days", "raw/halls", "raw/lectures", "raw/workshops"),
        *("staging/days", "staging/halls", "staging/sessions", "staging/day_spans", "summary/hall_utilisation"),
    )

    assert result.checks["raw/days", "resource_present"] == (False, {"days": "not in the response"})
    assert result.checks["raw/halls", "resource_present"] == (True, {})
    assert {"raw/days", "summary/hall_utilisation"} < result.materialised
    assert result.metadata("raw/days")["resource_present"] is False


def test_versions_report_what_changed(run: Run, api: Sandbox):
    raw = [f"raw/{name}" for name in TABLES if name not in ("partners", "participants")]
    first = run(*raw).versions
    assert len({first[asset] for asset in raw}) > 4
    api.event.content["lectures"].reverse()
    assert run(*raw).versions == first, "the order of records means nothing"
    api.event.content["lectures"][0]["name"] = "Another"
    second = run(*raw).versions
    assert {asset for asset in second if second[asset] != first[asset]} == {"raw/lectures"}


def test_type_mismatches_in_lists_stay_reported_while_the_resource_is_absent(run: Run, api: Sandbox):
    lectures = api.event.content["lectures"]
    lectures[0].update(files="none", speakers=[{"x": 5}], booking_info=7)
    found = {"booking_info": 1, "files": 1, "speakers": 1}
    assert run("raw/lectures").checks["raw/lectures", "values_match_declared_types"] == (False, found)
    api.fail("content", faults.without_resource("lectures"), times=1)
    assert run("raw/lectures").checks["raw/lectures", "values_match_declared_types"] == (False, found), (
        "the table is as it was"
    )
    lectures[0].update(files=[], speakers=[5], booking_info=None)
    assert run("raw/lectures").checks["raw/lectures", "values_match_declared_types"] == (True, {})


def test_the_version_reports_what_could_not_be_loaded(run: Run, api: Sandbox):
    first = run("raw/partners").versions
    api.event.partners.append({**api.event.partners[0], "company": "Another of this identifier"})
    second = run("raw/partners").versions
    assert second.keys() == first.keys()
    assert second != first
    assert run("raw/partners").versions == second
    del api.event.partners[-1]
    assert run("raw/partners").versions == first

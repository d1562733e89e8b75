"""The summaries of people, partners and findings, over whole events: they say what a computation without SQL finds."""

from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from event_assets.definitions import build_definitions
from event_assets.sandbox import Event, Sandbox, generate_event
from event_assets_tests import truth_people as truth
from event_assets_tests.running import Run, Warehouse

SUMMARIES = ["checkin_rate", "data_quality", "event_overview", "partners_overview", "registrations_by_day"]


class Loaded(NamedTuple):
    """An event, and the warehouse after one run of everything."""

    event: Event
    warehouse: Warehouse


@pytest.fixture(scope="module", params=["invented", "fosdem"])
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    if request.param == "fosdem":
        event = request.getfixturevalue("fosdem")
    else:
        event = generate_event(lectures=40, participants=300, seed=11, troubled_participants=9)
    warehouse = Warehouse(tmp_path_factory.mktemp(request.param) / "warehouse.duckdb")
    with Sandbox(event) as api, pytest.MonkeyPatch.context() as environment:
        environment.setenv("SOURCES__EVENT_API__BASE_URL", api.base_url)
        environment.setenv("SOURCES__EVENT_API__API_TOKEN", api.token)
        environment.setenv("EVENT__TIMEZONE", event.timezone)
        environment.setenv("DESTINATION__DUCKDB__CREDENTIALS", str(warehouse.path))
        Run(build_definitions())()
    return Loaded(event, warehouse)


@pytest.mark.parametrize(
    ("table", "grain", "compute"),
    [
        ("registrations_by_day", ["day", "role"], truth.registrations_by_day),
        ("checkin_rate", ["dimension", "value"], truth.checkin_rate),
        ("partners_overview", ["partner_id"], truth.partners_overview),
    ],
)
def test_a_summary_says_what_a_computation_without_sql_finds(
    loaded: Loaded, table: str, grain: list[str], compute: Callable[[Event], dict[tuple, dict]]
):
    expected = compute(loaded.event)
    records = loaded.warehouse.records(f"select * from summary.{table}")
    rows = {tuple(row[column] for column in grain): row for row in records}
    assert len(records) == len(rows)
    assert rows.keys() == expected.keys()
    for key, facts in expected.items():
        assert {fact: rows[key][fact] for fact in facts} == pytest.approx(facts), key


def test_every_dimension_counts_everybody_once(loaded: Loaded):
    sums = "select dimension, sum(registered), sum(checked_in) from summary.checkin_rate group by dimension"
    people = truth.participants(loaded.event)
    there = sum(person["checked_at"] is not None for person in people)
    assert {tuple(row) for row in loaded.warehouse.rows(sums)} == {
        (dimension, len(people), there) for dimension in ("all", "company", "group", "role")
    }


def test_the_findings_are_those_of_a_computation_without_sql(loaded: Loaded):
    found = Counter(loaded.warehouse.rows("select rule, resource, id from summary.data_quality"))
    assert found == truth.findings(loaded.event)
    assert len({rule for rule, _, _ in found}) >= 4


@pytest.mark.parametrize("loaded", ["fosdem"], indirect=True)
def test_the_real_programme_has_the_findings_that_its_audit_counts(loaded: Loaded):
    counts = dict(loaded.warehouse.rows("select rule, count(*) from summary.data_quality group by rule"))
    assert counts == {
        "session_without_speaker": 6,
        "overlong_session": 1,
        "participant_without_address": 25,
        "record_not_loaded": 1,
    }
    detail = "select detail from summary.data_quality where rule = 'record_not_loaded'"
    assert loaded.warehouse.rows(detail) == [("another record of the same answer has this email: 3",)]


def test_the_overview_is_one_row_with_the_event_s_numbers(loaded: Loaded):
    rows = loaded.warehouse.records("select * from summary.event_overview")
    expected: dict[str, Any] = truth.event_overview(loaded.event)
    assert len(rows) == 1
    assert {name: value for name, value in rows[0].items() if name != "event_id"} == expected
    assert rows[0]["event_id"] == str(loaded.event.content["lectures"][0]["event_id"])


@pytest.mark.parametrize("table", SUMMARIES)
def test_no_summary_holds_data_of_a_person(loaded: Loaded, table: str):
    event = loaded.event
    said = {str(value) for row in loaded.warehouse.rows(f"from summary.{table}") for value in row}
    names = {person[field] for person in event.participants for field in ("email", "name", "first_name", "last_name")}
    contacts = {
        str(record[field]) for record in (*event.partners, *event.content["speakers"]) for field in ("email", "phone")
    }
    assert len(names) > 100
    assert not said & ((names | contacts) - {"None", None})
    companies = Counter((person["company"] or "").strip() for person in truth.participants(event))
    # A company can be that of a partner as well, which is public.
    few = {company for company, people in companies.items() if company and people < 3}
    assert not said & few - {partner["company"] for partner in event.partners}

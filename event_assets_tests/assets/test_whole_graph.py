"""The whole graph against the API: what is in the warehouse afterwards is what the API said.

The summaries say what a computation without SQL finds.
"""

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from event_assets.sandbox import Event, generate_event
from event_assets.source.tables.schema import TABLES
from event_assets_tests import truth, truth_people
from event_assets_tests.assets.conftest import Loaded, load_everything
from event_assets_tests.code_location import shared_definitions
from event_assets_tests.truth_summaries import OF_PEOPLE_AND_PARTNERS, OF_THE_PROGRAMME

SUMMARIES_OF_PEOPLE = [
    *("attendance_over_time", "checkin_rate", "data_quality", "event_overview", "no_shows", "partners_overview"),
    *("registrations_by_day", "ticket_types"),
]


@pytest.fixture(scope="module", params=["invented", "fosdem"])
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """An event with all that people do to one, and the real programme."""
    if request.param == "fosdem":
        return load_everything(request.getfixturevalue("fosdem"), tmp_path_factory)
    event = generate_event(lectures=40, participants=300, seed=11, troubled_participants=9)
    _book_twice(event)
    return load_everything(event, tmp_path_factory)


def test_every_asset_is_materialised_with_three_requests(loaded: Loaded):
    keys = shared_definitions().resolve_asset_graph().get_all_asset_keys()
    assert loaded.result.materialised == {key.to_user_string() for key in keys}
    assert {f"raw/{name}" for name in TABLES} < loaded.result.materialised
    assert loaded.requests == {f"/public/v1/{path}": 1 for path in ("content", "partners", "participants")}


def test_every_record_arrives(loaded: Loaded):
    event, warehouse = loaded.event, loaded.warehouse
    for name, records in {**event.content, "partners": event.partners}.items():
        keys = {row[0] for row in warehouse.rows(f"select id from raw.{name}")}
        assert keys == {str(record["id"]) for record in records}
        assert warehouse.count(f"raw.{name}") == len(records)
        assert loaded.result.metadata(f"raw/{name}")["dagster/row_count"] == len(records)
    loaded_people = truth.participants(event)
    assert dict(warehouse.rows("select email_key, email from raw.participants")) == loaded_people
    assert warehouse.count("raw.participants") == len(loaded_people)
    assert warehouse.count("raw.rejected") == len(event.participants) - len(loaded_people)


@pytest.mark.parametrize("loaded", ["fosdem"], indirect=True)
def test_the_real_programme_has_the_rows_that_its_audit_counts(loaded: Loaded):
    audited = {"halls": 30, "days": 2, "lectures": 882, "speakers": 927, "workshops": 1, "pauses": 0, "tracks": 62}
    assert {name: loaded.warehouse.count(f"raw.{name}") for name in audited} == audited
    # 1,500 participants. Three carry another one's address: one to the letter, one in upper case, one with a blank.
    assert loaded.warehouse.count("raw.participants") == 1497
    assert loaded.warehouse.rows("select resource, reason, count(*) from raw.rejected group by all") == [
        ("participants", "another record of the same answer has this email", 3)
    ]
    placeholders = "select count(*) from raw.participants where not contains(email, '@')"
    assert loaded.warehouse.rows(placeholders) == [(25,)]
    assert loaded.warehouse.count("summary.agenda") == 883
    for name in ("pauses", "partners"):
        assert loaded.warehouse.columns(f"raw.{name}") == [column.name for column in TABLES[name].all_columns]
        assert loaded.warehouse.count(f"raw.{name}") == 0


def test_raw_rows_are_what_the_api_said(loaded: Loaded):
    lectures = {row["id"]: row for row in loaded.warehouse.records("select * from raw.lectures")}
    said = {str(record["id"]): record for record in loaded.event.content["lectures"]}
    for key, record in said.items():
        for field in ("name", "description", "start", "end", "capacity", "code"):
            assert lectures[key][field] == record[field], (key, field)
    links = loaded.warehouse.rows(
        "select l.id, list(s.value order by s._dlt_list_idx) from raw.lectures l"
        " join raw.lectures__speakers s on s._dlt_parent_id = l._dlt_id group by l.id"
    )
    assert dict(links) == {key: [str(s) for s in said[key]["speakers"]] for key in said if said[key]["speakers"]}
    streams = dict(loaded.warehouse.rows("select id, stream__url from raw.halls"))
    assert streams == {str(hall["id"]): (hall["stream"] or {}).get("url") for hall in loaded.event.content["halls"]}
    assert any(streams.values())


def test_the_agenda_has_every_session_and_break_with_its_names(loaded: Loaded):
    agenda = {row["entry_key"]: row for row in loaded.warehouse.records("select * from summary.agenda")}
    expected = {session.key: session for session in truth.agenda(loaded.event)}
    assert agenda.keys() == expected.keys()
    assert loaded.warehouse.count("summary.agenda") == len(expected)
    for key, session in expected.items():
        row = agenda[key]
        assert (row["title"], row["hall"], row["day"]) == (session.title, session.hall, session.day)
        assert (row["starts_local"], row["ends_local"]) == (session.start_local, session.end_local)
        assert row["minutes"] == pytest.approx(session.minutes)
        assert (row["speakers"] or "") == ", ".join(session.speakers)
        assert (row["tracks"] or "") == ", ".join(session.tracks)


@pytest.mark.parametrize(("table", "grain", "compute"), OF_THE_PROGRAMME)
def test_a_summary_says_what_a_computation_without_sql_finds(
    loaded: Loaded, table: str, grain: list[str], compute: Callable[[Event], dict[tuple, dict]]
):
    expected = compute(loaded.event)
    rows = {
        tuple(row[column] for column in grain): row
        for row in loaded.warehouse.records(f"select * from summary.{table}")
    }
    assert rows.keys() == expected.keys()
    assert loaded.warehouse.count(f"summary.{table}") == len(expected)
    for key, facts in expected.items():
        assert {fact: rows[key][fact] for fact in facts} == facts, key


@pytest.mark.parametrize("loaded", ["fosdem"], indirect=True)
def test_the_real_programme_has_the_conflicts_that_its_audit_counts(loaded: Loaded):
    assert loaded.warehouse.count("summary.hall_conflicts") == 0
    assert loaded.warehouse.rows(
        "select speaker_id, session_key, other_session_key, likely_team from summary.speaker_conflicts"
    ) == [("3527", "lecture:9115", "lecture:8059", False)]


@pytest.mark.parametrize("loaded", ["invented"], indirect=True)
def test_the_invented_programme_has_conflicts_gaps_and_seats(loaded: Loaded):
    for name in ("hall_conflicts", "hall_gaps", "workshop_capacity"):
        assert loaded.warehouse.count(f"summary.{name}") > 0, name
    teams = loaded.warehouse.rows("select distinct likely_team from summary.speaker_conflicts order by 1")
    assert teams == [(False,), (True,)]


def test_every_hall_has_a_row_for_every_day_and_no_talk_fits_where_it_is_busy(loaded: Loaded):
    warehouse = loaded.warehouse
    halls, days = len(loaded.event.content["halls"]), len(loaded.event.content["days"])
    assert warehouse.count("summary.hall_utilisation") == halls * days
    free = "select hall_id, day, sum(minutes) as free_minutes from summary.hall_gaps group by all"
    query = (
        f"select u.*, coalesce(free_minutes, 0) from summary.hall_utilisation u left join ({free}) using (hall_id, day)"
    )
    for row in warehouse.records(query.replace("u.*", "u.busy_minutes, u.day_span_minutes, u.busy_share_of_day")):
        busy, span, share, free_minutes = row.values()
        assert share == pytest.approx(busy / span)
        assert busy + free_minutes == span


# People, partners and findings.


@pytest.mark.parametrize(("table", "grain", "compute"), OF_PEOPLE_AND_PARTNERS)
def test_a_summary_of_people_says_what_a_computation_without_sql_finds(
    loaded: Loaded, table: str, grain: list[str], compute: Callable[[Event], dict[tuple, dict]]
):
    expected = compute(loaded.event)
    records = loaded.warehouse.records(f"select * from summary.{table}")
    rows = {tuple(row[column] for column in grain): row for row in records}
    assert len(records) == len(rows)
    assert rows.keys() == expected.keys()
    for key, facts in expected.items():
        expected_facts = {fact: pytest.approx(v) if isinstance(v, float) else v for fact, v in facts.items()}
        assert {fact: rows[key][fact] for fact in facts} == expected_facts, key


def test_every_dimension_counts_everybody_once(loaded: Loaded):
    sums = "select dimension, sum(registered), sum(checked_in) from summary.checkin_rate group by dimension"
    people = truth_people.participants(loaded.event)
    there = sum(person["checked_at"] is not None for person in people)
    assert {tuple(row) for row in loaded.warehouse.rows(sums)} == {
        (dimension, len(people), there) for dimension in ("all", "company", "group", "role")
    }


def test_the_findings_are_those_of_a_computation_without_sql(loaded: Loaded):
    found = Counter(loaded.warehouse.rows("select rule, resource, id from summary.data_quality"))
    assert found == truth_people.findings(loaded.event)
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
    expected: dict[str, Any] = truth_people.event_overview(loaded.event)
    assert len(rows) == 1
    of_the_sync = {
        name: rows[0].pop(name) for name in [*rows[0]] if name.endswith("as_of") or name == "days_to_opening"
    }
    assert {name: value for name, value in rows[0].items() if name != "event_id"} == expected
    assert of_the_sync.pop("days_to_opening") == (expected["first_day"] - _today(loaded.event)).days
    endpoints = {f"{name}_as_of" for name in ("content", "partners", "participants")}
    there = {name for name in endpoints if name != "partners_as_of" or loaded.event.partners}
    assert {name for name, value in of_the_sync.items() if value} == {"as_of", *there}
    assert of_the_sync["as_of"] == max(of_the_sync[name] for name in there)
    assert datetime.now(timezone.utc) - of_the_sync["as_of"] < timedelta(hours=1)
    assert rows[0]["event_id"] == str(loaded.event.content["lectures"][0]["event_id"])


@pytest.mark.parametrize("table", SUMMARIES_OF_PEOPLE)
def test_no_summary_holds_data_of_a_person(loaded: Loaded, table: str):
    event = loaded.event
    said = {str(value) for row in loaded.warehouse.rows(f"from summary.{table}") for value in row}
    names = {person[field] for person in event.participants for field in ("email", "name", "first_name", "last_name")}
    contacts = {
        str(record[field]) for record in (*event.partners, *event.content["speakers"]) for field in ("email", "phone")
    }
    assert len(names) > 100
    assert not said & ((names | contacts) - {"None", None})
    companies = Counter((person["company"] or "").strip() for person in truth_people.participants(event))
    # A company can be that of a partner as well, which is public.
    few = {company for company, people in companies.items() if company and people < 3}
    assert not said & few - {partner["company"] for partner in event.partners}


def _today(event: Event) -> date:
    return datetime.now(ZoneInfo(event.timezone)).date()


def _book_twice(event: Event) -> None:
    """One speaker in two sessions of one hall at once, and another in three sessions, each in its own hall."""
    lectures = event.content["lectures"]
    first, second, *three = lectures[0], lectures[1], lectures[2], lectures[3], lectures[4]
    second |= {name: first[name] for name in ("hall_id", "event_day_id", "speakers")}
    second |= {end: _later(first[end]) for end in ("start", "end")}
    first["speakers"] = second["speakers"] = first["speakers"][:1]
    for lecture in three:
        lecture |= {name: three[0][name] for name in ("event_day_id", "start", "end")}
        lecture["speakers"] = three[0]["speakers"][:1]


def _later(moment: str) -> str:
    return (datetime.fromisoformat(moment) + timedelta(minutes=10)).isoformat()

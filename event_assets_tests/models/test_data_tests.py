"""Every data test of every model, passing and failing: its query returns the failing row, and no other."""

from functools import cache
from typing import Any

import pytest

from event_assets.models.facts import DataTest
from event_assets.warehouse.relations import Relation
from event_assets_tests.engines.databases import Database, DuckDb
from event_assets_tests.models.bench import models, raw_columns, statements

Row = dict[str, Any]

EXAMPLES: dict[str, tuple[Row, Row]] = {
    "version >= 1": ({"version": 1}, {"version": 0}),
    "minutes > 0": ({"minutes": 1}, {"minutes": 0}),
    "list_index >= 0": ({"list_index": 0}, {"list_index": -1}),
    "kind <> 'break' or (hall is null and speakers is null and tracks is null)": (
        {"kind": "break"},
        {"kind": "break", "hall": "A"},
    ),
    "dimension <> 'company' or registered >= 3 or value in ('(other)', '(none)')": (
        {"dimension": "company", "registered": 2, "value": "(other)"},
        {"dimension": "company", "registered": 2, "value": "Two People Ltd"},
    ),
    "checked_in <= participants": ({"checked_in": 2, "participants": 2}, {"checked_in": 3, "participants": 2}),
    "speakers_with_session <= speakers": (
        {"speakers_with_session": 2, "speakers": 2},
        {"speakers_with_session": 3, "speakers": 2},
    ),
    "session_key <> other_session_key": (
        {"session_key": "lecture:1", "other_session_key": "lecture:2"},
        {"session_key": "lecture:1", "other_session_key": "lecture:1"},
    ),
    "overlap_minutes > 0": ({"overlap_minutes": 1}, {"overlap_minutes": 0}),
    "sessions > 0 or (sessions = 0 and busy_minutes = 0 and span_minutes is null)": (
        {"sessions": 0, "busy_minutes": 0},
        {"sessions": 0, "busy_minutes": 0, "span_minutes": 10},
    ),
    "busy_minutes >= 0": ({"busy_minutes": 0}, {"busy_minutes": -1}),
    "minutes >= 0": ({"minutes": 0}, {"minutes": -1}),
    "span_minutes > 0": ({"span_minutes": 1}, {"span_minutes": 0}),
    "busy_share_of_span between 0 and 1": ({"busy_share_of_span": 1}, {"busy_share_of_span": 1.01}),
    "busy_share_of_day between 0 and 1": ({"busy_share_of_day": 0}, {"busy_share_of_day": 1.01}),
    "(slot = 'changeover' and minutes = 0) or (slot <> 'changeover' and minutes > 0)": (
        {"slot": "changeover", "minutes": 0},
        {"slot": "between", "minutes": 0},
    ),
    "longest_free_minutes between 0 and minutes": (
        {"longest_free_minutes": 10, "minutes": 10},
        {"longest_free_minutes": 11, "minutes": 10},
    ),
    "profile_completeness between 0 and 1": ({"profile_completeness": 1}, {"profile_completeness": 1.5}),
    "(missing is null) = (profile_completeness = 1)": (
        {"missing": None, "profile_completeness": 1},
        {"missing": "logo", "profile_completeness": 1},
    ),
    "checked_in <= holders": ({"checked_in": 2, "holders": 2}, {"checked_in": 3, "holders": 2}),
    "sole_holders <= holders": ({"sole_holders": 2, "holders": 2}, {"sole_holders": 3, "holders": 2}),
    "no_shows between 0 and registered": ({"no_shows": 2, "registered": 2}, {"no_shows": 3, "registered": 2}),
    "checkins between 0 and checkins_so_far": (
        {"checkins": 2, "checkins_so_far": 2},
        {"checkins": -1, "checkins_so_far": 2},
    ),
    "minutes_between >= 0": ({"minutes_between": 0}, {"minutes_between": -5}),
    "completeness between 0 and 1": ({"completeness": 0}, {"completeness": -0.5}),
    "(missing is null) = (completeness = 1)": (
        {"missing": "hall", "completeness": 0.5},
        {"missing": None, "completeness": 0.5},
    ),
    "free_seats >= 0": ({"free_seats": 0}, {"free_seats": -1}),
    "uncounted_sessions_before <= sessions_before": (
        {"uncounted_sessions_before": 2, "sessions_before": 2},
        {"uncounted_sessions_before": 3, "sessions_before": 2},
    ),
    "halls_before <= sessions_before": (
        {"halls_before": 1, "sessions_before": 2},
        {"halls_before": 2, "sessions_before": 1},
    ),
    "speakers > 0": ({"speakers": 1}, {"speakers": 0}),
    "with_booth <= partners": ({"with_booth": 1, "partners": 1}, {"with_booth": 2, "partners": 1}),
    "complete_profiles <= partners": (
        {"complete_profiles": 0, "partners": 1},
        {"complete_profiles": 2, "partners": 1},
    ),
    "registrations between 0 and registrations_so_far": (
        {"registrations": 0, "registrations_so_far": 0},
        {"registrations": 3, "registrations_so_far": 2},
    ),
    "old_value is not null or new_value is not null": ({"new_value": "B"}, {}),
    "days <= sessions": ({"days": 2, "sessions": 2}, {"days": 3, "sessions": 2}),
    "records > 0": ({"records": 1}, {"records": 0}),
    "booked_seats >= 0": ({"booked_seats": 0}, {"booked_seats": -1}),
    "overbooked_seats >= 0": ({"overbooked_seats": 0}, {"overbooked_seats": -1}),
    "fill_share between 0 and 1": ({"fill_share": 0}, {"fill_share": 1.2}),
    "reviewers <= reviews": ({"reviewers": 1, "reviews": 1}, {"reviewers": 2, "reviews": 1}),
    "commented <= reviews": ({"commented": 1, "reviews": 1}, {"commented": 2, "reviews": 1}),
    "average_stars between lowest_stars and highest_stars": (
        {"average_stars": 3.5, "lowest_stars": 3, "highest_stars": 4},
        {"average_stars": 4.5, "lowest_stars": 3, "highest_stars": 4},
    ),
    "closes_at > opens_at": (
        {"opens_at": "2026-12-01 09:00:00", "closes_at": "2026-12-01 10:00:00"},
        {"opens_at": "2026-12-01 09:00:00", "closes_at": "2026-12-01 09:00:00"},
    ),
    "registrations > 0": ({"registrations": 1}, {"registrations": 0}),
    "share between 0 and 1": ({"share": 1}, {"share": 1.5}),
    "with_valid_address <= registrations": (
        {"with_valid_address": 1, "registrations": 1},
        {"with_valid_address": 2, "registrations": 1},
    ),
    "with_email_on <= registrations": (
        {"with_email_on": 0, "registrations": 1},
        {"with_email_on": 2, "registrations": 1},
    ),
    "available between 0 and capacity": ({"available": 5, "capacity": 5}, {"available": -1, "capacity": 5}),
}
"""For each expression that a model tests: a row that passes, and one that fails."""

DATA_TESTS = {f"{relation}-{test.name}": (relation, test) for relation, m in models().items() for test in m.data_tests}


@pytest.mark.parametrize("name", DATA_TESTS)
def test_a_data_test_passes_and_fails(name: str, engine: Database):
    relation, test = DATA_TESTS[name]
    query = test.render(engine.dialect)
    passing, failing, target = _rows(relation, test)
    with engine.fresh():
        if target:
            engine.put(*target)
        engine.put(relation, types()[relation], passing)
        assert engine.rows(query) == []
        engine.put(relation, types()[relation], [*passing, failing])
        assert len(engine.rows(query)) == 1


@cache
def types() -> dict[Relation, dict[str, str]]:
    """DuckDB's type of each column of each relation."""
    database = DuckDb()
    with database.fresh():
        for relation, columns in raw_columns().items():
            database.put(relation, columns, [])
        for relation, kind, select in statements("UTC", *map(str, models())):
            database.make(relation, kind, select)
        described = {relation: database.rows(f"describe {relation.sql()}") for relation in models()}
    return {
        **raw_columns(),
        **{each: {row["column_name"]: row["column_type"] for row in rows} for each, rows in described.items()},
    }


def _rows(
    relation: Relation, test: DataTest
) -> tuple[list[Row], Row, tuple[Relation, dict[str, str], list[Row]] | None]:
    """Return rows that pass a test, one that fails beside them, and the relation that they refer to, if any."""
    values = {column: _value(types()[relation][column]) for column in test.columns}
    if test.name.endswith("_is_not_null"):
        return [values], dict.fromkeys(values), None
    if test.name.endswith("is_unique"):
        return [values], values, None
    if test.target:
        target, column = test.target
        (referring,) = values
        return [{referring: "there"}], {referring: "nowhere"}, (target, types()[target], [{column: "there"}])
    specs = models()[relation].facts.tests
    conditions = {name: condition for spec in specs for name, condition in spec.expression.items()}
    if test.name in conditions:
        passing, failing = EXAMPLES[conditions[test.name]]
        return [passing], failing, None
    (column,) = test.columns
    (accepted,) = (spec.accepted_values[column] for spec in specs if column in spec.accepted_values)
    return [{column: value} for value in accepted], {column: "anything else"}, None


def _value(kind: str) -> Any:
    return {"VARCHAR": "x", "DATE": "2026-12-01", "BOOLEAN": True}.get(
        kind, "2026-12-01 09:00:00" if kind.startswith("TIMESTAMP") else 1
    )

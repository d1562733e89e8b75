"""Every data test of every model, passing and failing: its query returns the failing row, and no other."""

from typing import Any

import duckdb
import pytest

from event_assets.models.facts import DataTest
from event_assets.warehouse.relations import Relation
from event_assets_tests.models.bench import built, models

Row = dict[str, Any]

EXAMPLES: dict[str, tuple[Row, Row]] = {
    "version >= 1": ({"version": 1}, {"version": 0}),
    "minutes > 0": ({"minutes": 0.5}, {"minutes": 0}),
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
    "sessions > 0": ({"sessions": 1}, {"sessions": 0}),
    "busy_minutes >= 0": ({"busy_minutes": 0}, {"busy_minutes": -1}),
    "minutes >= 0": ({"minutes": 0}, {"minutes": -1}),
    "span_minutes > 0": ({"span_minutes": 1}, {"span_minutes": 0}),
    "busy_share between 0 and 1.000001": ({"busy_share": 1}, {"busy_share": 1.01}),
    "profile_completeness between 0 and 1": ({"profile_completeness": 1}, {"profile_completeness": 1.5}),
    "(missing is null) = (profile_completeness = 1)": (
        {"missing": None, "profile_completeness": 1},
        {"missing": "logo", "profile_completeness": 1},
    ),
    "registrations between 1 and registrations_so_far": (
        {"registrations": 2, "registrations_so_far": 2},
        {"registrations": 3, "registrations_so_far": 2},
    ),
    "old_value is not null or new_value is not null": ({"new_value": "B"}, {}),
    "days <= sessions": ({"days": 2, "sessions": 2}, {"days": 3, "sessions": 2}),
    "records > 0": ({"records": 1}, {"records": 0}),
    "booked >= 0": ({"booked": 0}, {"booked": -1}),
    "fill_share between 0 and 1": ({"fill_share": 0}, {"fill_share": 1.2}),
    "available between 0 and capacity": ({"available": 5, "capacity": 5}, {"available": -1, "capacity": 5}),
}
"""For each expression that a model tests: a row that passes, and one that fails."""

DATA_TESTS = {f"{relation}-{test.name}": (relation, test) for relation, m in models().items() for test in m.data_tests}


@pytest.mark.parametrize("name", DATA_TESTS)
def test_a_data_test_passes_and_fails(name: str):
    relation, test = DATA_TESTS[name]
    with built({}, str(relation)) as connection:
        model = models()[relation]
        connection.execute(f"create table emptied as from {relation.sql()} limit 0")
        connection.execute(f"drop {'view' if model.kind == 'view' else 'table'} {relation.sql()}")
        connection.execute(f"create table {relation.sql()} as from emptied")
        passing, failing = _rows(connection, relation, test)

        for row in passing:
            _insert(connection, relation, row)
        assert connection.sql(test.failing_rows).fetchall() == []
        _insert(connection, relation, failing)
        assert len(connection.sql(test.failing_rows).fetchall()) == 1


def _rows(connection: duckdb.DuckDBPyConnection, relation: Relation, test: DataTest) -> tuple[list[Row], Row]:
    """Return rows that pass a test, and one that fails beside them."""
    types = {column: kind for column, kind, *_ in connection.sql(f"describe {relation.sql()}").fetchall()}
    values = {column: _value(types[column]) for column in test.columns}
    if test.name.endswith("_is_not_null"):
        return [values], dict.fromkeys(values)
    if test.name.endswith("is_unique"):
        return [values], values
    if test.target:
        target, column = test.target
        (referring,) = values
        connection.execute(f"create table those as from {target.sql()} limit 0")
        connection.execute(f"drop {'view' if models()[target].kind == 'view' else 'table'} {target.sql()}")
        connection.execute(f"create table {target.sql()} as from those")
        _insert(connection, target, {column: "there"})
        return [{referring: "there"}], {referring: "nowhere"}
    specs = models()[relation].facts.tests
    conditions = {name: condition for spec in specs for name, condition in spec.expression.items()}
    if test.name in conditions:
        passing, failing = EXAMPLES[conditions[test.name]]
        return [passing], failing
    (column,) = test.columns
    (accepted,) = (spec.accepted_values[column] for spec in specs if column in spec.accepted_values)
    return [{column: value} for value in accepted], {column: "anything else"}


def _value(kind: str) -> Any:
    return {"VARCHAR": "x", "DATE": "2026-12-01", "BOOLEAN": True}.get(
        kind, "2026-12-01 09:00:00" if kind.startswith("TIMESTAMP") else 1
    )


def _insert(connection: duckdb.DuckDBPyConnection, relation: Relation, row: Row) -> None:
    columns = [column for column, *_ in connection.sql(f"describe {relation.sql()}").fetchall()]
    marks = ", ".join("?" * len(columns))
    connection.execute(f"insert into {relation.sql()} values ({marks})", [row.get(column) for column in columns])

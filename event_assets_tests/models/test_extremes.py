"""No value of any column stops a model, breaks a blocking data test, or changes what is said of another record."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from event_assets.source.tables.more import ALL_TABLES
from event_assets.warehouse.relations import Relation
from event_assets_tests.engines.databases import DuckDb
from event_assets_tests.models.bench import loaded, models, statements
from event_assets_tests.models.extremes import LONG, WITNESS, as_arrow, extreme_rows, texts, witness

pytestmark = pytest.mark.slow

# The first has a day that was skipped; the others are for the night.
AT_NIGHT = ("Europe/Vienna", "America/St_Johns")
ZONES = ["Pacific/Apia", *(pytest.param(zone, marks=pytest.mark.nightly) for zone in AT_NIGHT)]
VERSIONS = Relation("history", "entry_versions")
LINKED = [*texts(), *LONG]
OF_OTHERS = {"day_span_minutes", "busy_share_of_day", "longest_free_minutes", "reviewers_per_checked_in", "share"}
"""What is said of a hall by what is in other halls and by breaks, and of people by how many there are."""
OWN_ROWS = {
    "summary.hall_utilisation": "sessions > 0",
    "summary.hall_gaps": "slot in ('between', 'changeover')",
    "summary.registrations_by_day": "registrations > 0",
}
"""Which rows a record has whatever else there is: other ones are of the days on which other records are."""
COUNT_ALL_SESSIONS_OR_PEOPLE = ("summary.attendance_over_time", "summary.break_pressure")
PARENT = {"lectures": "lecture", "workshops": "workshop"}


@contextmanager
def everything(zone: str, *, extremes: bool) -> Iterator[duckdb.DuckDBPyConnection]:
    """All models over the witness and the extreme records beside it, some of which change for a second refresh."""
    with loaded(witness()) as database:
        assert isinstance(database, DuckDb)
        connection = database.connection
        if extremes:
            for name, table in ALL_TABLES.items():
                connection.register("extreme", as_arrow(table, extreme_rows(table)))
                connection.execute(f"insert into raw.{name} by name select * from extreme")
                _link(connection, name)
            connection.execute(
                "insert into raw.rejected select 'halls', 'no usable id', value, null from (select unnest(?) as value)",
                [texts()],
            )
        history = models()[VERSIONS]
        first = statements(zone, str(VERSIONS))
        for each in first:
            database.make(*each)
        for name in ("lectures", "workshops", "pauses"):
            connection.execute(
                f'update raw.{name} set "start" = "end", "end" = "start", event_day_id = \'other\', name = \'Other\''
                f" where id not like '{WITNESS}%' and hash(id) % 3 > 0"
            )
        names = ", ".join(history.columns)
        connection.execute(f"insert into {VERSIONS.sql()} ({names}) {history.render({'event_timezone': zone})}")
        for each in statements(zone, *map(str, models())):
            if each not in first:
                database.make(*each)
        yield connection


def _link(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Give every extreme session a link that a few share, and one each to the extreme texts."""
    for link in ALL_TABLES[name].links or ():
        insert = f"insert into raw.{name}__{link} (_dlt_parent_id, _dlt_list_idx, value)"
        mine = f"(select _dlt_id, row_number() over () as n from raw.{name} where id not like '{WITNESS}%')"
        connection.execute(f"{insert} select _dlt_id, 0, 'shared ' || n // 5 from {mine}")
        values = pa.table({"number": range(len(LINKED)), "value": pa.array(LINKED, pa.string())})
        connection.register("linked", values)
        connection.execute(f"{insert} select _dlt_id, 1, value from {mine} join linked on number = n")


@pytest.fixture(scope="module", params=ZONES)
def zone(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def built(zone: str) -> Iterator[duckdb.DuckDBPyConnection]:
    with everything(zone, extremes=True) as connection:
        yield connection


def test_all_blocking_tests_hold_and_all_rows_can_be_read(built: duckdb.DuckDBPyConnection):
    broken = {}
    for relation, model in models().items():
        assert built.sql(f"from {relation.sql()}").fetchall(), relation
        for test in model.data_tests:
            if test.severity == "error" and (rows := built.sql(test.failing_rows).fetchall()):
                broken[str(relation), test.name] = rows[:5]
    assert broken == {}


def _of_the_witness(connection: duckdb.DuckDBPyConnection) -> dict[str, list[Any]]:
    found = {}
    for relation, model in models().items():
        columns = [f'"{name}"' for name in model.columns if name != "seen_at"]
        columns = [name for name in columns if name.strip('"') not in OF_OTHERS]
        whose = " or ".join(f"contains({name}::varchar, '{WITNESS}')" for name in columns)
        whose = f"({whose}) and {OWN_ROWS.get(str(relation), 'true')}"
        rows = connection.sql(f"select {', '.join(columns)} from {relation.sql()} where {whose}").fetchall()
        found[str(relation)] = sorted(rows, key=str)
    return found


def test_what_is_said_of_other_records_stays_as_it_is(zone: str, built: duckdb.DuckDBPyConnection):
    with everything(zone, extremes=False) as alone:
        expected = _of_the_witness(alone)
    silent = {name for name, rows in expected.items() if not rows}
    assert silent == {
        *("staging.day_spans", "staging.rejected", "staging.table_changes", "staging.ticket_lists"),
        "summary.event_overview",
        *("summary.language_mix", "summary.schedule_changes", "summary.sponsor_levels", "summary.ticket_types"),
    }
    found = _of_the_witness(built)
    for name in COUNT_ALL_SESSIONS_OR_PEOPLE:
        assert found.pop(name)
        del expected[name]
    assert found == expected


@pytest.mark.parametrize(
    ("raw", "field", "model", "key", "column", "rule"),
    [
        *(
            (name, field, "staging.sessions", f"'{kind}:' || id", f"{field}s_at", f"no_readable_{field}")
            for name, kind in PARENT.items()
            for field in ("start", "end")
        ),
        *(
            ("pauses", field, "staging.pauses", "id", f"{field}s_at", f"no_readable_{field}")
            for field in ("start", "end")
        ),
        ("days", "date", "staging.days", "id", "day", "no_readable_date"),
        *(
            ("participants", field, "staging.participants", "id", field, "unreadable_time")
            for field in ("registered_at", "checked_at")
        ),
    ],
)
def test_a_time_that_is_none_is_named(
    built: duckdb.DuckDBPyConnection, raw: str, field: str, model: str, key: str, column: str, rule: str
):
    grain = models()[Relation(*model.split("."))].facts.grain[0]
    rows = built.sql(
        f'select raw.id, raw."{field}", model.{column}, finding.rule is not null'
        f" from raw.{raw} as raw join {model} as model on model.{grain} is not distinct from {key}"
        f" left join summary.data_quality as finding on finding.rule = '{rule}' and finding.resource = '{raw}'"
        f" and finding.id is not distinct from raw.id"
        + (f" and contains(finding.detail, '{field}')" if raw == "participants" else "")
    ).fetchall()
    assert len(rows) > 1000
    sent = {value for _, value, _, _ in rows}
    assert len(sent) > 100
    unnamed = [(key, value) for key, value, read, named in rows if read is None and not named]
    assert [each for each in unnamed if raw != "participants" or not _says_there_is_none(each[1])] == []
    years = {read.year for _, _, read, _ in rows if read is not None}
    assert min(years) >= 999  # of 1000-01-01 in a zone of the east
    assert max(years) < 9000
    assert len(years) > 3


def _says_there_is_none(value: str | None) -> bool:
    blank = not value or all(character.isspace() and character not in "\v\x1c\x1d\x1e\x1f\x85" for character in value)
    return value is None or blank or value in ("0", "1") or value.startswith(("0000-00-00", "-0001-11-30"))

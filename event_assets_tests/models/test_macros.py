"""Macros: how calls are expanded, and the errors of wrong ones."""

from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from sqlglot import exp, parse_one

from event_assets.assets.keys import raw_columns, raw_relations
from event_assets.models import Model, ModelError, load_models
from event_assets.models.lineage import Lineage
from event_assets.warehouse.relations import Relation
from event_assets_tests.engines.servers import PostgresServer

MACROS = """
-- A comment.
create macro twice(number) as number + number;
create macro both(a, b) as macros.twice(a) - b;
create macro here(day) as day || $event_timezone;
-- And one at the end.
"""
HALLS = Relation("staging", "halls")


def load(folder: Path, expression: str, macros: str = MACROS) -> Model:
    (folder / "staging").mkdir()
    (folder / "macros").mkdir()
    (folder / "macros" / "common.sql").write_text(macros)
    (folder / "staging" / "halls.sql").write_text(f"select {expression} as hall from raw.halls")
    (folder / "staging" / "halls.yml").write_text("description: A.\ngrain: [hall]\ncolumns: {hall: A hall.}")
    return load_models(set(raw_columns()), folder)[HALLS]


@pytest.mark.parametrize(
    ("call", "expression"),
    [
        ('macros.twice("order")', '("order" + "order")'),
        ('macros.twice("order" * 2)', '(("order" * 2) + ("order" * 2))'),
        ('3 * macros.both(id, "order") + 1', '3 * ((id + id) - "order") + 1'),
        ("macros.twice(macros.twice(id))", "(((id + id)) + ((id + id)))"),
        ("macros.twice(halls.number)", "(halls.number + halls.number)"),
        ("(select max(macros.twice(id)) from raw.days)", "(select max((id + id)) from raw.days)"),
    ],
)
def test_a_call_becomes_the_macro_s_expression(tmp_path: Path, call: str, expression: str):
    assert load(tmp_path, call).query == parse_one(f"select {expression} as hall from raw.halls", dialect="duckdb")


def test_postgres_computes_a_step_of_a_select_once(tmp_path: Path, postgres: PostgresServer):
    model = load(tmp_path, "0")
    model.path.write_text(
        "with doubled as (select macros.twice(id) as one from raw.halls),"
        " quadrupled as (select one + one as two from doubled) select two + two as hall from quadrupled"
    )
    select = load_models(set(raw_columns()), tmp_path)[HALLS].render({}, "postgres")
    with (
        postgres.database() as name,
        closing(psycopg2.connect(postgres.url(name))) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("create schema raw; create table raw.halls (id integer); insert into raw.halls values (5)")
        cursor.execute(f"explain (verbose) {select}")
        assert str(cursor.fetchall()).count("(halls.id + halls.id)") == 1
        cursor.execute(select)
        assert cursor.fetchall() == [(40,)]


def test_a_parameter_of_the_models_can_stand_in_a_macro(tmp_path: Path):
    model = load(tmp_path, "macros.here(id)")
    assert model.parameters == {"event_timezone"}
    assert "id || 'UTC'" in model.render({"event_timezone": "UTC"})


def test_lineage_sees_through_a_macro(tmp_path: Path):
    lineage = Lineage({HALLS: load(tmp_path, 'macros.both(id, "order")')}, raw_columns())
    halls = Relation("raw", "halls")
    assert lineage.origins(HALLS) == {"hall": {(halls, "id"), (halls, "order")}}


@pytest.mark.parametrize(
    ("expression", "macros", "file", "sentence"),
    [
        pytest.param("macros.trice(id)", MACROS, "halls.sql", "calls macros.trice(id), which", id="unknown"),
        pytest.param("macros.date(id)", MACROS, "halls.sql", "which macros/common.sql does not", id="like a function"),
        pytest.param("macros.twice()", MACROS, "halls.sql", "what it asks for: number.", id="too few"),
        pytest.param("macros.both(1, 2, 3)", MACROS, "halls.sql", "what it asks for: a, b.", id="too many"),
        pytest.param("id", "select 1", "common.sql", "holds something else than", id="no macro"),
        pytest.param("id", "create table x as select 1", "common.sql", "holds something else than", id="a table"),
        pytest.param("id", "create macro (x", "common.sql", "is not valid SQL", id="no SQL"),
        pytest.param("id", "create macro a(x) as macros.a(x)", "common.sql", "calls macros.a(x), which", id="itself"),
    ],
)
def test_a_wrong_macro_is_reported_with_the_file(
    tmp_path: Path, expression: str, macros: str, file: str, sentence: str
):
    with pytest.raises(ModelError) as failure:
        load(tmp_path, expression, macros)
    assert sentence in str(failure.value)
    assert file in str(failure.value).split(": ")[0]


def test_a_truncated_clock_stays_one_on_apache_spark():
    """Its ``date_trunc`` gives an instant, whatever it is given. Sail's does not, so no test on Sail would see it."""
    model = load_models(raw_relations())[Relation("summary", "attendance_over_time")]
    rendered = parse_one(model.render({"event_timezone": "Europe/Vienna"}, "spark"), dialect="spark")
    truncated = [*rendered.find_all(exp.TimestampTrunc)]
    assert [each.parent.sql("spark") for each in truncated if each.parent] == [
        "CAST(DATE_TRUNC('HOUR', moments.clock) AS TIMESTAMP_NTZ)"
    ]

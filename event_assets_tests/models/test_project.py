"""How models are read: their dependencies, and the errors of wrong ones."""

import shutil
from pathlib import Path

import pytest

from event_assets.assets.keys import raw_relations
from event_assets.models.project import KINDS, MODELS_FOLDER, ModelError, load_models
from event_assets.warehouse.relations import Relation

FACTS = "description: One row per hall.\ngrain: [hall_id]\ncolumns:\n  hall_id: The hall.\n"
SQL = "select id as hall_id from raw.halls"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for schema in KINDS:
        (tmp_path / schema).mkdir()
    write(tmp_path, "staging/halls", SQL)
    return tmp_path


def write(folder: Path, name: str, sql: str, facts: str | None = FACTS) -> None:
    (folder / f"{name}.sql").write_text(sql)
    if facts is not None:
        (folder / f"{name}.yml").write_text(facts)


def load(folder: Path):
    return load_models(raw_relations(), folder)


def test_the_models_come_after_what_they_read(folder: Path):
    write(folder, "summary/b", "select hall_id from summary.c")
    write(folder, "summary/c", "with x as (select hall_id from staging.halls) select hall_id from x")

    models = load(folder)
    assert [str(relation) for relation in models] == ["staging.halls", "summary.c", "summary.b"]
    assert models[Relation("summary", "c")].reads == {Relation("staging", "halls")}
    assert models[Relation("summary", "c")].kind == "table"
    assert models[Relation("staging", "halls")].kind == "view"


def test_a_parameter_becomes_a_literal(folder: Path):
    write(folder, "staging/halls", "select id || $event_timezone as hall_id from raw.halls")
    model = load(folder)[Relation("staging", "halls")]
    assert model.parameters == {"event_timezone"}
    assert "'it''s here'" in model.render({"event_timezone": "it's here"})


@pytest.mark.parametrize(
    ("sql", "facts", "sentence"),
    [
        pytest.param("select 1 as hall_id; select 2", FACTS, "must hold one SELECT", id="two statements"),
        pytest.param("drop table raw.halls", FACTS, "must hold one SELECT", id="no select"),
        pytest.param("", FACTS, "must hold one SELECT", id="empty"),
        pytest.param("select from where", FACTS, "is not valid SQL", id="no SQL"),
        pytest.param("select id as hall_id from halls", FACTS, "write the schema before halls", id="no schema"),
        pytest.param("select id as hall_id from raw.hals", FACTS, "reads raw.hals, which is neither", id="unknown"),
        pytest.param("select id as hall_id, name from raw.halls", FACTS, "of the SELECT mean: name", id="undescribed"),
        pytest.param("select id as hall from raw.halls", FACTS, "mean: hall", id="renamed"),
        pytest.param(SQL, FACTS + "  gone: No more.\n", "does not have: gone", id="unknown column"),
        pytest.param(SQL, FACTS.replace("[hall_id]", "[day]"), "does not have: day", id="unknown grain"),
        pytest.param("select id as hall_id, count(*) from raw.halls", FACTS, "name every column", id="no name"),
        pytest.param("select raw.id as hall_id from raw.halls as raw", FACTS, "table or a step raw", id="alias"),
        pytest.param(SQL, None, "is missing. Say there what one row is", id="no facts"),
        pytest.param(SQL, "description: x\n", "does not hold the facts", id="half the facts"),
        pytest.param(SQL, FACTS + "owners: x\n", "does not hold the facts", id="a word that means nothing"),
        pytest.param(SQL, FACTS + "tests: [{expression: {A b: hall_id > 0}}]", "only a to z", id="a test's name"),
        pytest.param("select hall_id from summary.wrong", FACTS, "circle (summary.wrong → summary.wrong)", id="circle"),
    ],
)  # fmt: skip
def test_a_wrong_model_is_reported_with_its_file(folder: Path, sql: str, facts: str | None, sentence: str):
    write(folder, "summary/wrong", sql, facts)
    with pytest.raises(ModelError) as failure:
        load(folder)
    assert sentence in str(failure.value)
    assert "wrong" in str(failure.value)


def test_a_model_is_two_files_and_nothing_else(tmp_path: Path):
    """What CONTRIBUTING.md says of adding a model."""
    shutil.copytree(MODELS_FOLDER, tmp_path, dirs_exist_ok=True)
    before = load(tmp_path)
    write(tmp_path, "summary/halls_again", "select hall_id from staging.halls")

    assert load(tmp_path).keys() - before.keys() == {Relation("summary", "halls_again")}


def test_an_incremental_model_may_read_itself_and_nothing_else_may(folder: Path):
    sql = "select id as hall_id from raw.halls where id not in (select hall_id from history.seen)"
    write(folder, "history/seen", sql)
    model = load(folder)[Relation("history", "seen")]
    assert model.kind == "incremental"
    assert model.reads == {Relation("raw", "halls")}
    assert "history.seen" in model.render({})
    assert "history.seen" not in model.render({}, first=True)

    write(folder, "summary/again", "select hall_id from summary.again")
    with pytest.raises(ModelError, match="circle"):
        load(folder)

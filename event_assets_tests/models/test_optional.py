"""Models that exist only where an optional resource is on, and those that do without one."""

import shutil
from pathlib import Path

import pytest

from event_assets.assets import models as model_assets
from event_assets.assets.keys import raw_columns, raw_relations
from event_assets.assets.models import project_models
from event_assets.models import Model, ModelError, available_models, load_models
from event_assets.models.lineage import Lineage
from event_assets.models.project import MODELS_FOLDER
from event_assets.source.tables.more import tables_of
from event_assets.warehouse.relations import Relation
from event_assets_tests.source.test_more_resources import described, location

GROUPS = Relation("staging", "groups")
OF_REVIEWS = {"staging.reviews", "summary.session_ratings"}
OF_REGISTRATIONS = {"staging.registrations", "summary.registration_funnel"}


def names(*resources: str) -> set[str]:
    return {*map(str, project_models(tables_of(resources)))}


def test_a_resource_brings_the_models_that_read_it_directly_or_not():
    nine = names()
    assert nine & (OF_REVIEWS | OF_REGISTRATIONS) == set()
    assert names("reviews") - nine == OF_REVIEWS
    assert names("registrations") - nine == OF_REGISTRATIONS
    assert names("groups") == nine
    assert [*project_models(tables_of(["reviews", "groups", "registrations"]))] == [*load_models(raw_relations())]


def test_with_the_nine_the_definitions_are_those_without_such_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    nine = described(location())
    folder, load = tmp_path / "models", model_assets.load_models
    shutil.copytree(MODELS_FOLDER, folder)
    for name in OF_REVIEWS | OF_REGISTRATIONS:
        for suffix in ("sql", "yml"):
            (folder / f"{name.replace('.', '/')}.{suffix}").unlink()
    monkeypatch.setattr(model_assets, "load_models", lambda raw: load(raw, folder))
    assert described(location()) == nine
    assert not {name for name in nine if "review" in name or "registration_funnel" in name}


def test_an_optional_input_that_is_not_there_is_read_as_empty():
    on, off = (project_models(tables_of(resources))[GROUPS] for resources in (["groups"], []))
    groups, participants = Relation("raw", "groups"), Relation("staging", "participants")
    assert on.reads == {groups, participants}
    assert off.reads == {participants}
    assert on.columns == off.columns == ["group_id", "name", "label"]
    written = {model.render({}, dialect) for model in (on, off) for dialect in ("duckdb", "postgres", "spark")}
    assert len(written) == 6
    assert [("raw.groups" in model.render({})) for model in (on, off)] == [True, False]
    lineage = Lineage(project_models(), raw_columns(tables_of(())))
    sources = {(participants, "group_id")}
    assert lineage.origins(GROUPS) == {"group_id": sources, "name": set(), "label": sources}
    assert (groups, "name") in Lineage(load_models(raw_relations()), raw_columns()).origins(GROUPS)["name"]


def test_both_forms_are_compiled_and_are_what_parsing_finds():
    parsed = load_models(raw_relations(), parsed=True)[GROUPS].without_optional_input()
    compiled = load_models(raw_relations())[GROUPS].without_optional_input()
    assert parsed.compiled is None
    assert compiled.compiled
    for dialect in ("duckdb", "postgres", "spark"):
        assert compiled.render({}, dialect) == parsed.render({}, dialect)
    assert (compiled.reads, compiled.columns) == (parsed.reads, parsed.columns)
    assert compiled.compiled.without is None


# --- in a folder of the test's own


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "staging").mkdir()
    return tmp_path


def write(folder: Path, name: str, sql: str, facts: str = "") -> None:
    (folder / f"staging/{name}.sql").write_text(sql)
    (folder / f"staging/{name}.yml").write_text(f"description: D.\ngrain: [a]\ncolumns: {{a: A.}}\n{facts}")


def load(folder: Path) -> dict[Relation, Model]:
    return load_models({Relation("raw", "x"), Relation("raw", "y")}, folder)


def test_what_reads_a_model_that_is_left_out_is_left_out(folder: Path):
    write(folder, "one", "select a from raw.x")
    write(folder, "two", "select a from staging.one")
    write(folder, "three", "select a from staging.two union all select a from raw.y")
    write(folder, "four", "select a from raw.y")
    models = load(folder)
    assert {relation.name for relation in available_models(models, {Relation("raw", "y")})} == {"four"}
    assert available_models(models, {Relation("raw", "x"), Relation("raw", "y")}) == models


def test_an_optional_input_can_be_a_model_and_is_the_only_one(folder: Path):
    write(folder, "one", "select a from raw.x")
    write(folder, "two", "select a from raw.y union all select a from staging.one", "optional_input: staging.one")
    models = load(folder)
    two = Relation("staging", "two")
    assert available_models(models, {Relation("raw", "y")})[two].reads == {Relation("raw", "y")}
    assert available_models(models, {Relation("raw", "x")}).keys() == {Relation("staging", "one")}
    assert available_models(models, set()) == {}


def test_an_optional_input_that_is_not_read_is_refused(folder: Path):
    write(folder, "one", "select a from raw.x", "optional_input: raw.y")
    with pytest.raises(ModelError, match=r"one\.yml: raw\.y is its optional input, which the SELECT does not read"):
        load(folder)

"""What is compiled of the models is what their SELECTs say, and is used only where they are as they were."""

import dataclasses
import shutil
from itertools import product
from pathlib import Path

import pytest

from event_assets.assets.keys import raw_columns, raw_relations
from event_assets.cli.compile_models import compiled_project
from event_assets.models import Model, load_models
from event_assets.models.compiled import FILE, read_compiled
from event_assets.models.lineage import Lineage, column_origins
from event_assets.models.project import MODELS_FOLDER
from event_assets.models.row_lineage import row_sources
from event_assets.models.transformations import transformations
from event_assets.models.translated import read_translated
from event_assets.warehouse.relations import Relation

PARAMETERS = {"event_timezone": "it's/Vienna"}
VERSIONS = Relation("history", "entry_versions")


@pytest.fixture(scope="module")
def parsed() -> dict[Relation, Model]:
    return load_models(raw_relations(), parsed=True)


@pytest.fixture(scope="module")
def compiled() -> dict[Relation, Model]:
    return load_models(raw_relations())


def test_the_files_are_those_of_the_models():
    files = compiled_project()
    assert {path.name for path in files} == {FILE, "compiled.postgres.json", "compiled.spark.json"}
    assert {path: path.read_text(encoding="utf-8") == text for path, text in files.items()} == dict.fromkeys(
        files, True
    ), "run `make docs`"


def test_a_start_parses_nothing(compiled: dict[Relation, Model]):
    assert all(model.compiled for model in compiled.values())
    for model in compiled.values():
        for dialect, first in product(("duckdb", "postgres", "spark"), (False, True)):
            assert model.render(PARAMETERS, dialect, first=first)
        assert not {"query", "written"} & vars(model).keys()


def test_compiled_models_are_what_parsed_ones_are(compiled: dict[Relation, Model], parsed: dict[Relation, Model]):
    assert [*compiled] == [*parsed]
    for relation, model in parsed.items():
        of_file = compiled[relation]
        assert of_file.columns == model.columns
        assert of_file.reads == model.reads
        assert of_file.parameters == model.parameters
        for dialect in ("duckdb", "postgres", "spark"):
            for first in (False, True):
                written = of_file.render(PARAMETERS, dialect, first=first)
                assert written == model.render(PARAMETERS, dialect, first=first), (relation, dialect)
    assert compiled[VERSIONS].render(PARAMETERS) != compiled[VERSIONS].render(PARAMETERS, first=True)


def test_the_lineage_is_what_is_found_in_the_selects(
    compiled: dict[Relation, Model], parsed: dict[Relation, Model], monkeypatch: pytest.MonkeyPatch
):
    columns = {**raw_columns(), **{relation: model.columns for relation, model in parsed.items()}}
    found = {relation: column_origins(model, columns) for relation, model in parsed.items()}
    rows = {relation: row_sources(model, columns) for relation, model in parsed.items()}
    ways = {relation: transformations(model, columns) for relation, model in parsed.items()}
    monkeypatch.delattr(Model, "query")  # whoever parses now fails
    lineage = Lineage(compiled, raw_columns())
    assert {relation: lineage.origins(relation) for relation in compiled} == found
    assert {relation: lineage.row_sources(relation) for relation in compiled} == rows
    assert {relation: lineage.transformations(relation) for relation in compiled} == ways


def test_with_other_raw_columns_the_lineage_is_found_anew(compiled: dict[Relation, Model]):
    halls = Relation("staging", "halls")
    false = dataclasses.replace(compiled[halls].compiled or pytest.fail("not compiled"), origins={"hall": set()})
    models = {**compiled, halls: dataclasses.replace(compiled[halls], compiled=false)}
    assert Lineage(models, raw_columns()).origins(halls) == {"hall": set()}
    other = {relation: [*columns, "new"] for relation, columns in raw_columns().items()}
    assert Lineage(models, other).origins(halls)["hall"] == {(Relation("raw", "halls"), "name")}


@pytest.mark.parametrize("changed", ["staging/halls.sql", "staging/halls.yml", "macros/common.sql", "macros/spark.sql"])
def test_after_any_change_all_models_are_parsed(tmp_path: Path, changed: str):
    folder = tmp_path / "models"
    shutil.copytree(MODELS_FOLDER, folder)
    assert read_compiled(folder)
    assert read_translated(folder, "spark")
    read_translated.cache_clear()
    with (folder / changed).open("a") as file:
        file.write("\n")
    assert read_compiled(folder) == {}
    assert read_translated(folder, "spark") == {}
    models = load_models(raw_relations(), folder)
    assert not any(model.compiled for model in models.values())
    assert "select" in models[VERSIONS].render(PARAMETERS).lower()


def test_a_model_that_is_added_is_seen(tmp_path: Path):
    folder = tmp_path / "models"
    shutil.copytree(MODELS_FOLDER, folder)
    for suffix in ("sql", "yml"):
        shutil.copy(folder / f"staging/halls.{suffix}", folder / f"staging/rooms.{suffix}")
    assert Relation("staging", "rooms") in load_models(raw_relations(), folder)

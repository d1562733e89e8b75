"""The files as an asset and by the command: every summary is in them, and nobody's personal data."""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import dagster as dg
import duckdb
import openpyxl
import pytest
from click.testing import CliRunner

from event_assets.__main__ import main
from event_assets.assets.models import project_models
from event_assets.assets.resources import WarehouseResource
from event_assets.assets.site_files import build_files, code_version
from event_assets.assets.site_values import read_table
from event_assets.definitions import build_definitions
from event_assets.sandbox import generate_event
from event_assets.settings import read_event
from event_assets.warehouse import SUMMARY
from event_assets_tests.code_location import configured, shared_definitions
from event_assets_tests.running import Reader, Run, RunResult
from event_assets_tests.warehouses import file_warehouse

SUMMARIES = sorted(relation.name for relation in project_models() if relation.schema == SUMMARY)


class Made:
    """What one run has made."""

    def __init__(self, result: RunResult, folder: Path):
        self.result = result
        self.site = folder / "site"
        self.files = self.site / "files"
        self.warehouse = Reader(folder / "warehouse.duckdb")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    folder = tmp_path_factory.mktemp("files")
    with configured(generate_event(lectures=24, participants=50, seed=7), folder):
        yield Made(Run(shared_definitions())(), folder)


def test_a_run_makes_them_and_says_how_many(made: Made):
    said = made.result.metadata("site/files")
    paths = [path for path in made.files.rglob("*") if path.is_file() and path.name not in ("files.json", "index.html")]
    assert said == {
        "path": str(made.files / "index.html"),
        "files": len(paths),
        "written": len(paths) + 2,
        "bytes": sum(path.stat().st_size for path in paths),
        "entries_without_start": 0,
        "held_back": "Nothing: every table is current.",
    }


def test_every_summary_is_there_with_every_row(made: Made):
    counts = {name: made.warehouse.count(f"summary.{name}") for name in SUMMARIES}
    assert sum(counts.values()) > 100
    with duckdb.connect() as connection:
        for ending, reader in (("parquet", "read_parquet"), ("csv", "read_csv")):
            read = {
                path.stem: connection.sql(f"select count(*) from {reader}('{path}')").fetchall()[0][0]
                for path in (made.files / "tables").glob(f"*.{ending}")
            }
            assert read == counts
        types = {
            name: [row[1] for row in connection.sql(f"describe from '{made.files}/tables/{name}.parquet'").fetchall()]
            for name in SUMMARIES
        }
    wide = {"INTEGER": "BIGINT", "HUGEINT": "DOUBLE", "FLOAT": "DOUBLE"}
    for name in SUMMARIES:
        kinds = [
            kind for _, kind in made.warehouse.rows(f"select column_name, column_type from (describe summary.{name})")
        ]
        assert types[name] == ["DOUBLE" if "DECIMAL" in kind else wide.get(kind, kind) for kind in kinds], name
    book = openpyxl.load_workbook(BytesIO((made.files / "summaries.xlsx").read_bytes()))
    assert {name: book[name].max_row - 1 for name in book.sheetnames[1:]} == counts


def test_nothing_of_a_participant_is_in_any_file(made: Made):
    people = made.warehouse.rows("select email, first_name || ' ' || last_name from raw.participants")
    speakers = {name for (name,) in made.warehouse.rows("select name from raw.speakers")}
    addresses = {email for email, _ in people if "@" in email}
    names = {name for _, name in people if name and name not in speakers}
    assert len(addresses) > 30
    assert len(names) > 30
    text = "\n".join(contents(path) for path in made.files.rglob("*") if path.is_file())
    assert next(iter(speakers)) in text, "it is the text of the files"
    assert sorted(each for each in addresses | names if each in text) == []
    assert re.findall(r"[\w.+-]+@[\w-]+\.\w+", text) == []


def contents(path: Path) -> str:
    """What a file says, unpacked."""
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as packed:
            return "\n".join(packed.read(name).decode() for name in packed.namelist())
    if path.suffix == ".parquet":
        with duckdb.connect() as connection:
            return str(connection.sql(f"from '{path}'").fetchall())
    return path.read_text(encoding="utf-8")


def test_a_column_of_personal_data_is_in_none_of_them(made: Made, monkeypatch: pytest.MonkeyPatch):
    (model,) = (each for each in project_models().values() if each.relation.name == "agenda")
    with file_warehouse(made.warehouse.path).connect() as session:
        assert "title" in [column.name for column in read_table(session, model).columns]
        monkeypatch.setattr(model.facts, "pii", ["title"])
        table = read_table(session, model)
    assert "title" not in [column.name for column in table.columns]
    assert {len(row) for row in table.rows} == {len(table.columns)}


def test_the_command_brings_them_up_to_date_without_a_run(made: Made, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    (made.files / "schedule.xml").unlink()
    done = CliRunner().invoke(main, ["site"], catch_exceptions=False)
    number = made.result.metadata("site/files")["files"]
    assert done.output == (
        f"Data catalogue: {made.site / 'catalogue.html'}\n"
        f"Event:          {made.site / 'event.html'}\n"
        f"Files:          {made.files / 'index.html'} ({number} files, 2 of them written now)\n"
    )
    assert (made.files / "schedule.xml").exists()


def test_a_folder_that_is_a_file_fails_the_asset_in_a_sentence(made: Made, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SITE__FOLDER", str(made.warehouse.path))
    resources = {"warehouse": WarehouseResource()}
    result = dg.materialize([build_files(project_models())], raise_on_error=False, resources=resources)
    (failed,) = [event for event in result.all_events if event.is_step_failure]
    assert failed.step_failure_data.user_failure_data
    assert "stays as it was" in str(failed.step_failure_data.user_failure_data.description)


def test_they_are_downstream_of_the_copy_alone():
    graph = build_definitions(read_event()).resolve_asset_graph()
    assert graph.get(dg.AssetKey(["site", "files"])).parent_keys == {dg.AssetKey(["published", "warehouse"])}
    assert graph.get(dg.AssetKey(["site", "files"])).child_keys == set()


def test_a_changed_description_of_a_summary_makes_them_stale():
    models = project_models()
    before = code_version(models.values())
    assert before == code_version(project_models().values())
    relation, model = next((key, each) for key, each in models.items() if key.schema == SUMMARY)
    changed = replace(model, facts=model.facts.model_copy(update={"description": "Something else."}))
    assert code_version({**models, relation: changed}.values()) != before

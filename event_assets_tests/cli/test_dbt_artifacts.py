"""`event-assets dbt-artifacts`: the files say of a warehouse what DuckDB says, and hold nothing of a person."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
from click.testing import CliRunner, Result
from dbt_artifacts_parser.parser import parse_catalog, parse_manifest
from filelock import FileLock

from event_assets.__main__ import main
from event_assets.cli import dbt_artifacts
from event_assets.sandbox import Event, Sandbox, generate_event
from event_assets_tests.code_location import configured, shared_definitions
from event_assets_tests.running import Reader, Run


def export(folder: Path) -> Result:
    return CliRunner().invoke(main, ["dbt-artifacts", "--to", str(folder)])


def read(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    manifest, catalog = (json.loads((folder / name).read_text()) for name in ("manifest.json", "catalog.json"))
    parse_manifest(manifest)
    parse_catalog(catalog)
    return manifest, catalog


class Exported(NamedTuple):
    """What was exported before and after a run of everything, and what of."""

    event: Event
    api: Sandbox
    warehouse: Reader
    before: Path
    after: Path
    said: Result


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    folder, event = tmp_path_factory.mktemp("exported"), generate_event(lectures=24, participants=50, seed=7)
    with configured(event, folder) as api:
        assert export(folder / "before").exit_code == 0
        Run(shared_definitions())()
        said = export(folder / "after")
    return Exported(event, api, Reader(folder / "warehouse.duckdb"), folder / "before", folder / "after", said)


def test_types_and_row_counts_are_those_of_the_warehouse(exported: Exported):
    warehouse = exported.warehouse
    assert (exported.said.exit_code, exported.said.stderr) == (0, "")
    assert f"row counts of {warehouse.path}." in exported.said.stdout

    manifest, catalog = read(exported.after)
    _, before = read(exported.before)
    declared = {**before["nodes"], **before["sources"]}
    entries = {**catalog["nodes"], **catalog["sources"]}
    assert len(entries) == len(manifest["nodes"]) + len(manifest["sources"]) - sum(
        node["resource_type"] == "test" for node in manifest["nodes"].values()
    )
    for name, entry in entries.items():
        table = f"{entry['metadata']['schema']}.{entry['metadata']['name']}"
        assert entry["metadata"]["database"] == "warehouse"
        assert entry["stats"]["row_count"]["value"] == warehouse.count(table), table
        types = {column: data_type for column, data_type, *_ in warehouse.rows(f"describe {table}")}
        found = {column: each["type"] for column, each in entry["columns"].items()}
        assert found == types, table
        said_before = {column: each["type"] for column, each in declared[name]["columns"].items()}
        assert found == said_before, f"{table}: the declared types are those that it gets"
    assert catalog["nodes"]["model.event_assets.halls"]["stats"]["row_count"]["value"] == len(
        exported.event.content["halls"]
    )


def test_the_files_hold_nothing_of_a_person_and_no_token(exported: Exported):
    text = "".join(path.read_text() for path in exported.after.iterdir())
    people = {str(person[field]) for person in exported.event.participants for field in ("email", "last_name")}
    assert len(people) > 50
    assert not [person for person in people if person in text]
    assert exported.api.token not in text
    assert str(exported.after.parent) not in text


def test_without_a_warehouse_none_is_made(warehouse_path: Path, tmp_path: Path):
    done = export(tmp_path / "out")
    assert (done.exit_code, done.stderr) == (0, "")
    assert "no row counts, because there is no warehouse yet" in done.stdout
    assert not warehouse_path.exists()
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"manifest.json", "catalog.json"}
    manifest, catalog = read(tmp_path / "out")
    tests = sum(node["resource_type"] == "test" for node in manifest["nodes"].values())
    models, sources = len(manifest["nodes"]) - tests, len(manifest["sources"])
    assert f": {models} models, {sources} raw tables, {tests} data tests." in done.stdout
    assert (len(catalog["nodes"]), len(catalog["sources"])) == (models, sources)


@pytest.mark.usefixtures("warehouse_path")
def test_files_that_are_there_are_replaced_and_others_stay(tmp_path: Path):
    for name in ("manifest.json", "run_results.json"):
        (tmp_path / name).write_text("{}")
    assert export(tmp_path).exit_code == 0
    assert (tmp_path / "run_results.json").read_text() == "{}"
    read(tmp_path)


@pytest.mark.usefixtures("warehouse_path")
def test_a_folder_that_cannot_be_written_is_reported(tmp_path: Path):
    (tmp_path / "file").write_text("kept")
    done = export(tmp_path / "file")
    assert done.exit_code == 1
    assert done.stderr == (
        f"Error: The artifacts cannot be written to {tmp_path / 'file'} (File exists). The tables are unchanged. Free "
        "disk space or allow writing there, or name another folder with --to.\n"
    )
    assert (tmp_path / "file").read_text() == "kept"


@pytest.mark.usefixtures("warehouse_path")
def test_a_disk_that_is_full_leaves_the_files_as_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert export(tmp_path).exit_code == 0
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(path: Path, text: str, **_: Any) -> None:
        if path.name == "catalog.json":
            raise OSError(28, "No space left on device", str(path))
        path.write_bytes(text.encode())

    monkeypatch.setattr(dbt_artifacts.Path, "write_text", full)
    done = export(tmp_path)
    assert done.exit_code == 1
    assert "(No space left on device)" in done.stderr
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_warehouse_that_is_in_use_is_reported_and_nothing_is_written(
    warehouse_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("WAREHOUSE__LOCK_WAIT_SECONDS", "0.2")
    with duckdb.connect(str(warehouse_path)):
        pass
    with FileLock(f"{warehouse_path}.lock"):
        done = export(tmp_path / "out")
    assert done.exit_code == 1
    assert done.stderr.splitlines()[-1].startswith(
        f"Error: Another run has been writing {warehouse_path} for more than"
    )
    assert not (tmp_path / "out").exists()
    assert export(tmp_path / "out").exit_code == 0


def test_an_event_of_several_is_described_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("EVENTS__NAMES", '["graz2026", "linz2026"]')
    monkeypatch.setenv("EVENTS__LINZ2026__TIMEZONE", "Pacific/Auckland")
    done = CliRunner().invoke(main, ["dbt-artifacts", "--to", str(tmp_path), "--event", "linz2026"])
    assert done.exit_code == 0, done.output
    manifest, _ = read(tmp_path)
    code = {node["name"]: node.get("compiled_code") or "" for node in manifest["nodes"].values()}
    assert "Pacific/Auckland" in code["sessions"]
    unknown = CliRunner().invoke(main, ["dbt-artifacts", "--to", str(tmp_path), "--event", "linz2062"])
    assert unknown.exit_code == 1
    assert "There is no event linz2062. Did you mean linz2026?" in unknown.output

"""What becomes of the sandbox's invented data when a real event is configured."""

from pathlib import Path

import pytest

from event_assets.cli.api import api_or_sandbox
from event_assets.sandbox import Sandbox
from event_assets.settings import SettingsError, read_event
from event_assets_tests.running import Reader
from event_assets_tests.warehouses import file_warehouse


def fill_as_the_sandbox_does(warehouse: Reader, what: str) -> None:
    with file_warehouse(warehouse.path).connect() as client:
        client.execute_sql("create table main.sandbox_note as select 1 as note")
        client.execute_sql(f"create table halls as select '{what}' as name")
    published = warehouse.path.with_name("published.duckdb")
    published.write_text(f"the copy of {what}")
    published.chmod(0o444)


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*.duckdb")}


@pytest.mark.usefixtures("api")
def test_it_is_moved_aside_with_its_copy_and_what_lies_there_stays(
    warehouse: Reader, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    for what in ("first", "second", "third"):
        fill_as_the_sandbox_does(warehouse, what)
        with api_or_sandbox(read_event()):
            assert not warehouse.path.exists()
    kept = {number: Reader(tmp_path / f"warehouse.sandbox{number}.duckdb") for number in ("", 2, 3)}
    assert [each.rows("select name from halls") for each in kept.values()] == [
        [("first",)], [("second",)], [("third",)]
    ]  # fmt: skip
    copies = [(tmp_path / f"published.sandbox{number}.duckdb").read_text() for number in kept]
    assert copies == ["the copy of first", "the copy of second", "the copy of third"]
    assert files(tmp_path) == {each.path.name for each in kept.values()} | {
        f"published.sandbox{number}.duckdb" for number in kept
    }
    moved = f"The sandbox's invented data was moved to {kept[''].path} and {tmp_path / 'published.sandbox.duckdb'};"
    assert capsys.readouterr().out.startswith(moved)


def test_nothing_is_moved_for_a_token_without_an_address(
    warehouse: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    fill_as_the_sandbox_does(warehouse, "all")
    monkeypatch.setenv("SOURCES__EVENT_API__API_TOKEN", "a-token")
    with pytest.raises(SettingsError, match="no table was changed"), api_or_sandbox(read_event()):
        pass
    assert files(tmp_path) == {"warehouse.duckdb", "published.duckdb"}


def test_what_is_real_stays_where_it_is(warehouse: Reader, api: Sandbox, tmp_path: Path):
    with file_warehouse(warehouse.path).connect() as client:
        client.execute_sql("create table halls as select 'real' as name")
    with api_or_sandbox(read_event()):
        assert warehouse.rows("select name from halls") == [("real",)]
    assert files(tmp_path) == {"warehouse.duckdb"}
    assert not api.requests

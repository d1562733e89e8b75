"""After an erasure the file is rewritten, so that no block and no statistic of it holds erased data."""

from pathlib import Path

import duckdb
import pytest

from event_assets.warehouse import Warehouse
from event_assets_tests.running import Reader
from event_assets_tests.warehouses import file_warehouse

SECRET = b"zzerasedx"


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """A warehouse with something to erase, a model of it as a table, and views of views."""
    warehouse = file_warehouse(tmp_path / "warehouse 'of' %s.duckdb")
    with warehouse.connect() as client:
        for schema in ("raw", "staging", "summary"):
            client.execute_sql(f"create schema if not exists {schema}")
        client.execute_sql(
            f"create table raw.people as select i as id, '{SECRET.decode()}' || i as name from range(9) t(i)"
        )
        client.execute_sql("create view staging.b as select name from raw.people")
        client.execute_sql("create view staging.a as select name from staging.b")
        client.execute_sql("create table summary.names as select name from staging.a")
    warehouse.path.chmod(0o640)
    return warehouse


def erase(warehouse: Warehouse) -> None:
    with warehouse.connect() as client, client.begin_transaction():
        client.execute_sql("update raw.people set name = null")
        client.request_rewrite()


def rebuild(warehouse: Warehouse) -> None:
    with warehouse.connect() as client:
        client.execute_sql("create or replace table summary.names as select name from staging.a")


def holds_it(warehouse: Warehouse) -> bool:
    files = [file for file in warehouse.path.parent.iterdir() if file.is_file()]
    assert {file.name for file in files} <= {warehouse.path.name, f"{warehouse.path.name}.lock"}
    return any(SECRET in file.read_bytes() for file in files)


def test_nothing_of_it_is_left_when_a_run_ends(warehouse: Warehouse):
    assert holds_it(warehouse)
    with warehouse.kept_open():
        erase(warehouse)
        rebuild(warehouse)
        warehouse.rewrite_if_erased()
        with warehouse.connect() as client:
            assert client.execute_sql("select count(*) from staging.a") == [(9,)], "still open: it is done at the end"
    assert not holds_it(warehouse)
    assert warehouse.path.stat().st_mode & 0o777 == 0o640
    reader = Reader(warehouse.path)
    assert reader.rows("select count(*), count(name) from staging.a") == [(9, 0)]
    assert reader.count("summary.names") == 9
    assert reader.rows("select count(*) from duckdb_tables() where table_name = 'rewrite_requested'") == [(0,)]


def test_models_that_are_rebuilt_in_a_later_run_have_it_written_anew_once_more(warehouse: Warehouse):
    erase(warehouse)
    warehouse.rewrite_if_erased()
    assert holds_it(warehouse), "the model does"
    number = warehouse.path.stat().st_ino
    warehouse.rewrite_if_erased()
    assert warehouse.path.stat().st_ino == number, "nothing was rebuilt since"
    rebuild(warehouse)
    warehouse.rewrite_if_erased()
    assert not holds_it(warehouse)
    number = warehouse.path.stat().st_ino
    warehouse.rewrite_if_erased()
    assert warehouse.path.stat().st_ino == number


def test_what_fails_is_tried_again(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    erase(warehouse)
    rebuild(warehouse)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("event_assets.warehouse.engines.duckdb.rewrite._sync_to_disk", full)
        warehouse.rewrite_if_erased()
    assert "could not be rewritten" in caplog.text
    assert holds_it(warehouse)
    warehouse.rewrite_if_erased()
    assert not holds_it(warehouse)


def test_a_link_still_leads_to_the_file(warehouse: Warehouse, tmp_path: Path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    warehouse.path.rename(elsewhere / "real.duckdb")
    warehouse.path.symlink_to(elsewhere / "real.duckdb")
    erase(warehouse)
    rebuild(warehouse)
    warehouse.rewrite_if_erased()
    assert warehouse.path.is_symlink()
    assert SECRET not in (elsewhere / "real.duckdb").read_bytes()
    with duckdb.connect(str(warehouse.path)) as connection:
        assert connection.sql("select count(*) from staging.a").fetchall() == [(9,)]

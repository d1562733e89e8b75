"""A backup that was made while everything runs is put in place, and what came after it is synced again."""

import json
import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import dagster as dg
import duckdb
import filelock
import pytest

from event_assets.cli.backup import MANIFEST, back_up, restore
from event_assets.cli.home import open_instance, prepare_dagster_home
from event_assets.cli.run import run_everything
from event_assets.sandbox import Event, Sandbox
from event_assets_tests.running import Reader


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few_models: None) -> Path:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    return prepare_dagster_home()


@pytest.fixture
def small(warehouse: Reader, home: Path) -> Reader:
    """A warehouse with one table, and records with one run."""
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute("create schema raw; create table raw.halls as select 1 as id")
    with dg.DagsterInstance.get() as instance:
        instance.add_run(dg.DagsterRun("before"))
    return warehouse


def everything(warehouse: Reader) -> dict[str, list[Any]]:
    return {name: sorted(warehouse.rows(f"from {name}"), key=repr) for name in warehouse.tables()}


def runs() -> set[str]:
    with open_instance() as instance:
        return {run.job_name for run in instance.get_runs()}


def test_what_is_lost_after_a_backup_comes_again_and_the_history_is_kept(
    home: Path, warehouse: Reader, api: Sandbox, event: Event, tmp_path: Path
):
    lecture = event.content["lectures"][0]
    for name in ("Renamed once", "Renamed twice"):
        run_everything()
        lecture["name"] = name
    folder, held = back_up(tmp_path / "backups"), everything(warehouse)
    run_everything()
    assert everything(warehouse) != held
    for path in (warehouse.path, home / "history" / "runs" / "index.db"):
        path.unlink()

    restore(folder)
    assert everything(warehouse) == held
    run_everything()
    titles = f"select title from history.entry_versions where entry_key = 'lecture:{lecture['id']}' order by version"
    assert [title for (title,) in warehouse.rows(titles)][1:] == ["Renamed once", "Renamed twice"]
    assert warehouse.rows(f"select name from raw.lectures where id = '{lecture['id']}'") == [("Renamed twice",)]


def test_a_backup_waits_for_who_writes_and_has_what_that_wrote(small: Reader, tmp_path: Path):
    has_lock, writes = threading.Event(), threading.Event()

    def write() -> None:
        with filelock.FileLock(f"{small.path}.lock"), duckdb.connect(str(small.path)) as connection:
            has_lock.set()
            writes.wait(10)
            connection.execute("insert into raw.halls values (2)")

    writer = threading.Thread(target=write)
    writer.start()
    has_lock.wait(10)
    threading.Timer(0.5, writes.set).start()
    folder = back_up(tmp_path / "backups")
    writer.join()
    assert Reader(folder / "warehouse.duckdb").rows("select id from raw.halls order by id") == [(1,), (2,)]


def test_records_are_backed_up_while_they_are_written(small: Reader, home: Path, tmp_path: Path):
    with open_instance() as instance:
        instance.add_run(dg.DagsterRun("meanwhile"))
        assert (home / "history" / "runs.db-wal").stat().st_size > 0  # not in the database's own file yet
        folder = back_up(tmp_path / "backups")
    with closing(sqlite3.connect(folder / "dagster" / "history" / "runs.db")) as copy:
        assert {name for (name,) in copy.execute("select pipeline_name from runs")} == {"before", "meanwhile"}
        assert copy.execute("pragma integrity_check").fetchone() == ("ok",)


def test_what_is_put_in_place_is_not_spoilt_by_what_lay_beside(small: Reader, home: Path, tmp_path: Path):
    folder = back_up(tmp_path / "backups")
    with open_instance() as instance:
        instance.add_run(dg.DagsterRun("after"))
        shutil.copytree(home, tmp_path / "killed")  # with its write-ahead logs, as a kill leaves it
    shutil.rmtree(home)
    (tmp_path / "killed").rename(home)
    assert (home / "history" / "runs.db-wal").exists()
    moved = restore(folder)
    assert runs() == {"before"}
    assert small.path in {path.with_name(path.name.partition(".before-")[0]) for path in moved}
    assert all(path.exists() for path in moved)


@pytest.mark.parametrize("name", ["warehouse.duckdb", "dagster/history/runs.db", MANIFEST])
def test_a_backup_that_is_spoilt_is_refused_and_nothing_is_changed(small: Reader, tmp_path: Path, name: str):
    folder, held = back_up(tmp_path / "backups"), everything(small)
    with (folder / name).open("r+b") as file:
        file.truncate(file.seek(0, 2) // 2)
    with pytest.raises(click.ClickException, match="Nothing was changed"):
        restore(folder)
    assert everything(small) == held
    assert runs() == {"before"}


def test_a_backup_that_cannot_be_made_leaves_nothing(small: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device", "backups")

    monkeypatch.setattr(shutil, "copy2", fail)
    with pytest.raises(OSError, match="No space left"):
        back_up(tmp_path / "backups")
    assert list((tmp_path / "backups").iterdir()) == []


def test_older_backups_are_deleted(small: Reader, tmp_path: Path):
    others = ["event-assets-20260101T000000Z", "event-assets-20260102T000000Z", "mine"]
    for name in others:
        (tmp_path / "backups" / name).mkdir(parents=True)
    folder = back_up(tmp_path / "backups", keep=2)
    assert {path.name for path in (tmp_path / "backups").iterdir()} == {folder.name, *others[1:]}
    assert folder.stat().st_mode & 0o077 == 0, "there is personal data in it"
    assert set(json.loads((folder / MANIFEST).read_text())["files"]) >= {"warehouse.duckdb", "dagster/history/runs.db"}


def test_the_warehouse_of_each_event_is_in_it_and_goes_back_to_its_place(
    small: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SOURCES__EVENT_API__API_TOKEN", "token-of-event")
    monkeypatch.setenv("EVENTS__NAMES", '["graz2026"]')
    place = tmp_path / "graz" / "graz.duckdb"
    place.parent.mkdir()
    monkeypatch.setenv("EVENTS__GRAZ2026__DESTINATION__DUCKDB__CREDENTIALS", str(place))
    with duckdb.connect(str(place)) as connection:
        connection.execute("create table of_graz as select 2 as id")
    folder = back_up(tmp_path / "backups")
    place.unlink()
    restore(folder)
    assert Reader(place).rows("from of_graz") == [(2,)]
    assert small.rows("from raw.halls") == [(1,)]

    monkeypatch.setenv("EVENTS__NAMES", '["linz2026"]')
    monkeypatch.delenv("EVENTS__GRAZ2026__DESTINATION__DUCKDB__CREDENTIALS")
    with pytest.raises(click.ClickException, match=r"graz2026/warehouse\.duckdb in .* is of an event that is not"):
        restore(folder)

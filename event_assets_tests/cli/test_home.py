"""Dagster's folder: databases that are damaged, settings that are wrong, and a folder that goes while it is in use."""

import errno
import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import dagster as dg
import pytest

from event_assets.cli import home_files, ui
from event_assets.cli.home import open_instance, prepare_dagster_home
from event_assets.cli.home_files import DATABASES, HomeFiles
from event_assets.cli.run import run_everything
from event_assets.sandbox import Sandbox
from event_assets_tests.code_location import shared_definitions
from event_assets_tests.ports import free_port
from event_assets_tests.running import Run

RUNS, EVENTS, SENSORS = DATABASES
ADVICE = "start again: "


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which all databases were made."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(tmp_path_factory.mktemp("made")))
        home = prepare_dagster_home()
        with dg.DagsterInstance.get() as instance:
            instance.get_run_records(limit=1)
            instance.all_instigator_state()
            instance.all_asset_keys()
    assert all((home / name).stat().st_size for name in DATABASES)
    (home / "dagster.yaml").unlink()  # it names the folder
    return home


@pytest.fixture
def home(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it."""
    monkeypatch.setenv("DAGSTER_HOME", str(shutil.copytree(made, tmp_path / "home")))
    return prepare_dagster_home()


def overwrite(path: Path) -> None:
    path.write_text("no database at all, but a text of some length\n" * 500)


def spoil_a_page(path: Path) -> None:
    """Behind the header, so that only who reads on finds it."""
    with path.open("r+b") as file:
        file.seek(100)
        file.write(os.urandom(3000))


def cut_off(path: Path) -> None:
    """Into the middle of a page, as a disk that was full leaves it."""
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 4096 * 3 - 100)


DAMAGES = [overwrite, spoil_a_page, cut_off]


def without_log(path: Path) -> None:
    for beside in path.parent.glob(f"{path.name}-*"):
        beside.unlink()


def told(start: Callable[..., None], *arguments: Any) -> str:
    with pytest.raises(click.ClickException) as failure:
        start(*arguments)
    return failure.value.message


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", [RUNS, EVENTS])
@pytest.mark.usefixtures("warehouse")
def test_run_tells_which_database_is_damaged(home: Path, api: Sandbox, name: str, damage: Callable[[Path], None]):
    without_log(home / name)
    damage(home / name)
    said = told(run_everything)
    assert said.startswith(f"Dagster's database {home / name} is damaged (")
    assert "The tables are as they were." in said
    assert said.endswith(f"whose names begin with {Path(name).name}, and {ADVICE}{DATABASES[name]}.")
    assert len(said.splitlines()) == 1
    assert not api.requests


@pytest.mark.parametrize("name", DATABASES)
@pytest.mark.usefixtures("warehouse", "api")
def test_ui_tells_which_database_is_damaged_and_starts_nothing(home: Path, name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ui, "become_supervisor", None)
    without_log(home / name)
    spoil_a_page(home / name)
    assert told(ui.serve_ui, free_port()).startswith(f"Dagster's database {home / name} is damaged (")


@pytest.mark.parametrize("name", DATABASES)
@pytest.mark.usefixtures("warehouse", "api")
def test_what_the_message_advises_helps(home: Path, name: str):
    without_log(home / name)
    overwrite(home / name)
    for path in (home / name).parent.glob(f"{Path(name).name}*"):
        path.rename(path.with_name(f"away.{path.name}"))
    with open_instance() as instance:
        Run(shared_definitions(), instance)("raw/halls")
        assert [run.status for run in instance.get_runs()] == [dg.DagsterRunStatus.SUCCESS]
        assert instance.get_latest_materialization_event(dg.AssetKey(["raw", "halls"]))
        assert instance.all_instigator_state() == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("storage: [sqlite", "line 2, column 1 is no YAML."),
        ("nonsense: pa55word", 'Received unexpected config entry "nonsense" at the root.'),
        ("run_storage: {module: no_such_module, class: X}", "Couldn't import module no_such_module"),
        ("scheduler: pa55word", "Value at path root:scheduler must be dict."),
        ("- pa55word", "Expected YAML from file"),
        (
            "event_log_storage: {module: event_assets.cli.event_log, class: EventLog, config: {base_dir: 3}}",
            "Invalid scalar",
        ),
    ],
)
@pytest.mark.usefixtures("warehouse")
def test_settings_of_ones_own_that_cannot_be_used(
    api: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, why: str
):
    home = tmp_path / "own"
    home.mkdir()
    (home / "dagster.yaml").write_text(f"{text}\n")
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    monkeypatch.setattr(ui, "become_supervisor", None)
    for said in (told(run_everything), told(ui.serve_ui, free_port())):
        assert said.startswith(f"Dagster's settings in {home / 'dagster.yaml'} cannot be used: {why}")
        assert said.endswith("Nothing was requested and no table was changed.")
        assert "pa55word" not in said
        assert len(said.splitlines()) == 1
    assert not api.requests
    assert (home / "dagster.yaml").read_text() == f"{text}\n"


@pytest.fixture
def files(home: Path) -> HomeFiles:
    files = HomeFiles(home)
    files.check()
    files.check()
    return files


def test_a_folder_that_is_gone(home: Path, files: HomeFiles):
    shutil.rmtree(home)
    said = told(files.check)
    assert said.startswith(f"{home} is gone, while Dagster keeps its state there. Everything was ended;")
    assert "DAGSTER_HOME" in said


def test_a_folder_that_somebody_has_made_anew(home: Path, files: HomeFiles):
    home.rename(home.with_name("before"))
    home.mkdir()
    assert told(files.check).startswith(f"{home} was replaced, while")


@pytest.mark.parametrize("name", DATABASES)
def test_a_database_that_is_gone_or_another(home: Path, files: HomeFiles, name: str):
    path = home / name
    path.rename(home / "away")
    assert told(files.check).startswith(f"{path} is gone, while")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table another (one)")
    assert told(files.check).startswith(f"{path} was replaced, while")


def test_a_database_that_is_overwritten(home: Path, files: HomeFiles):
    overwrite(home / RUNS)
    assert told(files.check).startswith(f"Dagster's database {home / RUNS} is damaged (it does not begin as one)")


def test_a_disk_that_stays_full(files: HomeFiles, monkeypatch: pytest.MonkeyPatch):
    now, full = [time.monotonic()], [True]

    def probe(dir: Path) -> Any:
        if full[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        return open(os.devnull, "wb")

    monkeypatch.setattr(home_files, "TemporaryFile", probe)
    monkeypatch.setattr(home_files.time, "monotonic", lambda: now[0])

    def pass_time(seconds: int) -> None:
        for _ in range(seconds):
            now[0] += 1
            files.check()

    pass_time(10)
    full[0] = False
    pass_time(10)
    full[0] = True
    said = told(pass_time, 20)
    assert "cannot be written (No space left on device), while Dagster keeps its state there." in said


def test_databases_that_dagster_makes_later_are_watched_as_well(tmp_path: Path):
    files = HomeFiles(tmp_path)
    files.check()
    path = tmp_path / RUNS
    path.parent.mkdir(parents=True)
    path.touch()
    files.check()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table one (another)")
    files.check()
    path.unlink()
    assert told(files.check).startswith(f"{path} is gone")

"""`make run` when something goes wrong that nobody foresaw: it is told, and never called a success."""

from collections.abc import Iterator
from pathlib import Path

import click
import duckdb
import pytest
from click.testing import CliRunner

from event_assets.__main__ import main
from event_assets.assets.resources import WarehouseResource
from event_assets.cli.run import run_everything
from event_assets.models import ModelError
from event_assets.sandbox import Sandbox
from event_assets.settings import SettingsError, read_event
from event_assets_tests.running import Reader

OPEN = WarehouseResource.open


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few_models: None) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))


@pytest.fixture
def no_warehouse(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The warehouse's resource fails, before any step."""

    def fail(*_: object) -> None:
        raise SettingsError("the memory is no size.")

    with monkeypatch.context() as patch:
        patch.setattr(WarehouseResource, "open", fail)
        yield patch


def test_a_run_that_fails_before_its_first_step(
    no_warehouse: pytest.MonkeyPatch, api: Sandbox, warehouse: Reader, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(click.ClickException, match=r"^The run failed: the memory is no size\.$"):
        run_everything()
    assert "All of it is in" not in capsys.readouterr().out
    assert not api.requests

    with pytest.MonkeyPatch.context() as well:
        well.setattr(WarehouseResource, "open", OPEN)
        run_everything()
    assert warehouse.count("raw.participants") == len(api.event.participants)
    told = capsys.readouterr().out
    assert "All of it is in" in told
    assert f"Warehouse: {warehouse.path}\nTime zone: {api.event.timezone} (`timezone` in the section [event])" in told

    with pytest.raises(click.ClickException, match=r"^The run failed: the memory is no size\.$"):
        run_everything()
    assert "Nothing that the models read has changed" not in capsys.readouterr().out


@pytest.mark.usefixtures("api", "warehouse")
def test_an_error_in_a_step_is_told_in_its_own_words(monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object, **__: object) -> None:
        raise ValueError("the disk of ada@example.org\n\nis full")

    monkeypatch.setattr("event_assets.assets.raw.sync", fail)
    with pytest.raises(click.ClickException) as told:
        run_everything()
    endpoints = ("content", "participants", "partners")
    assert told.value.message.splitlines() == [
        f"load_{endpoint} failed: the disk of <address> is full" for endpoint in endpoints
    ]


@pytest.mark.usefixtures("api")
def test_a_copy_that_is_gone_is_made_again(
    warehouse: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    run_everything()
    read_event().warehouse.published_file.unlink()
    run_everything()
    assert count(read_event().warehouse.published_file) == warehouse.count("summary.agenda")

    monkeypatch.setenv("WAREHOUSE__PUBLISHED", str(tmp_path / "elsewhere.duckdb"))
    run_everything()
    assert count(tmp_path / "elsewhere.duckdb") == warehouse.count("summary.agenda")
    assert "Nothing that the models read has changed" not in capsys.readouterr().out

    run_everything()
    assert "Nothing that the models read has changed" in capsys.readouterr().out


@pytest.mark.usefixtures("api", "warehouse")
def test_a_wrong_model_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object, **__: object) -> None:
        raise ModelError("summary/agenda.sql: must hold one SELECT and nothing else.")

    monkeypatch.setattr("event_assets.cli.run.build_definitions", fail)
    result = CliRunner().invoke(main, ["run"])
    assert result.exit_code == 1
    assert result.output.splitlines()[-1] == "Error: summary/agenda.sql: must hold one SELECT and nothing else."


def count(copy: Path) -> int:
    """How many entries the agenda of a published copy has."""
    with duckdb.connect(str(copy), read_only=True) as reader:
        row = reader.execute("select count(*) from summary.agenda").fetchone()
    assert row
    return row[0]

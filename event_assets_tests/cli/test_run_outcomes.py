"""`make run` in this process, time and again: what it brings up to date, what it refuses, and what it says then."""

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from event_assets.__main__ import main
from event_assets.cli.run import run_everything
from event_assets.sandbox import Event, Sandbox, generate_event
from event_assets.settings import read_event
from event_assets_tests.automation.breaking import BREAKING, failing_select
from event_assets_tests.cli.folder import row_counts
from event_assets_tests.running import Reader


@pytest.fixture(autouse=True)
def home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], few_models: None
) -> Iterator[None]:
    """A folder for Dagster's state. What a failure is told in is its message, and nothing beside it."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    yield
    assert capsys.readouterr().err == ""


def failure(**options: Any) -> str:
    """What a run that fails is told in."""
    with pytest.raises(click.ClickException) as told:
        run_everything(**options)
    return told.value.message


@pytest.mark.usefixtures("api")
def test_a_warehouse_that_was_thrown_away_is_built_anew(warehouse: Reader):
    run_everything()
    counts = row_counts(warehouse)
    assert counts["summary/agenda"] > 0
    for path in warehouse.path.parent.glob("*.duckdb*"):
        path.unlink()
    run_everything()
    assert row_counts(warehouse) == counts


def test_one_failing_endpoint_fails_the_command_and_names_it(api: Sandbox, warehouse: Reader):
    answer = api.respond
    api.respond = lambda method, target, headers: answer(method, target.replace("/partners", "/gone"), headers)
    told = failure()
    assert "/partners returned 404" in told
    assert len(told.splitlines()) == 1
    assert warehouse.count("raw.participants") == len(api.event.participants)
    published = Reader(read_event().warehouse.published_file)
    assert published.count("raw.participants") == published.count("staging.participants") == len(api.event.participants)


@pytest.mark.parametrize("what", BREAKING)
def test_a_model_that_fails_holds_back_what_is_made_of_it_and_the_rest_is_published(
    api: Sandbox, warehouse: Reader, what: str
):
    run_everything()
    published = Reader(read_event().warehouse.published_file)
    lectures = api.event.content["lectures"]
    lectures.append({**lectures[0], "id": 999, "name": "One more"})
    because = {
        "check": "staging/session_speakers fails its check grain_is_unique",
        "select": "staging__session_speakers failed: a number of somebody is out of range",
    }
    with BREAKING[what]("staging/session_speakers"):
        for _ in range(2):
            told = failure()
            assert told.startswith(
                f"The copy for readers is published, except staging/session_speakers, which is held back: "
                f"{because[what]}. Readers see its last good state, and what is made of it stays as it was."
            )
            assert len(told.splitlines()) == 1
    assert ("One more",) in published.rows("select title from staging.sessions")
    assert ("One more",) not in published.rows("select title from summary.agenda")
    run_everything()
    assert ("One more",) in warehouse.rows("select title from summary.agenda")
    assert ("One more",) in published.rows("select title from summary.agenda")


def test_a_model_that_fails_the_first_time_is_all_that_readers_lack(api: Sandbox, warehouse: Reader):
    with failing_select("summary/agenda"):
        assert "published, except summary/agenda" in failure()
    published = Reader(read_event().warehouse.published_file)
    assert published.count("summary.partners_overview") == warehouse.count("summary.partners_overview") > 0


def test_a_copy_that_cannot_be_published_is_not_said_to_be(
    api: Sandbox, warehouse: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("WAREHOUSE__PUBLISHED", str(tmp_path / "file" / "published.duckdb"))
    with failing_select("summary/agenda"):
        told = failure().splitlines()
    assert told[0].startswith("summary/agenda is held back: summary__agenda failed: ")
    assert told[-1].startswith("The published copy cannot be written")
    assert "is published" not in "".join(told)


def test_a_wrong_token_after_the_sandbox_is_all_that_is_told(
    warehouse: Reader, event: Event, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    with monkeypatch.context() as environment:
        for name in ("SOURCES__EVENT_API__BASE_URL", "SOURCES__EVENT_API__API_TOKEN", "EVENT__TIMEZONE"):
            environment.setenv(name, "")  # so that what the sandbox writes there is gone at the end of the block
            environment.delenv(name)
        run_everything()
    assert "using the sandbox" in capsys.readouterr().out
    assert warehouse.count("raw.participants") > len(event.participants)
    with Sandbox(event) as api:
        monkeypatch.setenv("SOURCES__EVENT_API__BASE_URL", api.base_url)
        monkeypatch.setenv("SOURCES__EVENT_API__API_TOKEN", "wrong-token")
        for zone in (None, generate_event().timezone):
            if zone:
                monkeypatch.setenv("EVENT__TIMEZONE", zone)
            told = failure().splitlines()
            assert len(told) == 3
            assert all("401 Unauthorized: the token is not accepted" in line for line in told)
            assert "Nothing that the models read has changed" not in capsys.readouterr().out


def test_a_large_removal_is_let_through_when_it_is_meant(api: Sandbox, warehouse: Reader):
    run_everything()
    people = len(api.event.participants)
    del api.event.participants[5:]
    told = failure()
    assert told.startswith(f"The response would remove {people - 5} of the {people} rows")
    assert "make run ALLOW_REMOVALS=yes" in told
    run_everything(allow_removals=True)
    assert warehouse.rows("select count(*) from raw.participants where removed_at is null") == [(5,)]


@pytest.mark.parametrize(("arguments", "allowed"), [([], False), (["--allow-removals"], True)])
def test_an_option_says_that_it_is_meant(monkeypatch: pytest.MonkeyPatch, arguments: list[str], allowed: bool):
    asked: list[dict[str, object]] = []
    monkeypatch.setattr("event_assets.cli.run.run_everything", lambda **options: asked.append(options))
    threshold = gc.get_threshold()
    try:
        assert CliRunner().invoke(main, ["run", *arguments]).exit_code == 0
    finally:  # a command sets these for the rest of its process
        gc.unfreeze()
        gc.set_threshold(*threshold)
    assert asked == [{"allow_removals": allowed, "event_name": None}]

"""`make run` as a newcomer has it: a folder, no configuration, one command. See ``test_run_outcomes`` for the rest."""

from pathlib import Path

import duckdb
import pytest

from event_assets.sandbox import Event, Sandbox
from event_assets_tests.cli.folder import Folder, configuration, row_counts
from event_assets_tests.running import Reader


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_without_a_token_the_sandbox_is_used_and_a_second_run_changes_no_row_count(folder: Folder):
    first = folder.run()
    assert first.returncode == 0, first.stderr
    assert first.stderr == ""
    assert "No API token is configured: using the sandbox" in first.stdout
    assert "`event-assets ui` shows it" in first.stdout
    assert str(folder.warehouse.path) in first.stdout
    assert str(folder.path / "data" / "published.duckdb") in first.stdout
    counts = row_counts(folder.warehouse)
    table = dict(
        line.split()[:2] for line in first.stdout.partition("seconds")[2].splitlines() if "/" in line.split(" ")[0]
    )
    assert {asset: int(rows.replace(",", "")) for asset, rows in table.items()} == counts
    entries = sum(counts[f"raw/{name}"] for name in ("lectures", "workshops", "pauses"))
    assert entries == counts["summary/agenda"] > 100

    second = folder.run()
    assert second.returncode == 0, second.stderr
    assert row_counts(folder.warehouse) == counts
    assert "Nothing that the models read has changed" in second.stdout
    assert second.stdout.count("as before") == sum(not asset.startswith("raw/") for asset in counts)
    assert (folder.path / ".dagster_home" / "history").is_dir()


def test_a_failure_ends_with_a_sentence_on_top_and_nothing_written(folder: Folder, event: Event):
    with Sandbox(event) as api:
        result = folder.run(**configuration(api) | {"SOURCES__EVENT_API__API_TOKEN": "wrong-token"})

    assert result.returncode == 1
    assert result.stderr.startswith("Error: GET http://127.0.0.1")
    assert len(result.stderr.splitlines()) == 3
    assert all("401 Unauthorized: the token is not accepted" in line for line in result.stderr.splitlines())
    assert "Traceback" not in result.stdout + result.stderr
    assert "wrong-token" not in result.stdout + result.stderr


def test_invented_and_real_data_never_mix(folder: Folder, event: Event):
    assert folder.run().returncode == 0
    invented = folder.warehouse.count("raw.participants")
    with Sandbox(event) as api:
        result = folder.run(**configuration(api))
    assert result.returncode == 0, result.stderr
    assert "invented data was moved to" in result.stdout
    assert folder.warehouse.count("raw.participants") == len(event.participants)
    for name in ("warehouse.sandbox.duckdb", "published.sandbox.duckdb"):
        assert Reader(folder.path / "data" / name).count("raw.participants") == invented

    result = folder.run()
    assert result.returncode == 1
    assert result.stderr.startswith("Error: No API token is configured, and")
    assert "holds the tables of a real event" in result.stderr
    assert folder.warehouse.count("raw.participants") == len(event.participants)


def test_a_warehouse_that_is_open_elsewhere_is_told_in_a_sentence(folder: Folder, event: Event):
    folder.warehouse.path.parent.mkdir()
    with Sandbox(event) as api, duckdb.connect(str(folder.warehouse.path)):
        result = folder.run(**configuration(api), WAREHOUSE__LOCK_WAIT_SECONDS="0.5")
    assert result.returncode == 1
    assert "Error: Another program has" in result.stderr
    assert not api.requests

"""`make run` as a newcomer has it: a folder, no configuration, one command."""

import shutil
from pathlib import Path

import duckdb
import pytest

from event_assets.sandbox import Event, Sandbox, generate_event
from event_assets_tests.cli.folder import Folder, configuration
from event_assets_tests.running import Warehouse


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_without_a_token_the_sandbox_is_used_and_a_second_run_changes_no_row_count(folder: Folder):
    first = folder.run()
    assert first.returncode == 0, first.stderr
    assert first.stderr == ""
    assert "No API token is configured: using the sandbox" in first.stdout
    assert "make ui" in first.stdout
    assert str(folder.warehouse.path) in first.stdout
    assert str(folder.path / "data" / "published.duckdb") in first.stdout
    counts = _counts(folder)
    table = dict(
        line.split()[:2] for line in first.stdout.partition("seconds")[2].splitlines() if "/" in line.split(" ")[0]
    )
    assert {asset: int(rows.replace(",", "")) for asset, rows in table.items()} == counts
    entries = sum(counts[f"raw/{name}"] for name in ("lectures", "workshops", "pauses"))
    assert entries == counts["summary/agenda"] > 100

    second = folder.run()
    assert second.returncode == 0, second.stderr
    assert _counts(folder) == counts
    assert "Nothing that the models read has changed" in second.stdout
    assert second.stdout.count("as before") == sum(not asset.startswith("raw/") for asset in counts)
    assert (folder.path / ".dagster_home" / "history").is_dir()


def test_a_warehouse_that_was_thrown_away_is_built_anew(folder: Folder, event: Event):
    with Sandbox(event) as api:
        assert folder.run(**configuration(api)).returncode == 0
        counts = _counts(folder)
        shutil.rmtree(folder.path / "data")
        assert folder.run(**configuration(api)).returncode == 0
    assert _counts(folder) == counts


def _counts(folder: Folder) -> dict[str, int]:
    tables = folder.warehouse.rows(
        "select table_schema, table_name from information_schema.tables"
        " where table_schema in ('raw', 'staging', 'history', 'summary')"
        " and not starts_with(table_name, '_dlt') and not contains(table_name, '__')"
        " and (table_schema, table_name) <> ('raw', 'rejected')"
    )
    return {f"{schema}/{table}": folder.warehouse.count(f"{schema}.{table}") for schema, table in tables}


def test_a_failure_ends_with_a_sentence_on_top_and_nothing_written(folder: Folder, event: Event):
    with Sandbox(event) as api:
        result = folder.run(**configuration(api) | {"SOURCES__EVENT_API__API_TOKEN": "wrong-token"})

    assert result.returncode == 1
    assert result.stderr.startswith("Error: GET http://127.0.0.1")
    assert "401 Unauthorized: the token is not accepted" in result.stderr.splitlines()[0]
    assert "Traceback" not in result.stdout + result.stderr
    assert "wrong-token" not in result.stdout + result.stderr


def test_one_failing_endpoint_fails_the_command_and_names_it(folder: Folder, event: Event):
    with Sandbox(event) as api:
        answer = api.respond
        api.respond = lambda method, target, headers: answer(method, target.replace("/partners", "/gone"), headers)
        result = folder.run(**configuration(api))

    assert result.returncode == 1
    assert "/partners was answered with 404" in result.stderr.splitlines()[0]
    assert len(result.stderr.splitlines()) == 1
    assert folder.warehouse.count("raw.participants") == len(event.participants)
    published = Warehouse(folder.path / "data" / "published.duckdb")
    assert published.count("raw.participants") == published.count("staging.participants") == len(event.participants)


def test_a_failed_check_holds_back_what_is_made_of_its_table_until_it_passes(folder: Folder, event: Event):
    with Sandbox(event) as api:
        assert folder.run(**configuration(api)).returncode == 0
        # No sync looks at this: the list is that of a lecture which stays as it is.
        with duckdb.connect(str(folder.warehouse.path)) as warehouse:
            warehouse.execute("create table spoiled as select min(_dlt_id) as _dlt_id from raw.lectures__speakers")
            warehouse.execute("update raw.lectures__speakers set _dlt_list_idx = -1 where _dlt_id in (from spoiled)")
        event.content["lectures"].append({**event.content["lectures"][0], "id": 999, "name": "One more"})
        spoiled = [folder.run(**configuration(api)) for _ in range(2)]
        assert ("One more",) not in folder.warehouse.rows("select title from summary.agenda")
        with duckdb.connect(str(folder.warehouse.path)) as warehouse:
            warehouse.execute("update raw.lectures__speakers set _dlt_list_idx = 0 where _dlt_id in (from spoiled)")
        mended = folder.run(**configuration(api))

    for result in spoiled:
        assert result.returncode == 1
        assert result.stderr.startswith("Error: staging/session_speakers does not keep its promise ")
        assert "nothing is built from it: what is made of it stays as it was" in result.stderr
        assert len(result.stderr.splitlines()) == 1
    assert mended.returncode == 0, mended.stderr
    assert ("One more",) in folder.warehouse.rows("select title from summary.agenda")


def test_invented_and_real_data_never_mix(folder: Folder, event: Event):
    assert folder.run().returncode == 0
    invented = folder.warehouse.count("raw.participants")
    with Sandbox(event) as api:
        result = folder.run(**configuration(api))
    assert result.returncode == 0, result.stderr
    assert "invented data was moved to" in result.stdout
    assert folder.warehouse.count("raw.participants") == len(event.participants)
    for name in ("warehouse.sandbox.duckdb", "published.sandbox.duckdb"):
        assert Warehouse(folder.path / "data" / name).count("raw.participants") == invented

    result = folder.run()
    assert result.returncode == 1
    assert result.stderr.startswith("Error: No API token is configured, and")
    assert "holds the tables of a real event" in result.stderr
    assert folder.warehouse.count("raw.participants") == len(event.participants)


def test_a_wrong_token_after_the_sandbox_is_all_that_is_told(folder: Folder, event: Event):
    assert folder.run().returncode == 0
    with Sandbox(event) as api:
        wrong = configuration(api) | {"SOURCES__EVENT_API__API_TOKEN": "wrong-token"}
        results = [folder.run(**wrong), folder.run(**wrong, EVENT__TIMEZONE=generate_event().timezone)]
    for result in results:
        assert result.returncode == 1
        told = result.stderr.removeprefix("Error: ").splitlines()
        assert len(told) == 3
        assert all("401 Unauthorized: the token is not accepted" in line for line in told)
        assert "Nothing that the models read has changed" not in result.stdout


def test_a_large_removal_is_let_through_when_it_is_meant(folder: Folder, event: Event):
    with Sandbox(event) as api:
        assert folder.run(**configuration(api)).returncode == 0
        people = len(event.participants)
        del event.participants[5:]
        result = folder.run(**configuration(api))
        assert result.returncode == 1
        assert result.stderr.startswith(f"Error: The answer no longer has {people - 5} of the {people} rows")
        assert "make run ALLOW_REMOVALS=yes" in result.stderr
        assert folder.run("--allow-removals", **configuration(api)).returncode == 0
    assert folder.warehouse.rows("select count(*) from raw.participants where removed_at is null") == [(5,)]


def test_a_warehouse_that_is_open_elsewhere_is_told_in_a_sentence(folder: Folder, event: Event):
    folder.warehouse.path.parent.mkdir()
    with Sandbox(event) as api, duckdb.connect(str(folder.warehouse.path)):
        result = folder.run(**configuration(api), WAREHOUSE__LOCK_WAIT_SECONDS="0.5")
    assert result.returncode == 1
    assert "Error: Another program has" in result.stderr
    assert not api.requests

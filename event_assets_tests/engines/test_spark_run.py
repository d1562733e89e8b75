"""`event-assets run` on Delta tables with Spark: a whole refresh, the copy for readers, and a server that is down."""

from collections.abc import Callable
from pathlib import Path

import click
import pytest
from deltalake import DeltaTable

from event_assets.cli.run import run_everything
from event_assets.sandbox import Event, Sandbox
from event_assets.settings import SettingsError, read_event, run_folder
from event_assets.warehouse import Warehouse
from event_assets_tests.engines.delta import NOWHERE, LakeReader


@pytest.fixture
def api(event: Event, use_api: Callable[[Event], Sandbox]) -> Sandbox:
    """The small event, served and configured."""
    return use_api(event)


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LakeReader:
    """The tables of a warehouse that is configured, without a server so far."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WAREHOUSE__DESTINATION", "spark")
    monkeypatch.setenv("DESTINATION__FILESYSTEM__BUCKET_URL", str(tmp_path / "lake"))
    monkeypatch.setenv("DESTINATION__SPARK__REMOTE", NOWHERE)
    return LakeReader(tmp_path)


@pytest.fixture
def served(lake: LakeReader, spark_address: str, monkeypatch: pytest.MonkeyPatch) -> LakeReader:
    """The same with a server."""
    monkeypatch.setenv("DESTINATION__SPARK__REMOTE", spark_address)
    return lake


def test_a_run_makes_all_tables_and_a_copy_without_personal_data(
    api: Sandbox, served: LakeReader, capsys: pytest.CaptureFixture[str]
):
    run_everything()
    assert (
        f"All of it is in the folders published, published_raw, published_staging, published_history, "
        f"published_summary of {served.root}" in capsys.readouterr().out
    )
    lectures = api.event.content["lectures"]
    sessions = len(lectures) + len(api.event.content["workshops"]) + len(api.event.content["pauses"])
    assert served.rows("select count(*) from summary.agenda") == [(sessions,)]
    assert served.rows("select count(*) from published_summary.agenda") == [(sessions,)]
    people = served.records("select * from published_raw.participants")
    assert len(people) == len(api.event.participants)
    assert not {"email", "email_key", "name", "record_hash"} & people[0].keys()
    left_out = "select why from published.about_this_copy where relation = 'raw.participants' and column_name = 'email'"
    assert served.rows(left_out) == [("Personal data.",)]

    logs = [log.read_text() for log in served.root.glob("*/*/_delta_log/*.json")]
    assert len(logs) > 50
    assert not [log for log in logs if "@" in log]

    before = served.versions()
    lectures[0]["name"] = "Renamed"
    run_everything()
    changes = served.rows("select change, old_value, new_value from published_summary.schedule_changes")
    assert len(changes) == 1
    assert changes[0][2] == "Renamed"
    after = served.versions()
    assert after["published_raw.partners"] == before["published_raw.partners"]
    # The versions that belong together are those that readers find in the table for it.
    refresh = dict(served.rows("select relation, version from published.refresh"))
    assert refresh == {table: version for table, version in after.items() if table.startswith("published_")}
    old = DeltaTable(served.root / "published_raw" / "lectures", version=before["published_raw.lectures"])
    assert "Renamed" not in old.to_pyarrow_table()["name"].to_pylist()

    run_everything()
    assert "Nothing that the models read has changed" in capsys.readouterr().out
    assert served.versions() == after


def test_without_a_server_the_raw_tables_are_synced_and_the_rest_says_what_to_do(api: Sandbox, lake: LakeReader):
    with pytest.raises(click.ClickException) as told:
        run_everything()
    said = str(told.value)
    assert "The Spark server cannot be reached. Start it, or correct `remote`" in said
    assert NOWHERE not in said
    assert lake.rows("select count(*) from raw.participants") == [(len(api.event.participants),)]
    assert [table for table in lake.tables() if not table.startswith(("raw.", "_sync."))] == []


def test_what_is_not_set_is_named(lake: LakeReader, monkeypatch: pytest.MonkeyPatch):
    assert Warehouse.of(read_event()).engine.where == f"the Delta tables in {lake.root}"
    monkeypatch.setenv("DESTINATION__FILESYSTEM__BUCKET_URL", "data/lake")
    assert Warehouse.of(read_event()).engine.where == f"the Delta tables in {run_folder() / 'data' / 'lake'}"
    monkeypatch.delenv("DESTINATION__SPARK__REMOTE")
    with pytest.raises(SettingsError, match=r"set `remote` in the section \[destination\.spark\]"):
        Warehouse.of(read_event())
    monkeypatch.delenv("DESTINATION__FILESYSTEM__BUCKET_URL")
    with pytest.raises(SettingsError, match=r"set `bucket_url` in the section \[destination\.filesystem\]"):
        Warehouse.of(read_event())

"""The warehouse and Dagster home of release 0.1: this release renames what they hold, and changes nothing else."""

import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import dagster as dg
import pytest

from event_assets.assets.versions import Materialisations
from event_assets.cli.run import run_everything
from event_assets.sandbox import Event, Sandbox, load_event
from event_assets.settings import EventApiSettings
from event_assets.source.api.resources import resources_by_endpoint
from event_assets.source.load.results import ResourceResult
from event_assets.source.sync import sync
from event_assets.source.tables.schema import TABLES
from event_assets_tests.running import Reader
from event_assets_tests.warehouses import file_warehouse

ARCHIVE = Path(__file__).with_name("release_0_1.tar.xz")
OLD_HASH, NEW_HASH = "received_hash", "raw_record_hash"
HISTORY = "select {key}, version, refresh_number, seen_at, title, speakers from history.entry_versions order by 1, 2"
CHANGES = "select {key}, version, change, old_value, new_value from summary.schedule_changes order by 1, 2, 3"
RENAMED_KEY = "replace(entry_key, 'pause:', 'break:')"


class Stored(NamedTuple):
    """What release 0.1 has left, and the event as it was at its last sync."""

    event: Event
    warehouse: Reader
    published: Reader


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stored:
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path, filter="data")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", str(tmp_path / "warehouse.duckdb"))
    monkeypatch.setenv("WAREHOUSE__PUBLISHED", str(tmp_path / "published.duckdb"))
    warehouse, published = Reader(tmp_path / "warehouse.duckdb"), Reader(tmp_path / "published.duckdb")
    return Stored(load_event(tmp_path / "event", timezone="Europe/Vienna"), warehouse, published)


def raw_rows(warehouse: Reader, hash_column: str) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of all raw tables, without the hash of the bytes, by table."""
    tables = warehouse.rows("select table_name from information_schema.tables where table_schema = 'raw'")
    columns = {"participants": f"* exclude {hash_column}"}
    return {
        name: sorted(warehouse.rows(f"select {columns.get(name, '*')} from raw.{name}"), key=repr)
        for name in sorted(name for (name,) in tables if not name.startswith("_dlt"))
    }


def sync_all(stored: Stored) -> dict[str, ResourceResult]:
    results = {}
    with Sandbox(stored.event) as api:
        for endpoint, resources in resources_by_endpoint().items():
            asked = EventApiSettings(api.base_url, api.token)
            results |= sync(asked, file_warehouse(stored.warehouse.path), endpoint, resources)
    return results


def test_a_sync_renames_columns_and_reports_no_row_as_changed(stored: Stored):
    before = raw_rows(stored.warehouse, OLD_HASH)
    results = sync_all(stored)
    assert {
        name for name, each in results.items() if each.loaded or each.removed or each.version != each.before
    } == set()
    assert results["participants"].type_mismatches == {"tickets": 1}
    assert results["participants"].rejected == 1
    assert raw_rows(stored.warehouse, NEW_HASH) == before
    assert OLD_HASH not in stored.warehouse.columns("raw.participants")
    tables = stored.warehouse.rows("select table_name from information_schema.tables where table_schema = '_sync'")
    assert tables == [("checkpoints",)]


def test_after_the_upgrade_only_changed_records_are_decoded_and_loaded(stored: Stored):
    sync_all(stored)
    assert sum(each.decoded for each in sync_all(stored).values()) == 0
    before = raw_rows(stored.warehouse, NEW_HASH)
    stored.event.participants[0] = {**stored.event.participants[0], "position": "Promoted"}
    result = sync_all(stored)["participants"]
    assert (result.loaded, result.decoded) == (1, 3), "also the rejected one and that with a type mismatch"
    assert OLD_HASH not in stored.warehouse.columns("raw.participants"), "nor does dlt add it again"
    after = raw_rows(stored.warehouse, NEW_HASH)
    assert len(set(map(repr, after["participants"])) - set(map(repr, before["participants"]))) == 1
    assert {name: rows for name, rows in after.items() if name != "participants"} == {
        name: rows for name, rows in before.items() if name != "participants"
    }


@pytest.mark.slow
def test_a_run_continues_the_history_and_the_records_of_dagster(stored: Stored, use_api: Callable[..., Sandbox]):
    history, changes = (stored.warehouse.rows(query.format(key=RENAMED_KEY)) for query in (HISTORY, CHANGES))
    assert len(history) == 12
    assert len(changes) == 3
    stored.event.content["lectures"][1]["name"] = "Renamed after the upgrade"
    key = f"lecture:{stored.event.content['lectures'][1]['id']}"
    use_api(stored.event)
    versions = data_versions()
    run_everything()

    assert {key for key, version in data_versions().items() if version != versions[key]} == {"lectures"}
    rows = stored.warehouse.rows(HISTORY.format(key="entry_key"))
    assert [row for row in rows if row[2] == 3 and row[0] == key] == [row for row in rows if row not in history]
    assert len(rows) == len(history) + 1
    new = [row for row in stored.warehouse.rows(CHANGES.format(key="entry_key")) if row not in changes]
    assert [(row[0], row[2], row[4]) for row in new] == [(key, "renamed", "Renamed after the upgrade")]
    assert stored.warehouse.count("summary.schedule_changes") == len(changes) + 1
    for table in ("history.entry_versions", "summary.agenda", "summary.schedule_changes"):
        assert {kind for (kind,) in stored.published.rows(f"select distinct kind from {table}")} <= {
            "lecture", "workshop", "break",
        }  # fmt: skip
    overview = stored.published.columns("summary.event_overview")
    assert "breaks" in overview
    assert "pauses" not in overview
    participants = stored.published.columns("raw.participants")
    assert {OLD_HASH, NEW_HASH}.isdisjoint(participants)
    with dg.DagsterInstance.get() as instance:
        checks = [dg.AssetCheckKey(dg.AssetKey(["raw", "participants"]), "no_rejected_records")]
        assert [*instance.event_log_storage.get_latest_asset_check_execution_by_key(checks)] == checks


def data_versions() -> dict[str, str | None]:
    """The data version of each raw table, as Dagster has recorded it."""
    keys = {name: dg.AssetKey(["raw", name]) for name in TABLES}
    with dg.DagsterInstance.get() as instance:
        latest = Materialisations(instance, keys.values())
        return {name: latest.version(key) for name, key in keys.items()}

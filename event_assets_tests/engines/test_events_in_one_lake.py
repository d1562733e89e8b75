"""Several events in one DuckLake catalogue, and in one folder of Delta tables: nothing of one is in another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from filelock import FileLock

from event_assets.sandbox import Event, Sandbox, generate_event
from event_assets.warehouse import Warehouse, WarehouseBusyError
from event_assets.warehouse.relations import Relation
from event_assets_tests.across.programmes import publish
from event_assets_tests.engines.comparison import Place, comparable, differences, in_delta, in_ducklake, in_file
from event_assets_tests.engines.delta import LakeReader, lake_warehouse
from event_assets_tests.engines.lakes import Lake
from event_assets_tests.engines.servers import PostgresServer
from event_assets_tests.source.syncing import HASH, run_sync

pytestmark = [pytest.mark.slow, pytest.mark.nightly, pytest.mark.timeout(600)]

EVENTS = {
    event: generate_event(lectures=7 + seed, participants=12 + seed, seed=seed)
    for seed, event in enumerate(("", "graz2026"))
}
MODELS = {Relation("history", "entry_versions"), Relation("summary", "agenda"), Relation("summary", "speaker_load")}
"""One of each layer and what it reads: that all models are right on the engine is tested in ``test_every_engine``."""


def refresh_side_by_side(place: Callable[[str], Place], folder: Path) -> None:
    """Sync both events, build some models, publish all, and compare it with what DuckDB has."""
    for event, programme in EVENTS.items():
        publish(programme, place(event).warehouse(), MODELS)
    for event, programme in EVENTS.items():
        truth, found = in_file(folder / (event or "main")), place(event)
        publish(programme, truth.warehouse(), MODELS)
        assert differences(comparable(found.tables()), comparable(truth.tables())) == {}
        assert differences(comparable(found.copy()), comparable(truth.copy())) == {}


def both_write_at_once(warehouse: Callable[[str], Warehouse], held: AbstractContextManager[object]) -> None:
    """Sync one event while another process holds the lock of the other's writer; a second writer of that is refused."""
    with held:
        _sync(EVENTS["graz2026"], warehouse("graz2026"))
        with pytest.raises(WarehouseBusyError), warehouse("").writing():
            pass
    _sync(EVENTS[""], warehouse(""))
    assert len({warehouse(event).path for event in EVENTS}) == len(EVENTS), "marks of runs and working folders"


def _sync(event: Event, warehouse: Warehouse) -> None:
    with Sandbox(event) as api:
        run_sync(api, warehouse, "partners")


def companies(event: Event) -> set[str]:
    return {each["company"] for each in event.partners}


def test_each_event_has_a_ducklake_of_its_own_in_one_catalogue_file(file_lake: Lake, tmp_path: Path):
    refresh_side_by_side(lambda event: in_ducklake(file_lake, event), tmp_path / "truth")
    assert {path.name for path in file_lake.folder.glob("lake*.sqlite")} == {
        "lake.sqlite", "lake_published.sqlite", "lake_graz2026.sqlite", "lake_graz2026_published.sqlite",
    }  # fmt: skip


def test_two_events_write_at_once_into_one_catalogue_on_a_server(server_lake: Lake, postgres: PostgresServer):
    both_write_at_once(lambda event: server_lake.warehouse(0.2, event), server_lake.warehouse().writing())
    for event, name in (("", "ducklake"), ("graz2026", "ducklake_graz2026")):
        found = server_lake.reader(name).rows("select company from raw.partners")
        assert {company for (company,) in found} == companies(EVENTS[event])
    schemas = postgres.execute("select nspname from pg_namespace where nspname like 'ducklake%'", server_lake.database)
    assert {name for (name,) in schemas} == {"ducklake", "ducklake_graz2026"}


def test_each_event_has_delta_tables_of_its_own_in_one_folder(spark_address: str, tmp_path: Path):
    refresh_side_by_side(lambda event: in_delta(tmp_path, spark_address, event), tmp_path / "truth")
    reader = LakeReader(tmp_path)
    versions = _versions(reader, "graz2026_")
    # What readers of the event type, and not the names of [event].
    refresh = reader.table("graz2026_published.refresh")
    assert {row["relation"] for row in refresh} <= versions.keys()
    assert all(versions[row["relation"]] == row["version"] for row in refresh)

    warehouse = lake_warehouse(tmp_path, spark_address)
    with Sandbox(EVENTS[""]) as api:
        run_sync(api, warehouse, "participants", privacy=HASH)
    warehouse.rewrite_if_erased()
    moved = warehouse.set_aside()
    assert any(each.endswith("/sandbox_raw") for each in moved)
    assert _versions(reader, "graz2026_") == versions, "an erasure and a reset of another event"
    again = lake_warehouse(tmp_path, spark_address, event="graz2026")
    assert any(each.endswith("/sandbox_graz2026_raw") for each in again.set_aside())
    assert not {table for table in reader.tables() if not table.startswith("sandbox_")}


def test_two_events_write_at_once_into_one_folder(tmp_path: Path):
    # Not by a warehouse, whose lock is the same object for all of this process.
    (lock := tmp_path / "lake" / ".event_assets.lock").parent.mkdir()
    both_write_at_once(lambda event: lake_warehouse(tmp_path, wait_seconds=0.2, event=event), FileLock(lock))
    for event, schema in (("", "raw"), ("graz2026", "graz2026_raw")):
        found = LakeReader(tmp_path).table(f"{schema}.partners")
        assert {row["company"] for row in found} == companies(EVENTS[event])


def _versions(reader: LakeReader, prefix: str) -> Mapping[str, int]:
    return {table: version for table, version in reader.versions().items() if table.startswith(prefix)}

"""Syncs into Delta tables: nothing is lost, and nothing is written twice. Kills are in ``test_spark_crash``."""

from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from event_assets.sandbox import Sandbox
from event_assets.source.errors import SyncError
from event_assets.warehouse import Warehouse, WarehouseBusyError, WarehouseUnreadableError
from event_assets.warehouse.engines.spark.lake import Lake
from event_assets_tests.engines.delta import LakeReader, lake_warehouse
from event_assets_tests.source.syncing import DROP, HASH, KEEP, run_sync

CONTENT = ("lectures", "halls", "tracks")


@pytest.fixture
def lake(tmp_path: Path) -> LakeReader:
    return LakeReader(tmp_path)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return lake_warehouse(tmp_path)


def test_a_first_sync_makes_delta_tables_of_all_records(api: Sandbox, warehouse: Warehouse, lake: LakeReader):
    results = run_sync(api, warehouse, *CONTENT) | run_sync(api, warehouse, "participants")
    lectures = api.event.content["lectures"]
    assert results["lectures"].loaded == len(lectures) == 24
    assert lake.rows("select id, name from raw.lectures order by id") == sorted(
        (str(lecture["id"]), lecture["name"]) for lecture in lectures
    )
    speakers = "select l.id, s.value, s._dlt_list_idx from raw.lectures l join raw.lectures__speakers s"
    assert sorted(lake.rows(f"{speakers} on s._dlt_parent_id = l._dlt_id")) == sorted(
        (str(lecture["id"]), str(speaker), index)
        for lecture in lectures
        for index, speaker in enumerate(lecture["speakers"])
    )
    assert lake.rows("select count(*), count(distinct email_key) from raw.participants") == [(50, 50)]


def test_a_changed_response_changes_rows_and_lists(api: Sandbox, warehouse: Warehouse, lake: LakeReader):
    lectures = api.event.content["lectures"]
    lectures[0]["speakers"] = [7001, 7002, 7003]
    run_sync(api, warehouse, *CONTENT)
    lectures[0].update(name="Moved", speakers=[7002])
    removed = lectures.pop(3)
    assert run_sync(api, warehouse, *CONTENT)["lectures"].loaded == 1
    speakers = "from raw.lectures__speakers s join raw.lectures l on s._dlt_parent_id = l._dlt_id"
    assert lake.rows(f"select l.name, s.value, s._dlt_list_idx {speakers} where l.id = '{lectures[0]['id']}'") == [
        ("Moved", "7002", 0)
    ]
    assert lake.rows(
        "select count(*) from raw.lectures__speakers where _dlt_parent_id not in (from raw.lectures select _dlt_id)"
    ) == [(0,)]
    gone = "select id, removed_at is null from raw.lectures order by removed_at is null, id limit 2"
    assert lake.rows(gone)[0] == (str(removed["id"]), False)
    assert lake.rows(gone)[1][1]
    lectures.append(removed)
    assert run_sync(api, warehouse, *CONTENT)["lectures"].loaded == 1
    assert lake.rows("select count(*) from raw.lectures where removed_at is not null") == [(0,)]


def test_records_without_a_key_are_rejected_and_those_of_the_latest_response_kept(
    api: Sandbox, warehouse: Warehouse, lake: LakeReader
):
    halls = api.event.content["halls"]
    halls += [{"name": "no key"}, {**halls[0], "name": "a second one"}]
    assert run_sync(api, warehouse, *CONTENT)["halls"].rejected == 2
    reasons = "select resource, reason, payload like '%no key%' from raw.rejected order by reason"
    assert lake.rows(reasons) == [
        ("halls", "another record of the same answer has this id", False),
        ("halls", "no usable id", True),
    ]
    del halls[-2:]
    assert run_sync(api, warehouse, *CONTENT)["halls"].rejected == 0
    assert lake.rows("select count(*) from raw.rejected") == [(0,)]


def test_a_repeated_response_writes_nothing(api: Sandbox, warehouse: Warehouse, lake: LakeReader, tmp_path: Path):
    run_sync(api, warehouse, *CONTENT)
    run_sync(api, warehouse, "participants")
    before = lake.versions()
    for each in (warehouse, lake_warehouse(tmp_path)):
        run_sync(api, each, *CONTENT)
        run_sync(api, each, "participants")
    assert lake.versions() == before
    api.event.content["halls"][0]["name"] = "Renamed"
    run_sync(api, warehouse, *CONTENT)
    changed = {table for table, version in lake.versions().items() if version != before[table]}
    assert {table for table in changed if "_dlt_" not in table} == {"_sync.checkpoints", "raw.halls"}


def test_fields_that_are_not_declared_and_values_of_other_types_get_columns_of_their_own(
    api: Sandbox, warehouse: Warehouse, lake: LakeReader, tmp_path: Path
):
    run_sync(api, warehouse, *CONTENT)
    api.event.content["lectures"][0].update(shoe_size="40", capacity="many")
    run_sync(api, lake_warehouse(tmp_path), *CONTENT)
    one = "select shoe_size, capacity, capacity__v_text from raw.lectures where shoe_size is not null"
    assert lake.rows(one) == [("40", None, "many")]


def test_erased_data_is_in_no_file_and_in_no_log(api: Sandbox, tmp_path: Path, lake: LakeReader):
    people = api.event.participants
    people[0] = people[0] | {"email": "ada.lovelace@example.org", "last_name": "Lovelace-Byron"}
    run_sync(api, lake_warehouse(tmp_path), "participants", privacy=KEEP)
    gone = people.pop(1)
    run_sync(api, lake_warehouse(tmp_path), "participants", privacy=KEEP)
    assert all(found(lake, text) for text in ("Lovelace-Byron", "ada.lovelace", gone["email"]))
    run_sync(api, lake_warehouse(tmp_path), "participants", privacy=HASH)
    warehouse = lake_warehouse(tmp_path)
    warehouse.rewrite_if_erased()
    assert not found(lake, "Lovelace-Byron", "ada.lovelace", gone["email"])
    assert lake.rows("select count(*) from raw.participants where email_key like 'hmac:%' and removed_at is null") == [
        (len(people),)
    ]
    run_sync(api, lake_warehouse(tmp_path), "participants", privacy=DROP)
    assert lake.rows("select count(*) from raw.participants where email is not null") == [(0,)]


def found(lake: LakeReader, *texts: str) -> list[str]:
    """The files that have one of some texts in them, as bytes or as a value."""
    files = [path for path in lake.root.rglob("*") if path.is_file()]
    seen = [str(path) for path in files if any(text.encode() in path.read_bytes() for text in texts)]
    for path in files:
        if path.suffix == ".parquet":
            import pyarrow.parquet as pq

            if any(text in repr(pq.read_table(path).to_pylist()) for text in texts):
                seen.append(str(path))
    return seen


def test_another_writer_is_noticed_and_nothing_of_it_overwritten(
    api: Sandbox, warehouse: Warehouse, lake: LakeReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    run_sync(api, warehouse, *CONTENT)
    overwrite = Lake.overwrite

    def after_another(each: Lake, relation: Any, rows: Any, read: Any) -> None:
        if str(relation) == "raw.halls" and read is not None:
            monkeypatch.setattr(Lake, "overwrite", overwrite)
            read_again = each.open(relation)
            each.overwrite(relation, read_again.to_pyarrow_table().slice(1), read_again)
        overwrite(each, relation, rows, read)

    monkeypatch.setattr(Lake, "overwrite", after_another)
    api.event.content["halls"][0]["name"] = "Renamed"
    with pytest.raises(SyncError, match="another program has written a table meanwhile"):
        run_sync(api, warehouse, *CONTENT)
    assert lake.rows("select count(*) from raw.halls") == [(len(api.event.content["halls"]) - 1,)]
    run_sync(api, lake_warehouse(tmp_path), *CONTENT)
    assert ("Renamed",) in lake.rows("select name from raw.halls")


def test_a_folder_that_cannot_be_made_is_named(api: Sandbox, tmp_path: Path):
    (tmp_path / "lake").write_text("no folder")
    with pytest.raises(WarehouseUnreadableError, match=r"The folder of the warehouse, .*, cannot be made") as told:
        run_sync(api, lake_warehouse(tmp_path), *CONTENT)
    assert "bucket_url" in str(told.value)


def test_a_second_writer_waits_and_is_refused_in_the_end(api: Sandbox, tmp_path: Path, lake: LakeReader):
    lake.root.mkdir()
    with FileLock(lake.root / ".event_assets.lock"), pytest.raises(WarehouseBusyError, match="has been writing"):
        run_sync(api, lake_warehouse(tmp_path, wait_seconds=0.1), *CONTENT)
    assert lake.tables() == []
    run_sync(api, lake_warehouse(tmp_path), *CONTENT)
    assert "raw.lectures" in lake.tables()


def test_tables_are_set_aside_under_names_that_are_free(api: Sandbox, tmp_path: Path, lake: LakeReader):
    for ending in ("", "_2"):
        warehouse = lake_warehouse(tmp_path)
        run_sync(api, warehouse, *CONTENT)
        assert warehouse.engine.is_there()
        moved = warehouse.set_aside()
        assert moved == [f"the folder {lake.root}/sandbox_{name}{ending}" for name in ("raw", "_sync")]
        assert not warehouse.engine.is_there()
        assert f"sandbox_raw{ending}.lectures" in lake.tables()

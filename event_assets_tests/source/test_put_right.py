"""Tables that somebody has changed are put right by the next sync, or it says that it cannot."""

from typing import Any

import duckdb
import pytest

from event_assets.sandbox import Event, Sandbox, generate_event
from event_assets.source.api.resources import resources_by_endpoint
from event_assets.source.errors import SyncError
from event_assets.source.tables.schema import TABLES
from event_assets.warehouse import Warehouse
from event_assets_tests.running import Reader
from event_assets_tests.source.syncing import run_sync

CONTENT = resources_by_endpoint()["content"]


@pytest.fixture
def event() -> Event:
    return generate_event(lectures=0, participants=50, seed=7)


@pytest.mark.parametrize(
    "tampering",
    [
        "delete from raw.participants where id = '500003'",
        "update raw.participants set record_hash = md5('') where id = '500003'",
        "update raw.participants set record_hash = 'no hash' where id = '500003'",
        "update raw.participants set record_hash = null where id = '500003'",
        "update raw.participants set removed_at = now() where id = '500003'",
        "alter table raw.participants drop column position",
        "alter table raw.participants drop column record_hash",
        "alter table raw.participants drop column removed_at",
        "insert into raw.participants from raw.participants where id = '500003'",
        "delete from _sync.checkpoints",
        "drop table _sync.checkpoints",
    ],
)
def test_a_table_that_holds_anything_else_is_put_right(event: Event, warehouse: Warehouse, tampering: str):
    with Sandbox(event) as api:
        before = run_sync(api, warehouse, "participants")["participants"]
        rows = _rows(warehouse, "participants")
        with duckdb.connect(str(warehouse.path)) as connection:
            connection.execute(tampering)
        after = run_sync(api, warehouse, "participants")["participants"]
        assert after.decoded == 50
        assert after.version == before.version
        assert _rows(warehouse, "participants") == rows
        assert run_sync(api, warehouse, "participants")["participants"].loaded == 0


def _rows(warehouse: Warehouse, table: str) -> list[tuple[Any, ...]]:
    columns = [f'"{column.name}"' for column in TABLES[table].all_columns if not column.name.startswith("_dlt")]
    return Reader(warehouse.path).rows(f"select {', '.join(columns)} from raw.{table} order by all")


def test_a_removed_copy_of_a_row_is_put_right_with_the_next_change(event: Event, warehouse: Warehouse):
    with Sandbox(event) as api:
        run_sync(api, warehouse, "participants")
        with duckdb.connect(str(warehouse.path)) as connection:
            connection.execute(
                "insert into raw.participants select * replace (now() as removed_at) from raw.participants"
                " where id = '500003'"
            )
        event.participants[8] = {**event.participants[8], "position": "Promoted"}
        assert run_sync(api, warehouse, "participants")["participants"].loaded == 2, (
            "the changed one, and that of two rows"
        )
    rows = Reader(warehouse.path).rows("select count(*), count(distinct id), count(removed_at) from raw.participants")
    assert rows == [(50, 50, 0)]


def test_a_row_without_a_fingerprint_is_put_right(event: Event, warehouse: Warehouse):
    with Sandbox(event) as api:
        before = run_sync(api, warehouse, "participants")["participants"]
        with duckdb.connect(str(warehouse.path)) as connection:
            connection.execute(
                "insert into raw.participants select * replace (null as record_hash, 'own@example.org' as email_key)"
                " from raw.participants where id = '500003'"
            )
        after = run_sync(api, warehouse, "participants")["participants"]
        assert (after.loaded, after.removed, after.version) == (0, 1, before.version)
        assert run_sync(api, warehouse, "participants")["participants"].removed == 0
    removed = Reader(warehouse.path).rows("select email_key from raw.participants where removed_at is not null")
    assert removed == [("own@example.org",)]


LINKS = ("lectures__speakers", "lectures__tracks")


TAMPERINGS = [
    "delete from raw.lectures__speakers",
    "update raw.lectures__speakers set value = 'another'",
    "update raw.lectures__tracks set value = null where _dlt_list_idx = 0",
    "insert into raw.lectures__speakers from raw.lectures__speakers",
    "insert into raw.lectures__tracks select * replace ('of no row' as _dlt_parent_id) from raw.lectures__tracks",
    "delete from raw.lectures where id = (select min(id) from raw.lectures)",
    "drop table raw.lectures",
    "update raw.rejected set payload = '{}'",
    "update raw.rejected set reason = null",
    "delete from raw.rejected",
    "drop table raw.lectures__speakers",
    "alter table raw.lectures__tracks drop column value",
    "drop table raw.rejected",
    "alter table raw.rejected drop column payload",
]


@pytest.mark.parametrize(
    ("tampering", "changed"),
    [*((each, False) for each in TAMPERINGS), ("drop table raw.lectures__tracks; drop table raw.rejected", True)],
)
def test_lists_and_rejects_are_put_right(warehouse: Warehouse, tampering: str, changed: bool):
    event = generate_event(lectures=20, participants=0, seed=7)
    lectures = event.content["lectures"]
    lectures.append({**lectures[0], "name": "Another lecture of this identifier"})
    with Sandbox(event) as api:
        before = run_sync(api, warehouse, "halls", "lectures")
        held = _lists_and_rejects(warehouse)
        assert all(held)
        with duckdb.connect(str(warehouse.path)) as connection:
            connection.execute(tampering)
        if changed:
            event.content["halls"][0]["name"] = "Another hall"
        after = run_sync(api, warehouse, "halls", "lectures")
        assert _lists_and_rejects(warehouse) == held
        assert after["lectures"].version == before["lectures"].version
        again = run_sync(api, warehouse, "halls", "lectures")
        assert [result.loaded for result in again.values()] == [0, 0]


@pytest.mark.parametrize("dropped", ["halls", "tracks", "lectures", "partners", "participants"])
def test_a_table_that_is_dropped_is_made_again(warehouse: Warehouse, dropped: str):
    with Sandbox(generate_event(lectures=20, participants=20, seed=7)) as api:
        run_sync(api, warehouse, dropped)
        held = _rows(warehouse, dropped)
        assert held
        with duckdb.connect(str(warehouse.path)) as connection:
            connection.execute(f"drop table raw.{dropped}")
        run_sync(api, warehouse, dropped)
    assert _rows(warehouse, dropped) == held


def test_of_lists_only_those_that_are_other_are_written(warehouse: Warehouse):
    event = generate_event(lectures=20, participants=0, seed=7)
    with Sandbox(event) as api:
        run_sync(api, warehouse, "lectures")
        with duckdb.connect(str(warehouse.path)) as connection:
            one = "(select min(_dlt_parent_id) from raw.lectures__speakers)"
            connection.execute(f"delete from raw.lectures__speakers where _dlt_parent_id = {one}")
        assert run_sync(api, warehouse, "lectures")["lectures"].loaded == 1


def _lists_and_rejects(warehouse: Warehouse) -> list[list[tuple[Any, ...]]]:
    reader = Reader(warehouse.path)
    lists = [
        reader.rows(
            f"select lectures.id, links.value, links._dlt_list_idx from raw.{link} as links"
            " left join raw.lectures on lectures._dlt_id = links._dlt_parent_id order by all"
        )
        for link in LINKS
    ]
    return [*lists, reader.rows("select resource, reason, payload from raw.rejected order by all")]


@pytest.mark.parametrize("column", ["capacity", "stream__url"])
def test_a_column_that_is_gone_from_a_table_with_link_tables_is_brought_back(warehouse: Warehouse, column: str):
    event = generate_event(lectures=20, participants=0, seed=7)
    with Sandbox(event) as api:
        run_sync(api, warehouse, "lectures")
        rows, links = _rows(warehouse, "lectures"), Reader(warehouse.path).count("raw.lectures__speakers")
        with duckdb.connect(str(warehouse.path)) as connection:
            connection.execute(f"alter table raw.lectures drop column {column}")
        run_sync(api, warehouse, "lectures")
    assert _rows(warehouse, "lectures") == rows
    assert Reader(warehouse.path).count("raw.lectures__speakers") == links


def test_rows_from_another_program_are_reported(event: Event, warehouse: Warehouse):
    with Sandbox(event) as api:
        run_sync(api, warehouse, "participants")
        with duckdb.connect(str(warehouse.path)) as connection:
            connection.execute(
                "create table apart as from raw.participants limit 1; alter table raw.participants alter email_key drop"
                " not null; update apart set email_key = null; insert into raw.participants from apart"
            )
        event.participants[3] = {**event.participants[3], "position": "Promoted"}
        with pytest.raises(SyncError, match=r"raw\.participants does not match it"):
            run_sync(api, warehouse, "participants")
    assert Reader(warehouse.path).rows("select count(*) from raw.participants where position = 'Promoted'") == [(1,)]


def test_rejects_of_an_answer_with_nothing_to_load_name_no_load(event: Event, warehouse: Warehouse):
    with Sandbox(event) as api:
        run_sync(api, warehouse, "participants")
        event.participants.append(event.participants[0])
        assert run_sync(api, warehouse, "participants")["participants"].rejected == 1
    assert Reader(warehouse.path).rows("select load_id from raw.rejected") == [(None,)]


def test_rejects_that_are_gone_are_brought_back(event: Event, warehouse: Warehouse):
    event.participants.append(event.participants[0])
    with Sandbox(event) as api:
        run_sync(api, warehouse, "participants")
        with duckdb.connect(str(warehouse.path)) as connection:
            connection.execute("delete from raw.rejected")
        run_sync(api, warehouse, "participants")
    assert Reader(warehouse.path).count("raw.rejected") == 1


def test_content_of_which_one_table_holds_anything_else_is_put_right(warehouse: Warehouse):
    event = generate_event(lectures=20, participants=0, seed=7)
    with Sandbox(event) as api:
        before = run_sync(api, warehouse, *CONTENT)
        with duckdb.connect(str(warehouse.path)) as connection:
            connection.execute("update raw.halls set record_hash = md5('')")
        after = run_sync(api, warehouse, *CONTENT)
    assert all(result.decoded == result.received for result in after.values())
    assert after["halls"].loaded == len(event.content["halls"])
    assert {name: result.version for name, result in after.items()} == {
        name: result.version for name, result in before.items()
    }

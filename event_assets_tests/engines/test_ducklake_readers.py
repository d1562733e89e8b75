"""What readers of a DuckLake see: one refresh as a whole, an earlier one by its number, and nothing of persons."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone

import duckdb
import pytest

from event_assets.warehouse import WarehouseError
from event_assets.warehouse.copy_plan import HeldBack, PublishPlan
from event_assets.warehouse.engines.ducklake import purge
from event_assets.warehouse.engines.session import Session
from event_assets.warehouse.relations import Relation
from event_assets_tests.engines.lakes import Lake

ONE, OTHER = Relation("summary", "one"), Relation("summary", "other")


def fill(session: Session, number: int) -> None:
    """Fill two tables that fit each other, one after the other."""
    for relation in (ONE, OTHER):
        session.replace(relation, "table", f"select {number} as n, 'a@example.org' as address, 1 as same")


def test_a_reader_in_a_loop_sees_refreshes_as_a_whole(lake: Lake):
    warehouse, seen, over = lake.warehouse(), [], threading.Event()
    with warehouse.connect() as session:
        fill(session, 0)
    warehouse.publish(PublishPlan())

    def read() -> None:
        connection = lake.published().connect()
        while not over.is_set():
            connection.execute("begin")
            pair = [connection.execute(f"select n from {each}").fetchall() for each in (ONE, OTHER)]
            connection.execute("commit")
            seen.append(tuple(pair))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(1, 4):
            with warehouse.connect() as session:
                fill(session, number)
            warehouse.publish(PublishPlan())
    finally:
        over.set()
        reader.join()
    assert seen
    assert all(one == other and len(one) == 1 for one, other in seen)
    numbers = [one[0][0] for one, _ in seen]
    assert numbers == sorted(numbers)
    assert lake.published().rows("select n from summary.one") == [(3,)]


def test_a_snapshot_can_be_read_until_it_is_a_day_old(file_lake: Lake, monkeypatch: pytest.MonkeyPatch):
    warehouse = file_lake.warehouse()
    numbers = []
    for number in range(2):
        with warehouse.connect() as session:
            fill(session, number)
        numbers.append(int(str(warehouse.publish(PublishPlan()).where).rpartition(" ")[2]))
    first, second = numbers
    assert file_lake.published(first).rows("select n from summary.one") == [(0,)]
    assert file_lake.published(second).rows("select n from summary.one") == [(1,)]
    assert file_lake.published().rows("select count(*) from ducklake_snapshots('lake')") > [(1,)]

    monkeypatch.setattr(purge, "KEPT", timedelta(0))
    warehouse.publish(PublishPlan())
    for name in ("ducklake", "ducklake_published"):
        assert file_lake.reader(name).rows("select count(*) from ducklake_snapshots('lake')") == [(1,)]
        assert file_lake.reader(name).rows("select n from summary.one") == [(1,)]
    with pytest.raises(duckdb.Error, match="No snapshot"):
        file_lake.published(first).rows("select n from summary.one")


def test_what_has_not_changed_is_not_written_again(file_lake: Lake):
    warehouse = file_lake.warehouse()
    with warehouse.connect() as session:
        fill(session, 0)
    one = warehouse.publish(PublishPlan()).where
    with warehouse.connect() as session:
        fill(session, 0)
    assert warehouse.publish(PublishPlan()).where == one


def test_tables_and_columns_have_comments_that_are_written_once(file_lake: Lake):
    plan = PublishPlan(comments={ONE: {"": "One row.", "n": "It's 100 %.", "gone": "Not there."}})
    where, warehouse, comments = (
        None,
        file_lake.warehouse(),
        "select comment from {} where comment is not null and {} = 'one'",
    )
    for number in range(2):
        with warehouse.connect() as session:
            fill(session, number)
        where = warehouse.publish(plan).where
        assert warehouse.publish(plan).where == where
        reader = file_lake.published()
        assert reader.rows(comments.format("duckdb_tables()", "table_name")) == [("One row.",)]
        assert reader.rows(comments.format("duckdb_columns()", "table_name")) == [("It's 100 %.",)]
    other = PublishPlan(comments={ONE: {"n": "Another meaning."}})
    assert warehouse.publish(other).where != where
    assert file_lake.published().rows(comments.format("duckdb_columns()", "table_name")) == [("Another meaning.",)]


def test_left_out_columns_are_in_no_file_and_held_back_tables_stay(file_lake: Lake):
    warehouse = file_lake.warehouse()
    columns = {"n": '"n"', "same": '"same"'}
    plan = PublishPlan({ONE: columns, OTHER: columns}, {ONE: {"address": "Personal data."}})
    with warehouse.connect() as session:
        fill(session, 0)
    warehouse.publish(plan)
    with warehouse.connect() as session:
        fill(session, 1)
    since = datetime(2026, 3, 1, tzinfo=timezone.utc)
    published = warehouse.publish(
        PublishPlan(plan.columns, plan.left_out, held_back={OTHER: HeldBack("A check fails.", since)})
    )
    assert [(note.relation, note.why) for note in published.held_back] == [(OTHER, "A check fails.")]
    reader = file_lake.published()
    assert reader.rows("select n from summary.one") == [(1,)]
    assert reader.rows("select n from summary.other") == [(0,)]
    assert reader.columns("summary.one") == ["n", "same"]
    notes = reader.rows("select relation, column_name, status, since from main.about_this_copy order by all")
    assert ("summary.one", "address", "left out", None) in notes
    assert ("summary.other", None, "held back", since) in notes
    # Nor in the files that readers are let into, nor in what the catalogue says of their columns.
    files = (file_lake.folder / "files" / "ducklake_published").rglob("*.parquet")
    rows = "".join(str(duckdb.read_parquet(str(file)).fetchall()) for file in files)
    assert "a@example.org" not in rows
    for statistics in ("ducklake_table_column_stats", "ducklake_file_column_stats"):
        assert "a@example.org" not in str(reader.rows(f"from __ducklake_metadata_lake.{statistics}"))

    warehouse.publish(PublishPlan({ONE: columns}))
    assert reader.rows("select table_name from duckdb_tables() where database_name = 'lake' order by 1") == [
        ("about_this_copy",), ("one",),
    ]  # fmt: skip


def test_a_lake_is_not_set_aside(file_lake: Lake):
    with pytest.raises(WarehouseError, match="Set `ducklake_name`"):
        file_lake.warehouse().set_aside()

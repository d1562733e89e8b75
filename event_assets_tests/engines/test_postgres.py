"""A warehouse on PostgreSQL: tables are replaced beside readers and under their views, and one process writes."""

import multiprocessing
import signal
from pathlib import Path

import psycopg2
import pytest
from dlt.destinations.exceptions import DatabaseException

from event_assets.sandbox import Sandbox
from event_assets.warehouse import Warehouse, WarehouseBusyError, WarehouseError, WarehouseUnreadableError
from event_assets.warehouse.copy_plan import PublishPlan
from event_assets.warehouse.relations import Relation, RelationKind
from event_assets_tests.engines.servers import PostgresServer
from event_assets_tests.source.syncing import run_sync
from event_assets_tests.warehouses import PostgresReader, postgres_warehouse

AGENDA, TIDY = Relation("summary", "agenda"), Relation("staging", "tidy")
VIEWS: list[tuple[RelationKind, RelationKind]] = [
    ("view", "table"), ("table", "view"), ("table", "table"), ("view", "view")
]  # fmt: skip
VIEW_OF_A_USER = "create schema mine; create view mine.titles as select title from summary.agenda"


def test_a_relation_is_replaced_or_stays(warehouse: Warehouse, reader: PostgresReader):
    with warehouse.connect() as session:
        session.replace(AGENDA, "table", "select 1 as a, '100 %' as b")
        assert reader.rows("select a, b from summary.agenda") == [(1, "100 %")]
        session.replace(AGENDA, "table", "select 2 as a, 'x' as b union all select 3, 'y'")
        with pytest.raises(DatabaseException):
            session.replace(AGENDA, "table", "select 1 / (n - 1) as a, 'x' as b from generate_series(1, 2) as n")
        assert reader.rows("select a, b from summary.agenda order by all") == [(2, "x"), (3, "y")]
        assert session.row_count(AGENDA) == 2


@pytest.mark.parametrize(
    ("before", "after"), [("view", "table"), ("table", "view"), ("table", "table"), ("view", "view")]
)
@pytest.mark.parametrize("select", ["select 2 as a", "select 2 as a, 3 as b", "select 'x' as a", "select 4 as b"])
def test_a_relation_may_become_another_kind_and_have_other_columns(
    warehouse: Warehouse, reader: PostgresReader, before: RelationKind, after: RelationKind, select: str
):
    with warehouse.connect() as session:
        session.replace(AGENDA, before, "select 1 as a")
        with pytest.raises(DatabaseException):
            session.replace(AGENDA, after, "select b as a")
        assert reader.rows("select * from summary.agenda") == [(1,)]
        session.replace(AGENDA, after, select)
        assert reader.rows("select * from summary.agenda") == reader.rows(select)
        assert session.columns(AGENDA) == session.describe(select)


def test_views_of_users_survive_and_show_the_new_rows(warehouse: Warehouse, reader: PostgresReader):
    with warehouse.connect() as session:
        session.replace(AGENDA, "table", "select 'old' as title, 1 as minutes")
        session.execute_sql(VIEW_OF_A_USER)
        for select in ("select 'new' as title, 1 as minutes", "select 'more' as title, 1 as minutes, 'x' as hall"):
            session.replace(AGENDA, "table", select)
            assert reader.rows("select * from mine.titles") == reader.rows(f"select title from ({select}) as made")
        session.replace(AGENDA, "table", "select 'other type' as title, 1.5 as minutes")
        assert reader.rows("select * from mine.titles") == [("other type",)]


def test_a_view_of_another_user_is_never_dropped(
    warehouse: Warehouse, postgres: PostgresServer, reader: PostgresReader
):
    database = reader.url.rpartition("/")[2]
    with warehouse.connect() as session:
        session.replace(AGENDA, "table", "select 'old' as title, 1 as minutes")
        postgres.execute(f"drop role if exists somebody; create role somebody; {VIEW_OF_A_USER}", database)
        postgres.execute("alter view mine.titles owner to somebody", database)
        postgres.execute("grant usage on schema summary to somebody", database)
        postgres.execute("grant select on summary.agenda to somebody", database)
        with pytest.raises(WarehouseError, match=r"summary\.agenda has to be rebuilt.*mine\.titles\. Drop them"):
            session.replace(AGENDA, "table", "select 'new' as title, 'one' as minutes")
    assert reader.rows("select * from mine.titles") == [("old",)]
    postgres.execute("drop owned by somebody; drop role somebody", database)


def test_appending_adds_rows_and_new_columns(warehouse: Warehouse, reader: PostgresReader):
    seen = Relation("history", "seen")
    with warehouse.connect() as session:
        session.append(seen, "select 0 as id from history.seen", "select 1 as id")
        session.append(seen, "select id + 1 as id from history.seen", "select 1 as id")
        session.append(seen, "select 'new' as name, max(id) + 1 as id from history.seen", "select 'x' as name, 1 as id")
    assert reader.rows("select id, name from history.seen order by id") == [(1, None), (2, None), (3, "new")]


def test_the_copy_for_readers_changes_as_a_whole(warehouse: Warehouse, reader: PostgresReader):
    """A reader with an open transaction sees the old rows of all tables, and their views stay."""
    with warehouse.connect() as session:
        for number in (1, 2):
            session.replace(AGENDA, "table", f"select {number} as number")
            session.replace(TIDY, "view", "select number from summary.agenda")
            if number == 1:
                warehouse.publish(PublishPlan())
                session.execute_sql("create schema mine; create view mine.n as select * from published_summary.agenda")
        connection = psycopg2.connect(reader.url)
        with connection, connection.cursor() as cursor:
            cursor.execute("set transaction isolation level repeatable read; select * from published_summary.agenda")
            warehouse.publish(PublishPlan())
            cursor.execute("select agenda.number, tidy.number from published_summary.agenda, published_staging.tidy")
            assert cursor.fetchall() == [(1, 1)]
        connection.close()
    both = "select agenda.number, tidy.number as other from published_summary.agenda, published_staging.tidy"
    assert reader.rows(both) == [(2, 2)]
    assert reader.rows("select * from mine.n") == [(2,)]


def test_an_undeclared_field_may_have_a_longer_name_than_a_column(
    warehouse: Warehouse, reader: PostgresReader, api: Sandbox
):
    name = "a_field_" + "x" * 100
    for value in ("one", "other"):
        api.event.content["halls"][0][name] = value
        run_sync(api, warehouse, "halls", "days")
        [column] = [each for each in reader.columns("raw.halls") if each.startswith("a_field_")]
        assert reader.rows(f"select {column} from raw.halls where {column} is not null") == [(value,)]
        assert len(column) <= 63
    assert run_sync(api, warehouse, "halls", "days")["halls"].loaded == 0


def test_a_sync_makes_no_index(warehouse: Warehouse, reader: PostgresReader, api: Sandbox):
    """That dlt makes of the identifiers of every table, which takes longer to write than all that it is read for."""
    run_sync(api, warehouse, "lectures", "halls")
    assert reader.rows("select count(*) from raw.lectures__speakers")[0][0]
    assert reader.rows("select indexname from pg_indexes where schemaname in ('raw', '_dlt_merge_raw')") == []


def test_tables_and_columns_of_the_copy_have_comments_that_are_written_once(
    warehouse: Warehouse, reader: PostgresReader
):
    plan = PublishPlan(comments={AGENDA: {"": "One row per entry.", "number": "It's 100 %.", "gone": "Not there."}})
    comments = "select objsubid as place, description as what, xmin::text as written from pg_description"
    seen = []
    for number in range(2):
        with warehouse.connect() as session:
            session.replace(AGENDA, "table", f"select 'x' as name, {number} as number")
        warehouse.publish(plan)
        with psycopg2.connect(reader.url) as connection, connection.cursor() as cursor:
            cursor.execute(f"{comments} where objoid = 'published_summary.agenda'::regclass order by 1")
            seen.append(cursor.fetchall())
        connection.close()
    assert [row[:2] for row in seen[0]] == [(0, "One row per entry."), (2, "It's 100 %.")]
    assert seen[1] == seen[0]
    assert reader.rows("select number from published_summary.agenda") == [(1,)]


def test_what_cannot_be_read_is_held_back_in_the_copy(warehouse: Warehouse, reader: PostgresReader):
    with warehouse.connect() as session:
        session.replace(AGENDA, "table", "select 1 as number")
        session.replace(TIDY, "view", "select 1 / number as number from summary.agenda")
        warehouse.publish(PublishPlan())
        session.execute_sql("update summary.agenda set number = 0")
        published = warehouse.publish(PublishPlan())
        assert [(str(note.relation), note.status) for note in published.notes] == [("staging.tidy", "held back")]
        assert reader.rows("select * from published_staging.tidy") == [(1,)]
        assert reader.rows("select * from published_summary.agenda") == [(0,)]
        session.execute_sql("update summary.agenda set number = 1")
        assert warehouse.publish(PublishPlan()).notes == ()
        session.execute_sql("drop view staging.tidy")
        warehouse.publish(PublishPlan())
    assert "published_staging.tidy" not in reader.tables()


def test_a_second_writer_is_refused_and_another_endpoint_is_not(warehouse: Warehouse, url: str, tmp_path: Path):
    other = postgres_warehouse(url, tmp_path / "another machine", wait_seconds=0.3)
    with warehouse.syncing("content"), other.syncing("partners"):
        with pytest.raises(WarehouseBusyError, match=r"Another run has been syncing /content .* Nothing was changed"):
            other.syncing("content").__enter__()
        refused = pytest.raises(WarehouseBusyError, match="Another run has been writing the PostgreSQL database")
        with warehouse.writing(), warehouse.writing(), refused:
            other.writing().__enter__()
        with other.writing():
            pass


def _hold_the_lock(url: str, folder: Path, ready: object) -> None:
    with postgres_warehouse(url, folder).writing():
        ready.set()  # type: ignore[attr-defined]
        signal.pause()


def test_a_killed_writer_is_no_writer_any_more(warehouse: Warehouse, url: str, tmp_path: Path):
    processes = multiprocessing.get_context("fork")
    ready = processes.Event()
    process = processes.Process(target=_hold_the_lock, args=(url, tmp_path, ready))
    process.start()
    try:
        assert ready.wait(30)
        with pytest.raises(WarehouseBusyError):
            warehouse.writing().__enter__()
    finally:
        process.kill()
        process.join()
    warehouse.wait_seconds = 10
    with warehouse.writing():
        pass


def test_who_has_lost_the_lock_commits_nothing(warehouse: Warehouse, postgres: PostgresServer, reader: PostgresReader):
    database = reader.url.rpartition("/")[2]
    with warehouse.connect() as session:
        session.replace(AGENDA, "table", "select 1 as a")
        kill = "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'"
        assert postgres.execute(kill, database) == [(True,)]
        with pytest.raises(WarehouseUnreadableError, match=r"holds the write lock was lost.* is undone"):
            session.replace(AGENDA, "table", "select 2 as a")
    assert reader.rows("select a from summary.agenda") == [(1,)]
    with warehouse.connect() as session:
        session.replace(AGENDA, "table", "select 3 as a")


def test_an_erasure_leaves_nothing_in_the_files(warehouse: Warehouse, postgres: PostgresServer, reader: PostgresReader):
    database, secret = reader.url.rpartition("/")[2], b"zzerasedx"
    number = postgres.execute(f"select oid from pg_database where datname = '{database}'")[0][0]

    def is_in_files() -> bool:
        postgres.execute("checkpoint")
        files = (postgres.folder / "data" / "base" / str(number)).iterdir()
        return any(secret in path.read_bytes() for path in files if path.name[0].isdigit())

    with warehouse.connect() as session:
        session.replace(AGENDA, "table", f"select '{secret.decode()}' as name, n from generate_series(1, 50) as n")
        assert is_in_files()
        with session.begin_transaction():
            session.execute_sql("update summary.agenda set name = null")
            session.request_rewrite()
        assert is_in_files()
    warehouse.rewrite_if_erased()
    assert not is_in_files()
    with warehouse.connect() as session:
        assert not session.is_rewrite_due()
        session.replace(AGENDA, "table", "select null as name, 1 as n")
        assert session.is_rewrite_due()
    warehouse.rewrite_if_erased()
    assert "_sync.rewrite_requested" not in reader.tables()

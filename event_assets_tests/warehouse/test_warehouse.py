"""One writer at a time, and relations that are replaced whole."""

import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dlt
import duckdb
import pytest
from dlt.destinations.exceptions import DatabaseException

from event_assets.warehouse import Warehouse, WarehouseBusyError, WarehouseUnreadableError
from event_assets.warehouse.relations import Relation, RelationKind
from event_assets_tests.warehouses import file_warehouse

AGENDA = Relation("summary", "agenda")


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return file_warehouse(tmp_path / "warehouse.duckdb", wait_seconds=0.2)


@contextmanager
def other_process(program: str, path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that runs the program up to its `wait()`, and on when its input ends."""
    prelude = "import sys; from pathlib import Path; path = Path(sys.argv[1])\n"
    wait = "def wait(): print('ready', flush=True); sys.stdin.read()\n"
    command = [sys.executable, "-c", prelude + wait + program, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        try:
            yield process
        finally:
            process.stdin.close()


WRITES = """
from event_assets_tests.warehouses import file_warehouse
with file_warehouse(path).writing():
    wait()
"""
HAS_IT_OPEN = """
import duckdb
with duckdb.connect(str(path)):
    wait()
"""


@contextmanager
def when_it_is_told(do: Callable[[], object]) -> Iterator[None]:
    """Do something as soon as a writer warns that it waits."""

    class Doing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            do()

    handler, logger = Doing(), logging.getLogger("event_assets.warehouse")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def test_a_second_writer_waits_and_then_says_so(warehouse: Warehouse, caplog: pytest.LogCaptureFixture):
    busy = pytest.raises(WarehouseBusyError, match=r"Another run has been writing .* Nothing was changed\.")
    with other_process(WRITES, warehouse.path), busy, warehouse.connect():
        pass
    assert caplog.messages == [f"{warehouse.path} is being written by another run: waiting up to 0 s."]


@pytest.mark.parametrize(
    ("program", "logged"),
    [
        (WRITES, "{path} is being written by another run: waiting up to 600 s."),
        (HAS_IT_OPEN, "Another program has {path} open: waiting up to 600 s."),
    ],
    ids=["another run", "another program"],
)
def test_a_second_writer_says_that_it_waits_and_goes_on_when_the_first_has_ended(
    warehouse: Warehouse, caplog: pytest.LogCaptureFixture, program: str, logged: str
):
    with other_process(program, warehouse.path) as process:
        assert process.stdin
        with when_it_is_told(process.stdin.close), file_warehouse(warehouse.path).connect() as client:
            assert client.execute_sql("select 1") == [(1,)]
    assert caplog.messages == [logged.format(path=warehouse.path)]


def test_a_killed_writer_is_no_writer_any_more(warehouse: Warehouse):
    with other_process(WRITES, warehouse.path) as process:
        process.kill()
        process.wait(30)
        with warehouse.connect() as client:
            assert client.execute_sql("select 1") == [(1,)]


def test_writing_can_be_nested(warehouse: Warehouse):
    with warehouse.writing(), warehouse.connect() as client, warehouse.writing():
        assert client.execute_sql("select 1") == [(1,)]


def test_another_program_that_has_the_file_open_is_reported(warehouse: Warehouse):
    busy = pytest.raises(WarehouseBusyError, match=r"Another program has .* open")
    with other_process(HAS_IT_OPEN, warehouse.path), busy, warehouse.connect():
        pass


def test_windows_words_for_a_file_that_is_open_elsewhere(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object, **__: object) -> None:
        raise duckdb.IOException(
            f'IO Error: Cannot open file "{warehouse.path}": The process cannot access the file because it is being '
            "used by another process."
        )

    monkeypatch.setattr(duckdb, "connect", fail)
    with pytest.raises(WarehouseBusyError, match=r"Another program has .* open"), warehouse.connect():
        pass


def _damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:12288] = b"x" * 8192  # both of the places where DuckDB begins to read
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_damage, "Corrupt database file: computed checksum"),
        (lambda path: path.write_bytes(b"no database"), "it is not a valid DuckDB database file"),
        (lambda path: (path.unlink(), path.mkdir()), "Is a directory"),
    ],
)
def test_a_file_that_cannot_be_opened_is_reported_and_not_waited_for(
    warehouse: Warehouse, caplog: pytest.LogCaptureFixture, spoil: Callable[[Path], object], reason: str
):
    with duckdb.connect(str(warehouse.path)) as other:
        other.execute("create table numbers as from range(1000)")
    spoil(warehouse.path)
    logged = f"DuckDB cannot open the warehouse .*{reason}.* restore a backup.* Nothing was changed"
    with pytest.raises(WarehouseUnreadableError, match=logged), warehouse.connect():
        pass
    assert not caplog.records


def test_the_working_folder_is_empty_at_the_beginning_and_gone_at_the_end(warehouse: Warehouse):
    with warehouse.syncing("content") as folder:
        (folder / "left over").write_text("half a load")
    assert not folder.exists()
    folder.mkdir()
    (folder / "of a killed run").write_text("half a load")
    with warehouse.syncing("content") as folder:
        assert list(folder.iterdir()) == []


def test_a_relation_is_replaced_or_stays(warehouse: Warehouse):
    with warehouse.connect() as client:
        client.replace(AGENDA, "table", "select 1 as a, 'x' as b")
        assert client.row_count(AGENDA) == 1
        client.replace(AGENDA, "table", "select 1 as a union all select 2 as a")
        assert [column.name for column in client.columns(AGENDA)] == ["a"]
        with pytest.raises(Exception, match="broken"):
            client.replace(AGENDA, "table", "select error('broken') as a")
        assert client.row_count(AGENDA) == 2


@pytest.mark.parametrize(("before", "after"), [("view", "table"), ("table", "view"), ("table", "table")])
def test_a_relation_may_become_another_kind(warehouse: Warehouse, before: RelationKind, after: RelationKind):
    with warehouse.connect() as client:
        client.replace(AGENDA, before, "select 1 as a")
        with pytest.raises(DatabaseException):
            client.replace(AGENDA, after, "select b as a")
        assert client.execute_sql("from summary.agenda") == [(1,)]
        client.replace(AGENDA, after, "select 2 as a")
        assert client.execute_sql("from summary.agenda") == [(2,)]


def test_columns_come_in_order_with_their_types(warehouse: Warehouse):
    with warehouse.connect() as client:
        client.replace(AGENDA, "view", "select 1.5::double as minutes, current_date as day, 'x' as title")
        found = [(column.name, column.data_type) for column in client.columns(AGENDA)]
    assert found == [("minutes", "DOUBLE"), ("day", "DATE"), ("title", "VARCHAR")]


def test_names_are_quoted_for_sql_and_plain_for_people():
    assert Relation("raw", "order").sql() == '"raw"."order"'
    assert str(Relation("raw", "order")) == "raw.order"


def test_appending_adds_rows_and_new_columns_and_touches_nothing_else(tmp_path: Path):
    relation = Relation("history", "seen")
    with file_warehouse(tmp_path / "warehouse.duckdb").connect() as client:
        client.append(relation, "select 0 as id from history.seen", "select 1 as id")
        client.append(relation, "select id + 1 as id from history.seen", "select 1 as id")
        client.append(
            relation, "select 'new' as name, max(id) + 1 as id from history.seen", "select 'x' as name, 1 as id"
        )
        assert client.execute_sql("select id, name from history.seen order by id") == [
            (1, None),
            (2, None),
            (3, "new"),
        ]


def test_a_failing_append_leaves_the_table_as_it_was(tmp_path: Path):
    relation = Relation("history", "seen")
    with file_warehouse(tmp_path / "warehouse.duckdb").connect() as client:
        client.append(relation, "select 1 as id", "select 1 as id")
        with pytest.raises(DatabaseException, match="broken"):
            client.append(relation, "select error('broken') as id, 2 as more", "select 1 as id, 2 as more")
        assert client.execute_sql("from history.seen") == [(1,)]
        assert [column.name for column in client.columns(relation)] == ["id"]


def test_duckdb_takes_no_more_memory_than_it_may(tmp_path: Path):
    limit = "select current_setting('memory_limit')"
    with file_warehouse(tmp_path / "warehouse.duckdb", memory_limit="300MB").connect() as client:
        assert client.execute_sql(limit) == [("286.1 MiB",)]
    with file_warehouse(tmp_path / "warehouse.duckdb").connect() as client:
        assert client.execute_sql(limit) != [("286.1 MiB",)]


def test_the_destination_is_what_dlt_takes_a_duckdb_for(warehouse: Warehouse):
    ours = warehouse.destination()
    own = dlt.destinations.duckdb(str(warehouse.path), staging_dataset_name_layout="_dlt_merge_%s")
    assert (ours.destination_name, ours.destination_type) == (own.destination_name, own.destination_type)
    for _ in range(2):
        assert dict(ours.capabilities()) == dict(own.capabilities())

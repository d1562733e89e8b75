"""What a PostgreSQL server can do to a sync: it is reported, nothing is half-written, and the next sync mends it."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dlt
import pytest

from event_assets.sandbox import Sandbox
from event_assets.source.errors import SyncError
from event_assets.source.load import apply
from event_assets.warehouse import Warehouse, WarehouseUnreadableError
from event_assets_tests.engines.servers import PASSWORD, PostgresServer
from event_assets_tests.ports import free_port
from event_assets_tests.source.syncing import run_sync
from event_assets_tests.warehouses import PostgresReader, postgres_warehouse

VERSIONS = "select resource, version from _sync.checkpoints order by all"


@contextmanager
def after(function: Callable[..., Any], owner: Any, do: Callable[[], object]) -> Iterator[None]:
    """Do something each time a function has ended."""

    def call(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        do()
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, function.__name__, call)
        yield


@pytest.fixture
def loaded(api: Sandbox, warehouse: Warehouse, caplog: pytest.LogCaptureFixture) -> Iterator[Sandbox]:
    """An event that is loaded, and has changed. What is logged never has the password in it, or a person."""
    run_sync(api, warehouse, "participants")
    api.event.participants[0] = {**api.event.participants[0], "position": "Promoted"}
    del api.event.participants[-1]
    with caplog.at_level(logging.INFO):
        yield api
    assert PASSWORD not in caplog.text
    assert "@example" not in caplog.text


def contents(reader: PostgresReader) -> list[tuple[Any, ...]]:
    return reader.rows("select id, position, record_hash, removed_at is not null from raw.participants order by all")


def test_a_wrong_password_is_reported_without_it(url: str, tmp_path: Path):
    wrong = postgres_warehouse(url.replace("password%20of", "a%20secret%20of"), tmp_path)
    with pytest.raises(WarehouseUnreadableError) as refused, wrong.connect():
        pass
    assert "it does not accept the user or the password. Nothing was changed. Correct" in str(refused.value)
    assert "secret of" not in str(refused.value)


def test_a_server_that_is_down_is_reported(api: Sandbox, tmp_path: Path):
    gone = postgres_warehouse(f"postgresql://a:b@127.0.0.1:{free_port()}/events", tmp_path)
    said = r"^The warehouse, the PostgreSQL database events on .*, cannot be reached: the connection was lost\. Nothing"
    with pytest.raises(WarehouseUnreadableError, match=said):
        run_sync(api, gone, "participants")
    assert not api.requests


def test_a_database_that_is_not_there_is_reported(postgres: PostgresServer, tmp_path: Path):
    elsewhere = postgres_warehouse(postgres.url("nowhere"), tmp_path)
    with pytest.raises(WarehouseUnreadableError, match="it has no such database"), elsewhere.connect():
        pass


def test_a_missing_privilege_is_reported_and_nothing_is_written(
    api: Sandbox, url: str, postgres: PostgresServer, reader: PostgresReader, tmp_path: Path
):
    database = url.rpartition("/")[2]
    postgres.execute(f"drop role if exists weak; create role weak login password '{PASSWORD}'")
    weak = postgres_warehouse(postgres.url(database, user="weak"), tmp_path)
    with pytest.raises(SyncError, match=r"the user may not do that\)?\. Grant the user .*run again"):
        run_sync(api, weak, "participants")
    assert reader.tables() == []
    postgres.execute(f"grant create on database {database} to weak")
    assert run_sync(api, weak, "participants")["participants"].loaded == 50
    postgres.execute("drop owned by weak cascade", database)
    postgres.execute(f"revoke all on database {database} from weak")
    postgres.execute("drop role weak")


def _end_connections(postgres: PostgresServer, reader: PostgresReader) -> Callable[[], object]:
    end = "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{}' and pid <> pg_backend_pid()"
    return lambda: postgres.execute(end.format(reader.url.rpartition("/")[2]))


@pytest.mark.parametrize(
    ("owner", "function"),
    [(dlt.Pipeline, "sync_schema"), (dlt.Pipeline, "load"), (apply, "_mark_removed"), (apply, "write_checkpoint")],
    ids=["after the tables are made", "after the rows are merged", "after the removals", "before the commit"],
)
def test_a_connection_that_is_lost_changes_nothing_by_half(
    loaded: Sandbox, warehouse: Warehouse, postgres: PostgresServer, reader: PostgresReader, owner: Any, function: str
):
    before = contents(reader)
    end = _end_connections(postgres, reader)
    lost = pytest.raises((SyncError, WarehouseUnreadableError), match=r"(connection|lost).*run again")
    with after(getattr(owner, function), owner, end), lost, warehouse.kept_open():
        run_sync(loaded, warehouse, "participants")
    half = contents(reader)
    assert all(row in before or row[1] == "Promoted" for row in half)
    assert not any(removed for *_, removed in half)

    result = run_sync(loaded, warehouse, "participants")["participants"]
    assert result.removed == 1
    live = [row for row in contents(reader) if not row[3]]
    assert len(live) == 49
    assert ("Promoted" in {position for _, position, _, _ in live}) is True
    assert reader.rows(VERSIONS) == [("participants", result.version)]
    assert run_sync(loaded, warehouse, "participants")["participants"].loaded == 0


def test_a_server_that_stops_in_the_load_is_reported(
    loaded: Sandbox, warehouse: Warehouse, postgres: PostgresServer, reader: PostgresReader
):
    before = contents(reader)
    said = pytest.raises((SyncError, WarehouseUnreadableError), match=r"(connection|shutting down|reached).*run again")
    with after(dlt.Pipeline.sync_schema, dlt.Pipeline, postgres.stop), said:
        run_sync(loaded, warehouse, "participants")
    postgres.start()
    assert contents(reader) == before
    assert run_sync(loaded, warehouse, "participants")["participants"].removed == 1


def test_a_disk_that_is_full_is_reported(
    loaded: Sandbox, warehouse: Warehouse, postgres: PostgresServer, reader: PostgresReader
):
    """No disk is filled: the server raises what it raises then, from a trigger on the table that is written."""
    before = contents(reader)
    database = reader.url.rpartition("/")[2]
    full = "begin raise exception 'could not extend file of ada@example.org' using errcode = '53100'; end"
    postgres.execute(f"create function public.full() returns trigger language plpgsql as $$ {full} $$", database)
    trigger = "create trigger full_disk before update or insert on raw.participants execute function public.full()"
    postgres.execute(trigger, database)
    with pytest.raises(SyncError, match=r"its disk is full\)?\. Free disk space on the server.*Each table") as raised:
        run_sync(loaded, warehouse, "participants")
    assert "@" not in str(raised.value)
    assert contents(reader) == before
    postgres.execute("drop function public.full() cascade", database)
    assert run_sync(loaded, warehouse, "participants")["participants"].removed == 1

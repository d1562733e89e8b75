"""A warehouse on a PostgreSQL server is dumped in one snapshot, and the dump is restored."""

import os
import subprocess
from pathlib import Path

import pytest

from event_assets.warehouse import Warehouse, WarehouseUnreadableError
from event_assets_tests.engines.servers import PASSWORD, PostgresServer
from event_assets_tests.warehouses import PostgresReader


def test_a_dump_can_be_restored_in_another_database(
    warehouse: Warehouse,
    reader: PostgresReader,
    postgres: PostgresServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("PATH", f"{postgres.binaries}{os.pathsep}{os.environ['PATH']}")
    with warehouse.connect() as session:
        session.execute_sql("create schema raw")
        session.execute_sql("create table raw.halls as select generate_series(1, 7) as id")
        session.execute_sql("insert into raw.halls values (8)")
    file = warehouse.engine.back_up(tmp_path, 1) or tmp_path
    assert file == tmp_path / "warehouse.dump"
    with postgres.database() as name:
        to = postgres.url(name)
        subprocess.run([postgres.binaries / "pg_restore", "--no-owner", f"--dbname={to}", file], check=True)
        assert PostgresReader(to).rows("select id from raw.halls order by id") == [(number,) for number in range(1, 9)]


def test_a_dump_that_fails_says_so_without_the_password(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    program = tmp_path / "pg_dump"
    program.write_text(f"#!/bin/sh\necho 'password {PASSWORD}' >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WarehouseUnreadableError, match=r"could not dump .* \(status 3\)") as failure:
        warehouse.engine.back_up(tmp_path, 1)
    assert PASSWORD not in str(failure.value)
    program.unlink()
    with pytest.raises(WarehouseUnreadableError, match="install PostgreSQL's client programs"):
        warehouse.engine.back_up(tmp_path, 1)

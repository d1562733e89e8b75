"""Rewrites the warehouse file after an erasure, because a DuckDB file keeps remains of deleted rows.

Free blocks and the statistics of columns hold such remains. Models that were built before the erasure are marked, and
the file is written anew once more when they have been rebuilt.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from dlt.destinations.exceptions import DatabaseException
from dlt.destinations.sql_client import SqlClientBase

REQUESTED = '"_sync"."rewrite_requested"'
"""The table that says that the file is to be written anew. Its number is that of the models not rebuilt by then."""

_BEFORE_ERASURE = "Built before personal data was erased."
_MARKED = f"select count(*) from duckdb_tables() where comment = '{_BEFORE_ERASURE}'"  # noqa: S608

logger = logging.getLogger(__name__)


def request_rewrite(client: SqlClientBase[Any]) -> None:
    """Request a rewrite of the file when its connection is closed.

    Args:
        client: A connection, in the transaction of the erasure.
    """
    client.execute_sql('create schema if not exists "_sync"')
    client.execute_sql(f"create or replace table {REQUESTED} as select null::bigint as models")
    models = "select schema_name, table_name from duckdb_tables() where schema_name in ('staging', 'summary')"
    for schema, table in client.execute_sql(models) or []:
        client.execute_sql(f'comment on table "{schema}"."{table}" is \'{_BEFORE_ERASURE}\'')


def is_due(client: SqlClientBase[Any]) -> bool:
    """Return whether a rewrite is due: after an erasure, and after the models were rebuilt since.

    Args:
        client: A connection.
    """
    requested = "select 1 from duckdb_tables() where schema_name = '_sync' and table_name = 'rewrite_requested'"
    try:
        if not client.execute_sql(requested):
            return False
        rows = client.execute_sql(f"select models, ({_MARKED}) from {REQUESTED}")  # noqa: S608
    except DatabaseException:  # a connection that has failed: the request stays, and the next run sees it
        return False
    return any(models is None or marked < models for models, marked in rows or [])


def rewrite(path: Path, memory_limit: str | None = None) -> bool:
    """Replace the warehouse with a file of the same tables and views, atomically.

    Where that fails, the warehouse stays as it is, and a warning says so: the next run tries again.

    Args:
        path: The warehouse. No process may have it open, nor open it meanwhile.
        memory_limit: How much memory DuckDB may take.

    Returns:
        Whether it is done.
    """
    import duckdb  # here: to load the definitions takes no DuckDB

    path = path.resolve()  # of a link, the file that it leads to
    new = path.with_name(f".{path.name}.rewritten")
    try:
        _remove(new)
        _copy(path, new, memory_limit)
        os.chmod(new, path.stat().st_mode & 0o7777)
        _sync_to_disk(new)
        new.replace(path)
        _sync_to_disk(path.parent)
    except (duckdb.Error, OSError) as error:
        with suppress(OSError):
            _remove(new)
        logger.warning(
            "Personal data was erased from the tables of %s, but the file may still contain remains: it could not be "
            "rewritten (%s). Free disk space for a second file of its size. The next run tries again.",
            path,
            type(error).__name__,
        )
        return False
    return True


def _copy(path: Path, new: Path, memory_limit: str | None) -> None:
    import duckdb

    with duckdb.connect() as connection:
        if memory_limit:
            connection.execute(f"set memory_limit = '{memory_limit}'")
        connection.execute(f"attach {_literal(path)} as old")
        connection.execute("force checkpoint old")
        connection.execute(f"attach {_literal(new)} as new")
        connection.execute("copy from database old to new")
        # Of the copy alone: the connection knows the tables of both.
        connection.execute("detach old")
        connection.execute("use new")
        connection.execute(f"update {REQUESTED} set models = ({_MARKED})")  # noqa: S608
        if connection.sql(f"select models from {REQUESTED}").fetchall() == [(0,)]:  # noqa: S608
            connection.execute(f"drop table {REQUESTED}")
        connection.execute("force checkpoint new")
    leftover = path.with_name(f"{path.name}.wal")
    if leftover.exists():
        raise OSError(f"{leftover} is still there")


def _literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _remove(file: Path) -> None:
    for each in (file, file.with_name(f"{file.name}.wal")):
        each.unlink(missing_ok=True)


def _sync_to_disk(path: Path) -> None:
    """Flush a file or folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

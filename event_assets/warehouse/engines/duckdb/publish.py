"""Publishes a copy of the DuckDB file: another file for readers, who never block a writer.

What it holds is said by a plan (``copy_plan``). How it is filled is in ``copy_content``, and how the file takes its
place in ``copy_file``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import duckdb
from dlt.destinations.exceptions import DatabaseException
from dlt.destinations.sql_client import SqlClientBase

from event_assets.warehouse.copy_plan import Note, Published, PublishPlan
from event_assets.warehouse.engines.duckdb.copy_content import CopyBefore, attached, copy_before, fill
from event_assets.warehouse.engines.duckdb.copy_file import kept_from_writers, new_file, put_in_place
from event_assets.warehouse.failures import PublishError, in_one_line, without_values

_NEW = "_the_copy_that_is_made"
_BEFORE = "_the_copy_before"
_QUOTES_NO_VALUE = (duckdb.IOException, duckdb.OutOfMemoryException)


def publish(
    client: SqlClientBase[Any], warehouse: Path, target: Path, plan: PublishPlan, warehouse_id: str
) -> Published:
    """Replace the published copy with a new one, atomically.

    Who has the old copy open goes on reading it; who opens the file reads the old one or the new one, never half of
    one. The file is read-only: DuckDB would keep a reader's changes beside it and take them for those of the next copy.
    A relation that cannot be read is held back, and the others are published all the same.

    Args:
        client: A connection to the warehouse.
        warehouse: Its file.
        target: The copy.
        plan: The plan of the copy.
        warehouse_id: Tells the warehouse from another one in its place.

    Raises:
        PublishError: The copy cannot be written there, or a program has it open for writing. The old copy stays.
    """
    try:
        # In this order: DuckDB, when it closes the old copy, ends the lock that keeps writers from it.
        with kept_from_writers(target), new_file(target) as new, ExitStack() as stack:
            before = stack.enter_context(copy_before(client, target, _BEFORE, warehouse_id))
            notes = _write(client, plan, new, before, warehouse_id)
            put_in_place(new, target, warehouse)
    except OSError as error:
        raise _failure(target, str(error.strerror or error)) from error
    except DatabaseException as error:
        said = str(error.dbapi_exception)
        is_plain = isinstance(error.dbapi_exception, _QUOTES_NO_VALUE)
        raise _failure(target, in_one_line(said) if is_plain else without_values(said)) from None
    return Published(target, target.stat().st_size, notes)


def _write(
    client: SqlClientBase[Any], plan: PublishPlan, new: Path, before: CopyBefore | None, warehouse_id: str
) -> tuple[Note, ...]:
    with attached(client, new, _NEW), _uncompressed(client):
        notes = fill(client, plan, _NEW, before, warehouse_id)
        client.execute_sql(f"checkpoint {_NEW}")
    return notes


@contextmanager
def _uncompressed(client: SqlClientBase[Any]) -> Iterator[None]:
    """Turn off DuckDB's compression in a block.

    The copy is written anew after each refresh. To compress a million participants takes twice the time of writing
    them, and without it the copy is no larger than the warehouse.
    """
    client.execute_sql("set force_compression = 'uncompressed'")
    try:
        yield
    finally:
        client.execute_sql("set force_compression = 'auto'")


def _failure(target: Path, why: str) -> PublishError:
    return PublishError(
        f"The published copy cannot be written to {target}: {why.rstrip('.')}. The warehouse has the new rows, and the "
        "previous copy is unchanged. Free disk space, allow writing there, or set `published` in the section "
        "[warehouse] to another path, then run again."
    )

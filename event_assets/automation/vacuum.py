"""Gives back to the disk what was deleted in Dagster's SQLite databases: SQLite keeps the room for itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

WORTH_BYTES, WORTH_SHARE = 1 << 20, 0.2
"""How much of a file must be empty, and what share of it, before it is rewritten."""
WAIT_SECONDS = 20
"""How long to wait for the others: no transaction of Dagster's lasts a second."""


def shrink(home: Path) -> int:
    """Shrink the databases below Dagster's home, and return by how many bytes they are smaller.

    One that is in use for too long is left for the next time.

    Args:
        home: Dagster's home. Where its records are on a database server, there is nothing to shrink.
    """
    return sum(_shrink(path) for path in _databases(home))


def _databases(home: Path) -> Iterator[Path]:
    yield from (home / "history").glob("*.db")
    yield from (home / "history" / "runs").glob("index.db")  # beside it lies one of each run
    yield from (home / "schedules").glob("*.db")


def _shrink(path: Path) -> int:
    before = _size(path)
    with (
        suppress(sqlite3.OperationalError),
        closing(sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None)) as connection,
    ):
        size, pages, free = (
            connection.execute(f"pragma {name}").fetchone()[0] for name in ("page_size", "page_count", "freelist_count")
        )
        if free * size >= WORTH_BYTES and free >= WORTH_SHARE * pages:
            connection.execute("vacuum")
        connection.execute("pragma wal_checkpoint(truncate)")
    return before - _size(path)


def _size(path: Path) -> int:
    """Return the size of a database with what it has not yet taken over from its log."""
    log = path.with_name(f"{path.name}-wal")
    return path.stat().st_size + (log.stat().st_size if log.exists() else 0)

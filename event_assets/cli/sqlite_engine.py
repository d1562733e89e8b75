"""How the SQLite databases of Dagster's records are opened."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, create_engine, event

CACHE_KILOBYTES = 256
"""How much of a database each connection keeps, of which a process has up to five for each database. By SQLite's
default it is 2 MB, although the system keeps the files anyway."""


def new_engine(address: str, **options: Any) -> Engine:
    """Return an engine whose connections any thread may use.

    Args:
        address: That of the database.
        options: Those of ``sqlalchemy.create_engine``.
    """
    engine = create_engine(address, connect_args={"check_same_thread": False}, **options)

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _: Any) -> None:
        # A power cut can lose the last records then, and damages nothing: SQLite's advice for WAL.
        connection.execute("pragma synchronous = normal")
        connection.execute(f"pragma cache_size = -{CACHE_KILOBYTES}")

    return engine

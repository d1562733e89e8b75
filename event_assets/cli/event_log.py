"""Dagster's event log on SQLite, with its database kept open: a run writes some 700 events.

Dagster's own opens the database anew for each of them, with an engine that has compiled no statement yet, and waits
until the disk has it (dagster/_core/storage/event_log/sqlite/sqlite_event_log.py, `_connect`). There is no setting for
it, so this is the one method of it that is overridden. Only the instance that `make run` and `make ui` set up uses it;
whoever brings a Dagster instance of his own keeps what he has.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagster import StringSource
from dagster._core.storage.event_log import SqliteEventLogStorage
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool

KEPT_OPEN = 8
"""Databases that are kept open: the one of all runs, and those of the latest runs."""


class EventLog(SqliteEventLogStorage):
    """The event log of the runs below a folder, in the same files as Dagster's own."""

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        """Begin.

        Args:
            base_dir: Dagster's home.
            inst_data: Dagster's.
        """
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        super().__init__(str(Path(base_dir) / "history" / "runs"), inst_data)

    @classmethod
    def config_type(cls) -> Any:
        """What dagster.yaml says of it."""
        return {"base_dir": StringSource}

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> EventLog:
        """Make it as dagster.yaml says."""
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.connect() as connection, connection.begin():
                yield connection

    def _engine(self, shard: str) -> Engine:
        if shard not in self._engines:
            self._engines[shard] = _new_engine(self.conn_string_for_shard(shard))
        self._engines.move_to_end(shard)
        if len(self._engines) > KEPT_OPEN:
            _, longest_unused = self._engines.popitem(last=False)
            longest_unused.dispose()
        return self._engines[shard]


def _new_engine(address: str) -> Engine:
    engine = create_engine(address, poolclass=StaticPool, connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def commit_without_waiting(connection: Any, _: Any) -> None:
        # A power cut can lose the last events then, and damages nothing: SQLite's advice for WAL.
        connection.execute("pragma synchronous = normal")

    return engine

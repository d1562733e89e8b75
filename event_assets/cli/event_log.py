"""Dagster's event log on SQLite, with its database kept open: a run writes some 700 events.

Dagster's own opens the database again for each of them, with an engine that has compiled no statement yet, and waits
until the disk has it (dagster/_core/storage/event_log/sqlite/sqlite_event_log.py, `_connect`); for each check, and each
time an asset's latest materialisation is read, it looks once more which tables and columns the database has. There is
no setting for that, so `_connect` and its lock, both private, are replaced here. Only the instance that `make run` and
`make ui` set up uses it; whoever brings a Dagster instance of his own keeps what he has.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

from dagster import EventLogEntry, StringSource
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME
from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.pool import StaticPool

_initialized: set[tuple[str, int]] = set()
"""The databases of all runs, path and number of the file, that this process has seen to be as Dagster wants them."""
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
        self._within: dict[str, Connection] = {}
        self._found: set[tuple[str, str]] = set()
        super().__init__(str(Path(base_dir) / "history" / "runs"), inst_data)
        self._db_lock = RLock()  # Dagster's own cannot be taken again by who has it.

    @classmethod
    def config_type(cls) -> Any:
        """What dagster.yaml says of it."""
        return {"base_dir": StringSource}

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> EventLog:
        """Make it as dagster.yaml says."""
        return cls(inst_data=inst_data, **config_value)

    def has_table(self, table_name: str) -> bool:
        """Whether the database of all runs has a table. One that was there is not looked for again."""
        return self._once_found("table", table_name, self._inspect_for_table)

    def has_asset_key_col(self, column_name: str) -> bool:
        """Whether the table of assets has a column. One that was there is not looked for again."""
        return self._once_found("column", column_name, super().has_asset_key_col)

    def has_secondary_index(self, name: str) -> bool:
        """Whether a migration of the data is done. One that was is not looked for again."""
        return self._once_found("migration", name, super().has_secondary_index)

    def _once_found(self, kind: str, name: str, look: Callable[[str], bool]) -> bool:
        if (kind, name) not in self._found and look(name):
            self._found.add((kind, name))
        return (kind, name) in self._found

    def _inspect_for_table(self, name: str) -> bool:
        with self.index_connection() as connection:
            return inspect(connection).has_table(name)

    def store_event(self, event: EventLogEntry) -> None:
        """Store an event in one transaction for each of the two databases, the run's and that of all runs."""
        with self._connect(event.run_id), self._connect(INDEX_SHARD_NAME):
            super().store_event(event)

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events of one run in one transaction, or none of them."""
        with ExitStack() as whole:
            for shard in dict.fromkeys((*(entry.run_id for entry in events), INDEX_SHARD_NAME)):
                whole.enter_context(self._connect(shard))
            super().store_event_batch(events)

    def dispose(self) -> None:
        """Close the databases; Dagster asks for it when an instance is no longer used."""
        with self._db_lock:
            for engine in self._engines.values():
                engine.dispose()
            self._engines.clear()
        super().dispose()

    def delete_events(self, run_id: str) -> None:
        """Delete the events of a run, and what its checks have found, which Dagster's own leaves."""
        super().delete_events(run_id)
        with self.index_connection() as connection:
            connection.execute(AssetCheckExecutionsTable.delete().where(AssetCheckExecutionsTable.c.run_id == run_id))

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        """A transaction; within another one of the same thread, that one."""
        with self._db_lock:
            if shard in self._within:
                yield self._within[shard]
                return
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initialize(shard, engine)
                self._initialized_dbs.add(shard)
            with engine.connect() as connection, connection.begin():
                self._within[shard] = connection
                try:
                    yield connection
                finally:
                    del self._within[shard]

    def _initialize(self, shard: str, engine: Engine) -> None:
        """See to it that nothing is missing in a database; in that of all runs, once in a process."""
        path = self.path_for_shard(shard)
        if shard == INDEX_SHARD_NAME and os.path.exists(path) and (path, os.stat(path).st_ino) in _initialized:
            return
        self._initdb(engine)
        if shard == INDEX_SHARD_NAME:
            _initialized.add((path, os.stat(path).st_ino))

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

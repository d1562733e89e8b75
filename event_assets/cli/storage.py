"""Dagster's records of runs and of sensors on SQLite, with their databases kept open.

Dagster's own classes open the database again for each statement, and look which tables it has. Whenever an instance is
made, they read all migrations there ever were, to see that none is missing; and the code server makes an instance for
each look of a sensor, some fifteen a minute: that was a third of what it did while nothing happened. The files are the
same. Only the instance that `make run` and `make ui` set up uses these classes, as with the event log (``event_log``).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar, cast

from dagster._core.storage.runs import SqliteRunStorage
from dagster._core.storage.schedules import SqliteScheduleStorage
from sqlalchemy import Connection, Engine, create_engine, event

_engines: dict[str, tuple[int, Engine]] = {}
"""The engine of each database file, with the file's number: a file of another number is another database."""
_lock = Lock()
_INSTIGATORS = "table instigators"


def is_checked(path: Path) -> bool:
    """Return whether this process has opened a database before, so that nothing is missing in it.

    Args:
        path: Its file.
    """
    known = _engines.get(str(path))
    return known is not None and path.exists() and known[0] == path.stat().st_ino


def open_engine(path: Path) -> Engine:
    """Return the engine that this process has for a database.

    Args:
        path: Its file, which exists.
    """
    with _lock:
        if not is_checked(path):
            _engines[str(path)] = path.stat().st_ino, _new_engine(path)
        return _engines[str(path)][1]


def _new_engine(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}", connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def commit_without_waiting(connection: Any, _: Any) -> None:
        # A power cut can lose the last records then, and damages nothing: SQLite's advice for WAL.
        connection.execute("pragma synchronous = normal")

    return engine


class _KeptOpen:
    """What both storages have in common. It stands before Dagster's own class, whose database it keeps open.

    Attributes:
        folder: The folder of the database, below Dagster's home.
        file: Its name there.
    """

    folder: ClassVar[str]
    file: ClassVar[str]
    _conn_string: str

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> Any:
        """Make it as dagster.yaml says: ``base_dir`` is Dagster's home."""
        return cls.from_local(str(Path(config_value["base_dir"]) / cls.folder), inst_data)

    @classmethod
    def from_local(cls, base_dir: str, inst_data: Any = None) -> Any:
        """Make it for a folder; what there is in it is checked once in a process."""
        path = Path(os.path.abspath(base_dir)) / cls.file
        if is_checked(path):
            return cast(Any, cls)(f"sqlite:///{path}", inst_data)
        return cast(Any, super()).from_local(base_dir, inst_data)

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A transaction."""
        with open_engine(Path(self._conn_string.removeprefix("sqlite:///"))).begin() as connection:
            yield connection


class RunStorage(_KeptOpen, SqliteRunStorage):
    """The records of runs, in the same file as Dagster's own."""

    folder, file = "history", "runs.db"


class ScheduleStorage(_KeptOpen, SqliteScheduleStorage):
    """The records of sensors and schedules, in the same file as Dagster's own."""

    folder, file = "schedules", "schedules.db"

    def __init__(self, conn_string: str, inst_data: Any = None) -> None:
        self._found: set[str] = set()
        super().__init__(conn_string, inst_data)

    def has_built_index(self, migration_name: str) -> bool:
        """Whether a migration of the data is done. One that was is not looked for again."""
        if migration_name not in self._found and super().has_built_index(migration_name):
            self._found.add(migration_name)
        return migration_name in self._found

    def _has_instigators_table(self, conn: Connection) -> bool:
        """Whether the table is there. Once it was, it is not looked for again: it is asked for at each statement."""
        if _INSTIGATORS not in self._found and super()._has_instigators_table(conn):
            self._found.add(_INSTIGATORS)
        return _INSTIGATORS in self._found

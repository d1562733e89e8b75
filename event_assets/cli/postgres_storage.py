"""Dagster's records on PostgreSQL, with connections kept open: to request a run writes some 400 events.

Dagster's own classes connect anew for each statement and leave the connection, logging in with it (SCRAM): that was a
thousand times for a run that a sensor requests, and on a busy machine more than the three minutes after which a run
that has not started counts as failed (https://github.com/dagster-io/dagster/issues/20325; settings of the pool:
https://github.com/dagster-io/dagster/issues/33935). Here the storages of a process share what is open. A connection
that the server has closed, as when it restarts, is replaced before it is used. The tables are the same.
deploy/dagster.yaml names these classes, which log in with a password; whoever brings an instance of his own keeps
what he has.
"""

from __future__ import annotations

import os
from threading import Lock
from typing import Any, cast

from dagster_postgres import PostgresEventLogStorage, PostgresRunStorage, PostgresScheduleStorage
from dagster_postgres.utils import pg_url_from_config, set_pg_statement_timeout
from sqlalchemy import Engine, create_engine, event, inspect

KEPT_OPEN, AT_MOST = 4, 40
"""Connections of a process: those that stay open, and how many more there may be for a moment."""
_RECYCLE_SECONDS = 1800
_engines: dict[tuple[int, str, int], Engine] = {}
_created: set[tuple[type, str]] = set()
"""Storages whose tables this process has seen. Dagster makes an instance for each look of a sensor."""
_tables: set[tuple[str, str]] = set()
_lock = Lock()


def open_engine(url: str, timeout: int = 0) -> Engine:
    """Return the engine that this process has for a database.

    Args:
        url: Its address.
        timeout: Milliseconds that a statement may take; 0 if there is no limit.
    """
    key = os.getpid(), url, timeout
    with _lock:
        if key not in _engines:
            _engines[key] = _new_engine(url, timeout)
        return _engines[key]


def _new_engine(url: str, timeout: int) -> Engine:
    engine = create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        pool_size=KEPT_OPEN,
        max_overflow=AT_MOST - KEPT_OPEN,
        pool_pre_ping=True,
        pool_recycle=_RECYCLE_SECONDS,
    )
    if timeout:
        event.listen(engine, "connect", lambda connection, _: set_pg_statement_timeout(connection, timeout))
    return engine


class _KeptOpen:
    """What the storages have in common. It stands before Dagster's own class, whose connections it keeps open."""

    postgres_url: str
    _engine: Engine

    def __init__(self, postgres_url: str, should_autocreate_tables: bool = True, inst_data: Any = None) -> None:
        known = type(self), postgres_url
        create = should_autocreate_tables and known not in _created
        cast(Any, super()).__init__(postgres_url, create, inst_data)
        _created.add(known)
        self._engine = open_engine(postgres_url)

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> Any:
        """Make it as dagster.yaml says."""
        create = config_value.get("should_autocreate_tables", True)
        return cls(pg_url_from_config(config_value), create, inst_data)

    def optimize_for_webserver(self, statement_timeout: int, pool_recycle: int, max_overflow: int) -> None:
        """Let no statement of a webserver take longer than it waits.

        Args:
            statement_timeout: Milliseconds.
            pool_recycle: Not used, as are the bounds of the pool: they are those of each process.
            max_overflow: Not used.
        """
        self._engine = open_engine(self.postgres_url, statement_timeout)


class RunStorage(_KeptOpen, PostgresRunStorage):
    """The records of runs, in the same tables as Dagster's own."""


class EventLog(_KeptOpen, PostgresEventLogStorage):
    """The events of runs, in the same tables as Dagster's own."""

    def has_table(self, table_name: str) -> bool:
        """Return whether there is a table, which is asked for each check of a run. One that was there stays.

        Dagster's own takes a connection for that and does not give it back:
        https://github.com/dagster-io/dagster/issues/34058
        """
        found = self.postgres_url, table_name
        if found not in _tables:
            with self._connect() as connection:
                if not inspect(connection).has_table(table_name):
                    return False
            _tables.add(found)
        return True


class ScheduleStorage(_KeptOpen, PostgresScheduleStorage):
    """The records of sensors and schedules, in the same tables as Dagster's own."""

"""The database that says which files make up each table: where it is, its locks, and how remains leave its files."""

from __future__ import annotations

import hashlib
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
from dlt.destinations.impl.ducklake.configuration import DuckLakeCredentials
from psycopg2 import extensions, sql

from event_assets.warehouse.engines.base import Lock
from event_assets.warehouse.engines.file_locks import sync_lock, write_lock
from event_assets.warehouse.engines.postgres.failures import failed
from event_assets.warehouse.engines.postgres.locks import WRITER, AdvisoryLock, AdvisoryLocks
from event_assets.warehouse.failures import WarehouseUnreadableError, without_values


class CatalogueError(Exception):
    """The catalogue cannot be cleared of remains. The message says why."""


class Catalogue(ABC):
    """A catalogue, as it is configured.

    Attributes:
        credentials: Those of the lake.
    """

    def __init__(self, credentials: DuckLakeCredentials) -> None:
        """Take the credentials of the lake."""
        self.credentials = credentials

    @property
    @abstractmethod
    def where(self) -> str:
        """Where it is, for people; without user and password."""

    @property
    @abstractmethod
    def address(self) -> str:
        """Where it is, for programs; without user and password."""

    @abstractmethod
    def local_path(self, folder: Path) -> Path:
        """Return the path that marks and working folders stand beside: in a folder, or beside the catalogue."""

    @abstractmethod
    def is_there(self) -> bool:
        """Return whether there is a catalogue. Asks no server: one that is down is not gone."""

    @abstractmethod
    def write_lock(self) -> Lock:
        """Return the lock of the one writer."""

    @abstractmethod
    def sync_lock(self, endpoint: str) -> Lock:
        """Return the lock of an endpoint's sync."""

    @abstractmethod
    def check_lock(self) -> None:
        """See to it that this process still has the lock of the writer.

        Raises:
            WarehouseUnreadableError: It is lost.
        """

    @abstractmethod
    def clear(self) -> None:
        """Write its tables anew: databases keep deleted rows in their files. No session may be open.

        Raises:
            CatalogueError: It cannot.
        """


class PostgresCatalogue(Catalogue):
    """A schema on a PostgreSQL server."""

    def __init__(self, credentials: DuckLakeCredentials) -> None:
        """Take the credentials of the lake."""
        super().__init__(credentials)
        self._locks = AdvisoryLocks(self._connected)

    @property
    def where(self) -> str:
        """The database and the server."""
        return f"the PostgreSQL database {self.credentials.catalog.database} on {self._server}"

    @property
    def address(self) -> str:
        """The address of the database."""
        return f"postgres://{self._server}/{self.credentials.catalog.database}"

    @property
    def _server(self) -> str:
        catalog = self.credentials.catalog
        return f"{catalog.host or 'localhost'}:{catalog.port or 5432}"

    def local_path(self, folder: Path) -> Path:
        """Return a path in the folder that no other lake has."""
        place = f"{self.where}#{self.credentials.metadata_schema}"
        return folder / f"ducklake-{hashlib.sha256(place.encode()).hexdigest()[:8]}"

    def is_there(self) -> bool:
        """Return that it is: what a server holds is not lost where it cannot be reached."""
        return True

    def write_lock(self) -> Lock:
        """Return the lock of the one writer."""
        return AdvisoryLock(self._locks, self._name(WRITER))

    def sync_lock(self, endpoint: str) -> Lock:
        """Return the lock of an endpoint's sync."""
        return AdvisoryLock(self._locks, self._name(f"sync of {endpoint}"))

    def _name(self, lock: str) -> str:
        return f"{lock} of the lake {self.credentials.metadata_schema}"

    def check_lock(self) -> None:
        """See to it that the connection that holds the lock is there.

        Raises:
            WarehouseUnreadableError: It is lost.
        """
        if not self._locks.is_connected():
            raise WarehouseUnreadableError(
                "The connection to the catalogue of the DuckLake that holds the write lock was lost, so another run "
                "may write. What was under way is undone. Check the PostgreSQL server and the network, then run again."
            )

    def clear(self) -> None:
        """Write the tables of the schema anew.

        Raises:
            CatalogueError: The server refuses, or cannot be reached.
        """
        schema = self.credentials.metadata_schema
        try:
            with closing(self._connected()) as connection:
                connection.autocommit = True
                with connection.cursor() as cursor:
                    cursor.execute("select tablename from pg_tables where schemaname = %s", (schema,))
                    for (name,) in cursor.fetchall():
                        table = sql.Identifier(schema or "", name)
                        _forget_statistics(cursor, table)
                        cursor.execute(sql.SQL("vacuum (full, analyze) {}").format(table))
                    # Its statistics of before hold values too. Who may not do that gets a warning of the server.
                    cursor.execute("vacuum (full) pg_catalog.pg_statistic")
        except (psycopg2.Error, WarehouseUnreadableError) as error:
            raise CatalogueError(failed(error)[0]) from None

    def _connected(self) -> extensions.connection:
        # Not the driver name that DuckDB wants, which dlt writes into the credentials.
        address = self.credentials.catalog.to_url().set(drivername="postgresql")
        try:
            return psycopg2.connect(address.render_as_string(hide_password=False))
        except psycopg2.Error as error:
            raise unreachable(self.where, *failed(error)) from None


def _forget_statistics(cursor: extensions.cursor, table: sql.Identifier) -> None:
    """Drop the server's statistics of a table that is empty now: to analyze it would leave those of its rows of before.

    A column that is given the type that it has loses them.
    """
    cursor.execute(sql.SQL("select 1 from {} limit 1").format(table))
    if cursor.fetchone():
        return
    cursor.execute(
        "select attname, format_type(atttypid, atttypmod) from pg_attribute"
        " where attrelid = %s::regclass and attnum > 0 and not attisdropped",
        (table.as_string(cursor),),
    )
    for name, kind in cursor.fetchall():
        column = sql.Identifier(name)
        cursor.execute(sql.SQL("alter table {} alter column {} type {}").format(table, column, sql.SQL(kind)))


class SqliteCatalogue(Catalogue):
    """A SQLite file, for one machine."""

    @property
    def path(self) -> Path:
        """The file."""
        return Path(self.credentials.catalog.database or "")

    @property
    def where(self) -> str:
        """The path of the file."""
        return str(self.path)

    @property
    def address(self) -> str:
        """The address of the file."""
        return f"sqlite://{self.path.as_posix()}"

    def local_path(self, folder: Path) -> Path:
        """Return the file: what belongs to it stands beside it."""
        return self.path

    def is_there(self) -> bool:
        """Return whether the file is there."""
        return self.path.exists()

    def write_lock(self) -> Lock:
        """Return the lock of the one writer."""
        return write_lock(self.path)

    def sync_lock(self, endpoint: str) -> Lock:
        """Return the lock of an endpoint's sync."""
        return sync_lock(self.path, endpoint)

    def check_lock(self) -> None:
        """Do nothing: the system keeps the lock as long as the process lives."""

    def clear(self) -> None:
        """Write the file anew, and empty the log beside it.

        Raises:
            CatalogueError: It cannot be written.
        """
        try:
            with _opened(self.path) as connection:
                connection.execute("vacuum")
                connection.execute("pragma wal_checkpoint(truncate)")
        except sqlite3.Error as error:
            raise CatalogueError(without_values(str(error))) from None


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def unreachable(where: str, why: str, advice: str) -> WarehouseUnreadableError:
    """Return the error of a catalogue that cannot be used."""
    return WarehouseUnreadableError(
        f"The catalogue of the DuckLake, {where}, cannot be used: {why}. Nothing was changed. {advice}, then run again."
    )


def catalogue_of(credentials: DuckLakeCredentials) -> Catalogue:
    """Return the catalogue of a lake."""
    is_file = credentials.catalog.drivername == "sqlite"
    return (SqliteCatalogue if is_file else PostgresCatalogue)(credentials)

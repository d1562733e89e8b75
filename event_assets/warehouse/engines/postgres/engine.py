"""A database on a PostgreSQL server: how it is reached, locked and moved."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import dlt
import psycopg2
from dlt.common.destination import Destination
from dlt.destinations.exceptions import DatabaseException
from dlt.destinations.impl.postgres.configuration import PostgresCredentials
from psycopg2 import extensions

from event_assets.settings import Event, run_folder
from event_assets.warehouse.copy_plan import Published, PublishPlan
from event_assets.warehouse.copy_rows import CopyRows, Wanted, read_rows
from event_assets.warehouse.engines.base import Engine, Explanation
from event_assets.warehouse.engines.postgres.destination import PostgresDestination, SpacedCredentials
from event_assets.warehouse.engines.postgres.dump import dump
from event_assets.warehouse.engines.postgres.failures import explain, failed
from event_assets.warehouse.engines.postgres.locks import WRITER, AdvisoryLock, AdvisoryLocks
from event_assets.warehouse.engines.postgres.publish import publish
from event_assets.warehouse.engines.postgres.session import REWRITE, PostgresSession
from event_assets.warehouse.engines.session import Session
from event_assets.warehouse.failures import WarehouseUnreadableError
from event_assets.warehouse.names import COPIES, HISTORY, MERGE, RAW, STAGING, SUMMARY, SYNC, copy_of
from event_assets.warehouse.namespace import MAIN_NAMESPACE, EventNamespace
from event_assets.warehouse.relations import Dataset, Relation, quoted

if TYPE_CHECKING:
    import pyarrow as pa

_OWN = (RAW, STAGING, HISTORY, SUMMARY, SYNC)

logger = logging.getLogger(__name__)


_PLANNING = ("-cjit=off", "-cparallel_setup_cost=100", "-cparallel_tuple_cost=0.001")
"""How PostgreSQL plans our SELECTs; who wants it otherwise can say so in the address. To compile one takes longer than
that saves. What its costs do not know: a row of ours is worth a process of its own, for the patterns of its times."""


@dataclass
class PostgresEngine(Engine):
    """A PostgreSQL database that dlt loads into and the models are built in.

    Attributes:
        credentials: How to reach it.
        folder: Where marks and working folders of this machine stand.
        lock_wait_seconds: How long a statement waits for another program's lock.
        namespace: What the event's schemas and locks are called in the database.
    """

    dialect = "postgres"
    kinds = frozenset({"postgres"})
    copy_kinds = frozenset({"postgres"})
    copy_description = (
        "A copy of the warehouse for readers, without personal data: the schemas {copy}_raw, {copy}_staging, "
        "{copy}_history and {copy}_summary of the same database, replaced in one transaction after each "
        "refresh.\n\nRead it at any time: each query sees one refresh as a whole. The table "
        "`{copy}.about_this_copy` lists what was left out, and the tables that were held back because a check "
        "failed."
    )

    credentials: PostgresCredentials
    folder: Path
    lock_wait_seconds: float = 600.0
    namespace: EventNamespace = MAIN_NAMESPACE
    _locks: AdvisoryLocks = field(init=False, repr=False, compare=False)
    _destination: Destination[Any, Any] | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.credentials = SpacedCredentials(dict(self.credentials))
        # As options, which hold for every connection, dlt's own ones too. Times are read and shown in UTC. Between them
        # is a tab, because a blank becomes a + in an address, which the driver does not take for one.
        options = f"-ctimezone=UTC\t-clock_timeout={round(self.lock_wait_seconds * 1000)}"
        given = "\t".join([*_PLANNING, *filter(None, [(self.credentials.query or {}).get("options")])])
        self.credentials.query = {
            "application_name": "event_assets",
            **(self.credentials.query or {}),
            "options": f"{given}\t{options}",
        }
        self._locks = AdvisoryLocks(self._connected)

    @classmethod
    def of(cls, event: Event) -> PostgresEngine:
        """Return the database that the settings of an event name."""
        wait, namespace = event.warehouse.lock_wait_seconds, EventNamespace(event.name)
        return cls(event.postgres.complete(), run_folder() / "data", wait, namespace)

    @staticmethod
    def explain(error: BaseException) -> Explanation | None:
        """Return what the server or the driver has said."""
        return explain(error)

    @property
    def local_path(self) -> Path:
        """A path in the folder that no other database or event has."""
        place = f"{self.credentials.host}:{self.credentials.port}/{self.credentials.database}"
        place += f"#{self.namespace.event}" if self.namespace.event else ""
        return self.folder / f"postgres-{hashlib.sha256(place.encode()).hexdigest()[:8]}"

    @property
    def where(self) -> str:
        """The database and the server, and the event's schemas."""
        server, schemas = f"{self.credentials.host}:{self.credentials.port}", self.namespace.note("schemas")
        return f"the PostgreSQL database {self.credentials.database} on {server}{schemas}"

    @property
    def copy(self) -> str:
        """The schemas for readers."""
        return f"the schemas {', '.join(self._copies)} of {self.where}"

    @property
    def _copies(self) -> list[str]:
        return [self.namespace.schema(copy_of(schema)) for schema in COPIES]

    @property
    def _own(self) -> list[str]:
        return [self.namespace.schema(schema) for schema in _OWN]

    @property
    def raw_dataset(self) -> str:
        """The schema of the raw tables."""
        return self.namespace.schema(RAW)

    def dataset(self, relation: Relation, *, published: bool = False) -> Dataset:
        """Return a table of the database by its server."""
        server = self.credentials
        schema = self.namespace.schema(copy_of(relation.schema) if published else relation.schema)
        return Dataset(
            f"postgres://{server.host or 'localhost'}:{server.port or 5432}",
            f"{server.database}.{schema}.{relation.name}",
        )

    def destination(self) -> Destination[Any, Any]:
        """Return the database as a dlt destination."""
        if self._destination is None:
            merges_by = self.namespace.schema(MERGE)
            self._destination = PostgresDestination(self.credentials, staging_dataset_name_layout=merges_by)
        return self._destination

    def write_lock(self) -> AdvisoryLock:
        """Return the lock of the one writer."""
        return AdvisoryLock(self._locks, self.namespace.lock(WRITER))

    def sync_lock(self, endpoint: str) -> AdvisoryLock:
        """Return the lock of an endpoint's sync."""
        return AdvisoryLock(self._locks, self.namespace.lock(f"sync of {endpoint}"))

    @contextmanager
    def connect(self, wait_seconds: float) -> Iterator[PostgresSession]:
        """Connect to the server.

        Raises:
            WarehouseUnreadableError: It cannot be reached, or does not let the user in.
        """
        client = dlt.dataset(self.destination(), self.raw_dataset, schema=dlt.Schema(RAW)).sql_client
        with self._reached():
            client.open_connection()
        try:
            yield PostgresSession(client, self._locks, self.namespace)
        finally:
            client.close_connection()

    def _connected(self) -> extensions.connection:
        with self._reached():
            return psycopg2.connect(self.credentials.to_native_representation())

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except (psycopg2.Error, DatabaseException) as error:
            why, advice = failed(error)
            raise WarehouseUnreadableError(
                f"The warehouse, {self.where}, cannot be reached: {why}. Nothing was changed. {advice}, then run again."
            ) from None  # what the driver says may have the address in it, with the user

    def is_there(self) -> bool:
        """Return that it is: what a server holds is not lost where it cannot be reached."""
        return True

    def is_copy_there(self) -> bool:
        """Return the same of the copy."""
        return True

    def back_up(self, folder: Path, wait_seconds: float) -> Path | None:
        """Dump the database with ``pg_dump``: one snapshot, as ``pg_restore`` reads it.

        Of an event of [events], its own schemas alone; None if it has none yet.

        Raises:
            WarehouseUnreadableError: There is no ``pg_dump``, or it fails.
        """
        # Nor does it wait for a writer.
        file = folder / "warehouse.dump"
        if not self.namespace.event:
            return dump(self.credentials, self.where, file)
        with self.connect(wait_seconds) as session:
            query, wanted = "select nspname from pg_namespace where nspname = any(%s)", [*self._own, *self._copies]
            schemas = [name for (name,) in session.execute_sql(query, wanted) or []]
        return dump(self.credentials, self.where, file, schemas) if schemas else None

    def rewrite(self) -> None:
        """Rewrite the tables: PostgreSQL keeps deleted rows in their files."""
        try:
            with self.connect(self.lock_wait_seconds) as session:
                self._rewrite(session)
        except DatabaseException as error:
            logger.warning(
                "Personal data was erased from the tables of %s, but their files may still contain remains: they could "
                "not be rewritten (%s). The next run tries again.",
                self.where,
                failed(error)[0],
            )

    def _rewrite(self, session: Session) -> None:
        schemas = [*self._own, self.namespace.schema(MERGE), *self._copies]
        tables = "select schemaname, tablename from pg_tables where schemaname = any(%s) order by 1, 2"
        for schema, table in session.execute_sql(tables, schemas) or []:
            session.execute_sql(f"vacuum (full, analyze) {Relation(schema, table).sql()}")
        # The statistics of before hold frequent values. A user who may not do that gets a warning of the server.
        session.execute_sql("vacuum (full) pg_catalog.pg_statistic")
        table = REWRITE.sql()
        session.execute_sql(f"delete from {table} where relation is null")  # noqa: S608
        if not session.row_count(REWRITE):
            session.execute_sql(f"drop table {table}")

    def publish(self, session: Session, plan: PublishPlan) -> Published:
        """Replace the copy for readers, in one transaction.

        Raises:
            PublishError: It cannot be written. The old copy stays.
        """
        return publish(cast(PostgresSession, session), plan)

    def read_copy(self, wanted: Sequence[Wanted]) -> list[CopyRows]:
        """Return rows of the schemas for readers, all of one refresh.

        Raises:
            WarehouseUnreadableError: The server cannot be reached, or does not let the user read them.
        """
        with self._reached(), self.connect(self.lock_wait_seconds) as session, session.client.begin_transaction():
            session.execute_sql("set transaction isolation level repeatable read")
            tables = session.column_names(*{copy_of(each.relation.schema) for each in wanted})
            return read_rows(session, wanted, tables, copy_of)

    def copied_tables(self, *schemas: str) -> Iterator[tuple[Relation, pa.Table]]:
        """Yield the tables of the schemas for readers, all of one refresh.

        Raises:
            WarehouseUnreadableError: The server cannot be reached, or does not let the user read them.
        """
        # Here: to load the definitions takes no Arrow.
        from event_assets.warehouse.engines.postgres.copy_tables import table_of

        with self._reached(), self.connect(self.lock_wait_seconds) as session, session.client.begin_transaction():
            session.execute_sql("set transaction isolation level repeatable read")
            for schema in schemas:
                for table in sorted(session.column_names(copy_of(schema)), key=str):
                    yield Relation(schema, table.name), table_of(session, table)

    def set_aside(self) -> list[str]:
        """Give the schemas names that no earlier ones have."""
        with self.connect(self.lock_wait_seconds) as session, session.begin_transaction():
            there = {name for (name,) in session.execute_sql("select nspname from pg_namespace") or []}
            endings = (f"_{number}" if number else "" for number in chain([0], count(2)))
            ending = next(each for each in endings if f"sandbox_{self.raw_dataset}{each}" not in there)
            session.execute_sql(f"drop schema if exists {quoted(self.namespace.schema(MERGE))} cascade")
            moved = []
            for name in (*self._own, *self._copies):
                if name in there:
                    moved.append(f"sandbox_{name}{ending}")
                    session.execute_sql(f"alter schema {quoted(name)} rename to {quoted(moved[-1])}")
        return [f"the schema {name}" for name in moved]

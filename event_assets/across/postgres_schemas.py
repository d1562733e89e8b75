"""Cross-event tables on the PostgreSQL server that holds the schemas of all events."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import psycopg2
from psycopg2 import extensions
from sqlglot import exp

from event_assets.across.copies import NO_OVERVIEW, NOT_PUBLISHED, EventCopy, configured_rows
from event_assets.across.inputs import CONFIGURED, CONFIGURED_TYPES, INPUTS, OVERVIEW, Input
from event_assets.across.rewriting import rows_of, with_inputs
from event_assets.across.warehouse import Building, CrossEventWarehouse
from event_assets.models.dialects import DIALECT
from event_assets.settings import Event, SettingsError, run_folder
from event_assets.warehouse import EVENTS, WarehouseBusyError
from event_assets.warehouse.engines.postgres import PostgresEngine
from event_assets.warehouse.engines.postgres.failures import failed
from event_assets.warehouse.engines.postgres.session import PostgresSession
from event_assets.warehouse.failures import in_one_line
from event_assets.warehouse.names import copy_of
from event_assets.warehouse.relations import Relation, quoted


@dataclass(frozen=True)
class CrossEventSchema(CrossEventWarehouse):
    """The schema ``events`` of a database, all of whose tables change in one transaction.

    Attributes:
        engine: The database.
    """

    kinds = frozenset({"postgres"})
    dialect = "postgres"

    engine: PostgresEngine

    @classmethod
    def of(cls, events: Sequence[Event]) -> CrossEventSchema:
        """Return the first event's database, with the names of what is of no event."""
        first = events[0]
        return cls(PostgresEngine(first.postgres.complete(), run_folder() / "data", first.warehouse.lock_wait_seconds))

    @property
    def where(self) -> str:
        """The schema, the database and the server."""
        return f"the schema {EVENTS} of {self.engine.where}"

    @contextmanager
    def building(self, copies: Sequence[EventCopy], now: datetime) -> Iterator[Building]:
        """Build in one transaction, which sees one state of all copies.

        Raises:
            WarehouseBusyError: Another run builds them.
            WarehouseUnreadableError: The server cannot be reached.
        """
        lock, wait = self.engine.sync_lock(EVENTS), self.engine.lock_wait_seconds
        try:
            lock.acquire(wait)
        except TimeoutError:
            raise WarehouseBusyError(
                f"Another run has been building {self.where} for more than {wait:.0f} s. Nothing was changed. Check "
                "what it is doing, or try again later."
            ) from None
        try:
            with self.engine.connect(wait) as session, session.client.begin_transaction():
                session.execute_sql("set transaction isolation level repeatable read")
                missing = _read(session, copies, now)
                yield Building(session, partial(_put, session), missing)
        finally:
            lock.release()


def _put(session: PostgresSession, relation: Relation, select: str) -> None:
    held = {each: exp.select("*").from_(exp.to_identifier(_held(each), quoted=True)) for each in _TYPES}
    session.put(relation, "table", with_inputs(select, session.dialect, held))


_TYPES: Mapping[Relation, Mapping[str, str]] = {
    **{each.relation: each.all_types for each in INPUTS},
    CONFIGURED: CONFIGURED_TYPES,
}


def _held(relation: Relation) -> str:
    """Return the name of the temporary table that holds an input."""
    return f"{relation.schema}_{relation.name}"


def _read(session: PostgresSession, copies: Sequence[EventCopy], now: datetime) -> dict[str, str]:
    """Read the inputs into temporary tables, event by event; return of which events that failed, and why."""
    for relation, types in _TYPES.items():
        columns = ", ".join(f"{quoted(name)} {_type(kind)}" for name, kind in types.items())
        session.execute_sql(f"create temporary table {quoted(_held(relation))} ({columns}) on commit drop")
    schemas = {table.schema for copy in copies for table in _tables(copy).values()}
    there = session.column_names(*schemas) if schemas else {}
    missing = {copy.event: why for copy in copies if (why := _copy(session, copy, there))}
    for row in configured_rows(copies, missing, now):
        values = ", ".join(["%s"] * len(row))
        session.execute_sql(f"insert into {quoted(_held(CONFIGURED))} values ({values})", *row.values())  # noqa: S608
    for relation in _TYPES:
        session.execute_sql(f"analyze {quoted(_held(relation))}")
    return missing


def _copy(session: PostgresSession, copy: EventCopy, there: Mapping[Relation, Collection[str]]) -> str | None:
    """Read the inputs of an event; return why that failed, and then it has no rows."""
    if isinstance(copy.engine, SettingsError):
        return in_one_line(str(copy.engine))
    tables = _tables(copy)
    if tables.get(OVERVIEW) not in there:
        return NOT_PUBLISHED
    event = exp.Literal.string(copy.event)
    # With the driver's own connection: dlt's client would roll back all of the transaction where a statement fails.
    connection: extensions.connection = session.client.native_connection
    with connection.cursor() as cursor:
        cursor.execute("savepoint of_event")
        try:
            for each, table in tables.items():
                if table in there:
                    rows = rows_of(each, table, there[table], event).sql("postgres")
                    cursor.execute(f"insert into {quoted(_held(each.relation))} {rows}")
        except psycopg2.Error as error:
            cursor.execute("rollback to savepoint of_event")
            return in_one_line(f"Its published copy cannot be read: {failed(error)[0]}.")
    held = f"select 1 from {quoted(_held(OVERVIEW.relation))} where event = %s"  # noqa: S608  # quoted by sqlglot
    return None if session.execute_sql(held, copy.event) else NO_OVERVIEW


def _tables(copy: EventCopy) -> dict[Input, Relation]:
    """Return the tables of an event's copy; none where it is not on the server."""
    if not isinstance(copy.engine, PostgresEngine):
        return {}
    copied = {each: Relation(copy_of(each.source.schema), each.source.name) for each in INPUTS}
    return {each: copy.engine.namespace.relation(relation) for each, relation in copied.items()}


def _type(kind: str) -> str:
    return exp.DataType.build(kind, dialect=DIALECT).sql("postgres")

"""Cross-event tables in a DuckDB file. It reads the copies of events in any database, each by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from event_assets.across.copies import NO_OVERVIEW, EventCopy, configured_rows
from event_assets.across.inputs import CONFIGURED, CONFIGURED_TYPES, COPIES, EVENT, INPUTS, OVERVIEW, Input
from event_assets.across.rewriting import rows_of
from event_assets.across.warehouse import Building, CrossEventWarehouse
from event_assets.models.dialects import DIALECT
from event_assets.settings import Event
from event_assets.warehouse.engines.duckdb import DuckDbEngine
from event_assets.warehouse.engines.duckdb.copy_file import kept_from_writers, new_file, put_in_place
from event_assets.warehouse.engines.duckdb.session import DuckDbSession
from event_assets.warehouse.failures import PublishError, in_one_line, without_values
from event_assets.warehouse.relations import Relation, quoted

if TYPE_CHECKING:
    import duckdb

FILE_NAME = "across_events.duckdb"
"""What the file is called. Not after the schema: DuckDB would ask for both, as in events.events.events_overview."""


_ATTACHED = "_copy_of_an_event"
_COLUMNS = "select schema_name, table_name, column_name from duckdb_columns() where database_name = $1"
_OVERVIEWS = f"select count(*) from {OVERVIEW.relation.sql()} where {EVENT} = ${EVENT}"  # noqa: S608


@dataclass(frozen=True)
class CrossEventFile(CrossEventWarehouse):
    """A DuckDB file with the cross-event tables, replaced as a whole.

    Attributes:
        path: The file.
        memory_limit: How much memory DuckDB may take before it uses the disk; None for its own choice.
    """

    kinds = frozenset({"duckdb"})
    dialect = "duckdb"

    path: Path
    memory_limit: str | None = None

    @classmethod
    def of(cls, events: Sequence[Event]) -> CrossEventFile:
        """Return the file beside the first event's copy."""
        warehouse = events[0].warehouse
        return cls(warehouse.published_file.with_name(FILE_NAME), warehouse.memory_limit)

    @property
    def where(self) -> str:
        """The path of the file."""
        return str(self.path)

    @contextmanager
    def building(self, copies: Sequence[EventCopy], now: datetime) -> Iterator[Building]:
        """Build in a new file, which takes the place of the present one.

        Raises:
            PublishError: It cannot be written there, or a program has it open for writing. The old file stays.
        """
        try:
            with kept_from_writers(self.path), new_file(self.path) as new:
                with DuckDbEngine(new, memory_limit=self.memory_limit).connect(0) as session:
                    missing = _read(session, copies, now)
                    yield Building(session, lambda table, select: session.put(table, "table", select), missing)
                    session.execute_sql(f"detach {quoted(COPIES)}")
                    session.execute_sql("checkpoint")
                put_in_place(new, self.path, new)
        except OSError as error:
            raise PublishError(
                f"The tables across events cannot be written to {self.path}: {error.strerror or error}. The old file "
                "is unchanged. Free disk space or allow writing there, then run again."
            ) from error


def _read(session: DuckDbSession, copies: Sequence[EventCopy], now: datetime) -> dict[str, str]:
    """Read the inputs into memory, event by event; return of which events that failed, and why."""
    session.execute_sql(f"attach ':memory:' as {quoted(COPIES)}")
    for each in INPUTS:
        _create(session, each.relation, each.all_types)
    missing = {copy.event: why for copy in copies if (why := _read_copy(session, copy))}
    _create(session, CONFIGURED, CONFIGURED_TYPES)
    _insert(session, CONFIGURED, CONFIGURED_TYPES, configured_rows(copies, missing, now))
    return missing


def _read_copy(session: DuckDbSession, copy: EventCopy) -> str | None:
    """Read the inputs of an event; return why that failed, and then it has no rows."""
    if isinstance(copy.engine, DuckDbEngine) and copy.engine.is_copy_there():
        # Attached: that takes a fraction of what it takes to open a file by itself, and many are read.
        return _read_file(session.client.native_connection, copy.event, copy.engine.published)
    found = copy.read()
    if isinstance(found, str):
        return found
    for each, rows in found.items():
        _insert(session, each.relation, each.all_types, ({EVENT: copy.event, **row} for row in rows))
    return None


def _read_file(connection: duckdb.DuckDBPyConnection, event: str, path: Path) -> str | None:
    import duckdb  # here: to load the definitions takes no DuckDB and no Arrow

    try:
        connection.execute(f"attach {exp.Literal.string(str(path)).sql(DIALECT)} as {_ATTACHED} (read_only)")
    except duckdb.Error as error:
        return _unreadable(path, error)
    try:
        connection.execute("begin")
        there: dict[Relation, list[str]] = {}
        for schema, table, column in connection.execute(_COLUMNS, [_ATTACHED]).fetchall():
            there.setdefault(Relation(schema, table), []).append(column)
        rows = 0
        for each in (each for each in INPUTS if each.source in there):
            connection.execute(_insert_from_copy(each, tuple(there[each.source])), {EVENT: event})
            if each is OVERVIEW:
                [(rows,)] = connection.execute(_OVERVIEWS, {EVENT: event}).fetchall()
        connection.execute("commit" if rows else "rollback")
        return None if rows else NO_OVERVIEW
    except duckdb.Error as error:
        connection.execute("rollback")
        return _unreadable(path, error)
    finally:
        connection.execute(f"detach {_ATTACHED}")


@cache
def _insert_from_copy(source: Input, there: tuple[str, ...]) -> str:
    """Return the statement that reads an input from an attached copy with some columns: mostly all have the same."""
    select = rows_of(source, source.source, there, exp.Placeholder(this=EVENT), _ATTACHED)
    return f"insert into {source.relation.sql()} {select.sql(DIALECT)}"


def _unreadable(path: Path, error: duckdb.Error) -> str:
    return in_one_line(f"DuckDB cannot read the published copy {path} ({without_values(str(error))}).")


def _create(session: DuckDbSession, relation: Relation, types: Mapping[str, str]) -> None:
    columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in types.items())
    session.execute_sql(f"create table {relation.sql()} ({columns})")


def _insert(
    session: DuckDbSession, relation: Relation, types: Mapping[str, str], rows: Iterable[Mapping[str, Any]]
) -> None:
    import pyarrow as pa

    from event_assets.across.arrow import arrow_schema

    connection: duckdb.DuckDBPyConnection = session.client.native_connection
    connection.register("read_rows", pa.Table.from_pylist([*rows], schema=arrow_schema(types)))
    connection.execute(f"insert into {relation.sql()} select * from read_rows")  # noqa: S608  # quoted by sqlglot
    connection.unregister("read_rows")

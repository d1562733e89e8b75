"""Cross-event tables in a DuckDB file. It reads the copies of events in any database, each by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from event_assets.across.arrow import arrow_schema
from event_assets.across.copies import EventCopy, configured_rows
from event_assets.across.inputs import CONFIGURED, CONFIGURED_TYPES, COPIES, EVENT, INPUTS
from event_assets.across.warehouse import Building, CrossEventWarehouse
from event_assets.warehouse.engines.duckdb import DuckDbEngine
from event_assets.warehouse.engines.duckdb.copy_file import kept_from_writers, new_file, put_in_place
from event_assets.warehouse.engines.duckdb.session import DuckDbSession
from event_assets.warehouse.failures import PublishError
from event_assets.warehouse.relations import Relation, quoted

FILE_NAME = "across_events.duckdb"
"""What the file is called. Not after the schema: DuckDB would ask for both, as in events.events.events_overview."""


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
    missing: dict[str, str] = {}
    for copy in copies:
        found = copy.read()
        if isinstance(found, str):
            missing[copy.event] = found
            continue
        for each, rows in found.items():
            _insert(session, each.relation, each.all_types, ({EVENT: copy.event, **row} for row in rows))
    _create(session, CONFIGURED, CONFIGURED_TYPES)
    _insert(session, CONFIGURED, CONFIGURED_TYPES, configured_rows(copies, missing, now))
    return missing


def _create(session: DuckDbSession, relation: Relation, types: Mapping[str, str]) -> None:
    columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in types.items())
    session.execute_sql(f"create table {relation.sql()} ({columns})")


def _insert(
    session: DuckDbSession, relation: Relation, types: Mapping[str, str], rows: Iterable[Mapping[str, Any]]
) -> None:
    connection: duckdb.DuckDBPyConnection = session.client.native_connection
    connection.register("read_rows", pa.Table.from_pylist([*rows], schema=arrow_schema(types)))
    connection.execute(f"insert into {relation.sql()} select * from read_rows")  # noqa: S608  # quoted by sqlglot
    connection.unregister("read_rows")

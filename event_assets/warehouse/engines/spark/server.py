"""The Spark server: a session of Spark Connect, in which the tables of the lake are known by their names."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
from dlt.destinations.exceptions import DatabaseTerminalException
from sqlglot import exp, parse_one

from event_assets.warehouse.engines.spark.client import ConnectSession, DataFrame, DefaultPolicy, PySparkException
from event_assets.warehouse.engines.spark.failures import is_unreachable
from event_assets.warehouse.engines.spark.lake import PROPERTIES, Lake
from event_assets.warehouse.failures import WarehouseUnreadableError
from event_assets.warehouse.relations import Relation, RelationColumn

DIALECT = "spark"

_CONFIG = {
    # Times are read and shown in UTC, whatever the server's zone.
    "spark.sql.session.timeZone": "UTC",
}
_RETRIES = 3
"""How often a call is tried again: for two seconds, where the default is ten minutes."""


# The client also logs and warns of what it raises, with addresses and statements.
logging.getLogger("pyspark.sql.connect.logging").setLevel(logging.CRITICAL)
warnings.filterwarnings("ignore", message=r"\[RETRIES_EXCEEDED\]")


class SparkServer:
    """A Spark server, with a session from the first statement on."""

    def __init__(self, remote: str, lake: Lake) -> None:
        """Take the address, as ``SparkSession.builder.remote`` does, and the lake, which the server reads as well."""
        self._remote, self._lake = remote, lake
        self._session: ConnectSession | None = None
        self._is_down = False
        self._known: dict[Relation, str] = {}

    def rows(self, select: str) -> list[tuple[Any, ...]]:
        """Return the rows of a SELECT.

        Raises:
            DatabaseException: Spark rejects it.
            WarehouseUnreadableError: The server cannot be reached.
        """
        table = self.arrow(select)
        return [*zip(*(column.to_pylist() for column in table.columns), strict=True)]

    def arrow(self, select: str) -> pa.Table:
        """Return the same as an Arrow table."""
        with self._failures():
            return self._frame(select).toArrow()

    def describe(self, select: str) -> list[RelationColumn]:
        """Return the columns of a SELECT, which is not executed."""
        with self._failures():
            return [RelationColumn(each.name, each.dataType.simpleString()) for each in self._frame(select).schema]

    def overwrite(self, relation: Relation, select: str) -> None:
        """Replace a table of the lake with the result of a SELECT, in one commit.

        Raises:
            DatabaseException: Spark rejects it. The table is as it was.
            WarehouseUnreadableError: The server cannot be reached.
        """
        with self._failures():
            # Not "create or replace table": Sail keeps the columns of the table before, and that they may not be null.
            writer = self._frame(select).write.format("delta").mode("overwrite")
            writer.options(overwriteSchema="true", **PROPERTIES).save(self._lake.location(relation))
        self._lake.tidy(relation)

    def create_temp_view(self, name: str, select: str, partitions: int) -> None:
        """Create a temporary view of this session, for statements that follow.

        Args:
            name: The name, which has no schema.
            select: The SELECT.
            partitions: How many tasks read the rows at most. Sail has one for each file otherwise, and what joins or
                sorts them as many.

        Raises:
            DatabaseException: Spark rejects it.
            WarehouseUnreadableError: The server cannot be reached.
        """
        with self._failures():
            self._frame(select).coalesce(partitions).createOrReplaceTempView(name)

    def append(self, relation: Relation, select: str) -> None:
        """Append the result of a SELECT, which may read the table, to a table of the lake, by the columns' names.

        Raises:
            DatabaseException: Spark rejects it. The table is as it was.
            WarehouseUnreadableError: The server cannot be reached.
        """
        with self._failures():
            self._frame(select).write.format("delta").mode("append").save(self._lake.location(relation))
        self._lake.tidy(relation)

    def close(self) -> None:
        """End the session, if there is one."""
        if self._session:
            session, self._session = self._session, None
            self._known.clear()
            session.stop()

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """Raise what Spark says as an error of a database.

        Raises:
            DatabaseTerminalException: A statement failed.
            WarehouseUnreadableError: The server cannot be reached.
        """
        try:
            yield
        except PySparkException as error:
            if is_unreachable(error):
                self._is_down = True
                raise _unreachable() from None
            raise DatabaseTerminalException(error) from error

    def _frame(self, select: str) -> DataFrame:
        """Return a SELECT as a data frame, after seeing to it that the server knows the tables it reads."""
        session = self._connected()
        self._register(session, _tables(select))
        return session.sql(self._lake.namespace.statement(select, DIALECT))

    def _register(self, session: ConnectSession, tables: Sequence[Relation]) -> None:
        """Register tables in the server's catalog: that of Sail ends with the session, and knows their old columns."""
        for relation in tables:
            schema = self._lake.open(relation).schema().to_json()
            if self._known.get(relation) == schema:
                continue
            # With the event's: a catalog that outlives the session would give one event the tables of another.
            database = _quoted(self._lake.namespace.schema(relation.schema))
            name = f"{database}.{_quoted(relation.name)}"
            location = exp.Literal.string(self._lake.location(relation)).sql(DIALECT)
            session.sql(f"create schema if not exists {database}").collect()
            if relation in self._known:
                session.sql(f"drop table if exists {name}").collect()
            session.sql(f"create table if not exists {name} using delta location {location}").collect()
            self._known[relation] = schema

    def _connected(self) -> ConnectSession:
        if self._is_down:  # so that a run with many models waits for it once
            raise _unreachable()
        if self._session is None:
            session = ConnectSession(self._remote)
            session.client.set_retry_policies([DefaultPolicy(max_retries=_RETRIES)])
            for name, value in _CONFIG.items():
                session.conf.set(name, value)
            self._session = session
        return self._session


def _tables(select: str) -> list[Relation]:
    found = (Relation(table.db, table.name) for table in parse_one(select, dialect=DIALECT).find_all(exp.Table))
    return [*dict.fromkeys(relation for relation in found if relation.schema)]


def _quoted(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql(DIALECT)


def _unreachable() -> WarehouseUnreadableError:
    """Return the error of a server that is not there. What the client says has the address in it."""
    return WarehouseUnreadableError(
        "The Spark server cannot be reached. Start it, or correct `remote` in the section [destination.spark] of "
        ".dlt/secrets.toml, then run again. The tables are as they were."
    )

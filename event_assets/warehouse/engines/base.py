"""What the project needs of a database, whichever it is: an engine opens sessions, a session runs SQL.

An engine of dlt's and sqlglot's does most of it: dlt connects and loads, sqlglot writes the dialect. Here is the rest.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from dlt.common.destination import Destination
from dlt.destinations.sql_client import SqlClientBase

from event_assets.settings import Event
from event_assets.warehouse.copy_plan import Published, PublishPlan
from event_assets.warehouse.copy_rows import CopyRows, Wanted
from event_assets.warehouse.engines.explanation import Explanation
from event_assets.warehouse.engines.lock import Lock
from event_assets.warehouse.names import RAW
from event_assets.warehouse.relations import Dataset, Relation, RelationColumn, RelationKind, quoted

if TYPE_CHECKING:
    import pyarrow as pa


class Session(ABC):
    """A connection for reading and writing.

    Attributes:
        dialect: sqlglot's name of the SQL of the models.
        binary_type: What bytes are called in it.
        own_schema: The schema of what the project notes of the warehouse itself.
    """

    dialect: ClassVar[str]
    binary_type: ClassVar[str]
    own_schema: ClassVar[str]

    def __init__(self, client: SqlClientBase[Any]) -> None:
        """Take dlt's client, which is connected."""
        self.client = client

    def execute_sql(self, statement: str, *parameters: Any) -> Sequence[Sequence[Any]] | None:
        """Execute a statement, and return the rows that come of it.

        Args:
            statement: In the engine's SQL, with ``%s`` for each parameter. Without parameters, ``%`` is itself.
            parameters: Its parameters.

        Raises:
            DatabaseException: The database rejects it.
        """
        return self.client.execute_sql(statement, *parameters)

    def query(self, select: str) -> Sequence[Sequence[Any]]:
        """Return the rows of a SELECT of models, in `dialect`. Other statements may be in another one.

        Raises:
            DatabaseException: The database rejects it.
        """
        return self.execute_sql(select) or []

    @contextmanager
    def begin_transaction(self) -> Iterator[None]:
        """Run a block in a transaction, which is rolled back if the block fails. Cannot be nested."""
        with self.client.begin_transaction():
            yield

    @abstractmethod
    def replace(self, relation: Relation, kind: RelationKind, select: str) -> None:
        """Replace a table or view with the result of a SELECT, in one transaction.

        Readers see the old rows until the new ones are complete; where the SELECT fails, the old ones stay.
        """

    def append(
        self,
        relation: Relation,
        select: str,
        first_select: str,
        fill: Mapping[str, str] | None = None,
        upgrade: Sequence[str] = (),
    ) -> None:
        """Append the rows of a SELECT to a table, in one transaction.

        Columns that only the SELECT has are added to the table, with null in its existing rows.

        Args:
            relation: The table, created if it does not exist.
            select: The rows to append, in the warehouse's dialect. It may read the table itself.
            first_select: The same SELECT without reading the table, for the first rows.
            fill: Column → a statement that fills it in existing rows, run once, when the column is added.
            upgrade: Statements that bring the existing rows of an earlier release up to date.
        """
        with self.begin_transaction():
            self.execute_sql(f"create schema if not exists {relation.schema}")
            held = self.column_names(relation.schema).get(relation)
            if not held:
                self.execute_sql(f"create table {relation.sql()} as {first_select}")
                return
            for column in (selected := self.describe(first_select)):
                if column.name not in held:
                    added = f"add column {quoted(column.name)} {column.data_type}"
                    self.execute_sql(f"alter table {relation.sql()} {added}")
                    if fill and column.name in fill:
                        self.execute_sql(fill[column.name])
            for statement in upgrade:
                self.execute_sql(statement)
            names = ", ".join(quoted(column.name) for column in selected)
            self.execute_sql(f"insert into {relation.sql()} ({names}) {select}")

    @abstractmethod
    def describe(self, select: str) -> list[RelationColumn]:
        """Return the columns of a SELECT in order, with the database's type names."""

    @abstractmethod
    def columns(self, relation: Relation) -> list[RelationColumn]:
        """Return the columns of a table or view in order, with the database's type names.

        Raises:
            DatabaseUndefinedRelation: There is no such table or view.
        """

    def column_names(self, *schemas: str) -> dict[Relation, set[str]]:
        """Return the column names of every table and view in some schemas."""
        all_columns = "select table_schema, table_name, column_name from information_schema.columns"
        query = f"{all_columns} where table_schema in ({', '.join(['%s'] * len(schemas))})"
        names: dict[Relation, set[str]] = {}
        for schema, table, column in self.execute_sql(query, *schemas) or []:
            names.setdefault(Relation(schema, table), set()).add(column)
        return names

    def text_columns(self, schema: str) -> list[tuple[Relation, str]]:
        """Return the text columns of the tables in a schema; not those of views."""
        rows = self.execute_sql(
            "select columns.table_name, column_name from information_schema.columns as columns"
            " join information_schema.tables as tables using (table_catalog, table_schema, table_name)"
            " where table_catalog = current_database() and table_schema = %s and table_type = 'BASE TABLE'"
            " and lower(data_type) in ('varchar', 'character varying', 'text')",
            schema,
        )
        return [(Relation(schema, table), column) for table, column in rows or []]

    def has_table(self, relation: Relation) -> bool:
        """Return whether there is such a table or view."""
        return relation in self.column_names(relation.schema)

    def row_count(self, relation: Relation) -> int:
        """Return the number of rows."""
        rows = self.execute_sql(f"select count(*) from {relation.sql()}")  # noqa: S608  # quoted by sqlglot
        return int(rows[0][0]) if rows else 0

    @abstractmethod
    def identity(self) -> str:
        """Return the random identifier of this warehouse, created at the first call."""

    @abstractmethod
    def content_sums(self, fingerprint: str) -> list[str]:
        """Return the sum of fingerprints as two SQL expressions, one for each half of their 128-bit numbers.

        A half that is no hexadecimal number counts 1: it must not be nothing, or a foreign row would be overlooked.

        Args:
            fingerprint: An SQL expression in hexadecimal.
        """

    @abstractmethod
    def fetch_columns(self, query: str) -> list[list[Any]]:
        """Return the rows of a query column by column: for very many rows. Bytes are ``bytes``; none without rows."""

    @abstractmethod
    def request_rewrite(self) -> None:
        """Record, in the transaction of an erasure, that what the files hold of deleted rows has to go."""

    @abstractmethod
    def is_rewrite_due(self) -> bool:
        """Return whether files have to be rewritten: after an erasure, and after models were rebuilt since."""


class Engine(ABC):
    """A database, as it is configured.

    Attributes:
        dialect: sqlglot's name of its SQL.
        kinds: How Dagster shows what is in it.
        copy_kinds: How Dagster shows the copy for readers.
        copy_description: What it is, for who browses the assets; where schemas have a name, ``{copy}`` begins it.
    """

    dialect: ClassVar[str]
    kinds: ClassVar[frozenset[str]]
    copy_kinds: ClassVar[frozenset[str]]
    copy_description: ClassVar[str]

    @classmethod
    @abstractmethod
    def of(cls, event: Event) -> Engine:
        """Return the database that an event is configured for.

        Raises:
            SettingsError: A setting cannot be used.
        """

    @staticmethod
    @abstractmethod
    def explain(error: BaseException) -> Explanation | None:
        """Return what the database or its driver has said; None of an error that is not of them."""

    @property
    @abstractmethod
    def local_path(self) -> Path:
        """The path that locks, marks of runs and working folders stand beside on this machine."""

    @property
    @abstractmethod
    def where(self) -> str:
        """Where the warehouse is, for people; without user and password."""

    @property
    @abstractmethod
    def copy(self) -> str:
        """Where the copy for readers is, for people, as the end of "All of it is in "."""

    @abstractmethod
    def dataset(self, relation: Relation, *, published: bool = False) -> Dataset:
        """Return what OpenLineage calls a table of the warehouse, or that of the copy for readers."""

    @property
    def raw_dataset(self) -> str:
        """What dlt calls the schema of the raw tables."""
        return RAW

    @abstractmethod
    def destination(self) -> Destination[Any, Any]:
        """Return the warehouse as a dlt destination. It merges by way of the dataset ``MERGE``, not ``raw_staging``."""

    @abstractmethod
    def write_lock(self) -> Lock:
        """Return the lock of the one writer."""

    @abstractmethod
    def sync_lock(self, endpoint: str) -> Lock:
        """Return the lock of an endpoint's sync."""

    @abstractmethod
    def connect(self, wait_seconds: float) -> AbstractContextManager[Session]:
        """Open a session.

        Args:
            wait_seconds: How long to wait for a program that has the database for itself.

        Raises:
            WarehouseBusyError: Another program has it for too long.
            WarehouseUnreadableError: It cannot be opened.
        """

    @abstractmethod
    def is_there(self) -> bool:
        """Return whether there is a warehouse that a run has made. Asks no server: one that is down is not gone."""

    @abstractmethod
    def is_copy_there(self) -> bool:
        """Return the same of the copy for readers."""

    @abstractmethod
    def rewrite(self) -> None:
        """Rewrite the files so that they hold nothing of erased rows; warn if that fails. No session may be open."""

    @abstractmethod
    def publish(self, session: Session, plan: PublishPlan) -> Published:
        """Replace the copy for readers. They see the old one until the new one is complete.

        Raises:
            PublishError: It cannot be written. The old copy stays.
        """

    @abstractmethod
    def read_copy(self, wanted: Sequence[Wanted]) -> list[CopyRows]:
        """Return rows of the copy for readers, without a lock; none of a table that it does not have.

        Raises:
            WarehouseUnreadableError: The copy cannot be opened or reached.
        """

    def back_up(self, folder: Path, wait_seconds: float) -> Path | None:
        """Write a consistent copy into an empty folder and return it; None where the database has tools for that."""
        return None

    @abstractmethod
    def copied_tables(self, *schemas: str) -> Iterator[tuple[Relation, pa.Table]]:
        """Yield the tables of some schemas of the copy for readers, by the names that the warehouse has for them.

        Raises:
            WarehouseUnreadableError: The copy cannot be opened or reached.
        """

    @abstractmethod
    def set_aside(self) -> list[str]:
        """Give tables and copy other names, so that the warehouse is empty, and return them. No session may be open."""

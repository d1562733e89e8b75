"""PostgreSQL's SQL, where it has words of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.destinations.sql_client import SqlClientBase

from event_assets.warehouse.engines.postgres.dependents import Dependents
from event_assets.warehouse.engines.postgres.locks import WRITER, AdvisoryLocks, lock_key
from event_assets.warehouse.engines.session import Session
from event_assets.warehouse.failures import WarehouseUnreadableError
from event_assets.warehouse.names import COPIES, STAGING, SUMMARY, SYNC, copy_of
from event_assets.warehouse.namespace import EventNamespace
from event_assets.warehouse.relations import Relation, RelationColumn, RelationKind, quoted

REWRITE = Relation(SYNC, "rewrite_requested")
"""After an erasure: the tables that were built before it, and a row without a name as long as files have to be
rewritten."""

_IDENTITY = Relation(SYNC, "identity")

_KINDS: dict[str, RelationKind] = {"r": "table", "p": "table", "v": "view"}


class PostgresSession(Session):
    """A connection to a PostgreSQL server."""

    dialect = "postgres"
    binary_type = "bytea"
    own_schema = SYNC

    def __init__(self, client: SqlClientBase[Any], locks: AdvisoryLocks, namespace: EventNamespace) -> None:
        """Take dlt's client, which is connected, the locks of the process, and the names of the event's schemas."""
        super().__init__(client)
        self._locks = locks
        self.namespace = namespace

    def execute_sql(self, statement: str, *parameters: Any) -> Sequence[Sequence[Any]] | None:
        """Execute a statement with the event's schemas; see the base class. Names in parameters stay as they are."""
        return super().execute_sql(self._stored(statement), *parameters)

    def _stored(self, statement: str) -> str:
        return self.namespace.statement(statement, "postgres")

    @contextmanager
    def begin_transaction(self) -> Iterator[None]:
        """Run a block in a transaction, which is committed if this process still is the one writer.

        Raises:
            WarehouseUnreadableError: The connection with the write lock is lost. The transaction is rolled back.
        """
        with super().begin_transaction():
            yield
            if not self._is_writer():
                raise WarehouseUnreadableError(
                    "The connection to the PostgreSQL server that holds the write lock was lost, so another run may "
                    "write. What was under way is undone. Check the server and the network, then run again."
                )

    def _is_writer(self) -> bool:
        held = (
            "select 1 from pg_locks where locktype = 'advisory' and granted and pid = %s and classid = %s::bigint::oid"
            " and objid = %s::bigint::oid"
            " and database = (select oid from pg_database where datname = current_database())"
        )
        kind, number = (part % (1 << 32) for part in lock_key(self.namespace.lock(WRITER)))
        return bool(self.execute_sql(held, self._locks.backend, kind, number))

    def replace(self, relation: Relation, kind: RelationKind, select: str) -> None:
        """Replace a table or view; see the base class. Views of users on it stay."""
        with self.begin_transaction():
            self.put(relation, kind, select)

    def put(self, relation: Relation, kind: RelationKind, select: str) -> None:
        """Replace a table or view within a transaction.

        Who reads it meanwhile sees the old rows. A relation is dropped and made anew only if its kind is another, or
        columns are gone or have other types.
        """
        self.execute_sql(f"create schema if not exists {quoted(relation.schema)}")
        there, wanted = self._found(relation), self.describe(select)
        if there is None:
            self.execute_sql(f"create {kind} {relation.sql()} as {select}")
        elif there == kind and self._takes(relation, kind, wanted):
            if kind == "view":
                self.execute_sql(f"create or replace view {relation.sql()} as {select}")
            else:
                names = ", ".join(quoted(column.name) for column in wanted)
                self.execute_sql(f"delete from {relation.sql()}")  # noqa: S608  # quoted by sqlglot
                self.execute_sql(f"insert into {relation.sql()} ({names}) {select}")
        else:
            with Dependents(self.client, self.namespace.relation(relation)).rebuilt():
                self.execute_sql(f"drop {there} {relation.sql()} cascade")
                self.execute_sql(f"create {kind} {relation.sql()} as {select}")
        if kind == "table":
            self.execute_sql(f"analyze {relation.sql()}")
        self._rebuilt(relation)

    def _takes(self, relation: Relation, kind: RelationKind, wanted: Sequence[RelationColumn]) -> bool:
        """Return whether a relation can take the columns as it is; add those to a table that it lacks."""
        held = self.columns(relation)
        if kind == "view":  # which takes further columns at its end only
            return [*held] == [*wanted][: len(held)]
        if not {*held} <= {*wanted}:
            return False
        for column in wanted:
            if column not in held:
                added = f"add column {quoted(column.name)} {column.data_type}"
                self.execute_sql(f"alter table {relation.sql()} {added}")
        return True

    def _found(self, relation: Relation) -> RelationKind | None:
        query = "select relkind::text from pg_class where oid = to_regclass(%s)"
        rows = self.execute_sql(query, self._regclass(relation))
        return _KINDS[rows[0][0]] if rows else None

    def _regclass(self, relation: Relation) -> str:
        return self.namespace.relation(relation).sql()

    def has_table(self, relation: Relation) -> bool:
        """Return whether there is such a table or view."""
        return self._found(relation) is not None

    def column_names(self, *schemas: str) -> dict[Relation, set[str]]:
        """Return the column names of every table and view in some schemas."""
        found = super().column_names(*map(self.namespace.schema, schemas))
        return {self.namespace.logical(relation): names for relation, names in found.items()}

    def kinds(self, *schemas: str) -> dict[Relation, RelationKind]:
        """Return whether each table and view in some schemas is one or the other."""
        found = super().kinds(*map(self.namespace.schema, schemas))
        return {self.namespace.logical(relation): kind for relation, kind in found.items()}

    def text_columns(self, schema: str) -> list[tuple[Relation, str]]:
        """Return the text columns of the tables in a schema; not those of views."""
        found = super().text_columns(self.namespace.schema(schema))
        return [(self.namespace.logical(relation), column) for relation, column in found]

    def describe(self, select: str) -> list[RelationColumn]:
        """Return the columns of a SELECT, which is not executed."""
        query = self._stored(f"select * from ({select}\n) as described limit 0")  # noqa: S608
        with self.client.execute_query(query) as cursor:
            found = [(column[0], column[1]) for column in cursor.native_cursor.description]
        query = "select oid, format_type(oid, null) from pg_type where oid = any(%s)"
        types: dict[int, str] = dict(cast(Any, self.execute_sql(query, [*{oid for _, oid in found}])))
        # Without a type in a SELECT, a text is "unknown"; in a table of it, "text".
        return [RelationColumn(name, types[oid].replace("unknown", "text")) for name, oid in found]

    def columns(self, relation: Relation) -> list[RelationColumn]:
        """Return the columns of a table or view.

        Raises:
            DatabaseUndefinedRelation: There is no such table or view.
        """
        rows = self.execute_sql(
            "select attname, format_type(atttypid, null) from pg_attribute"
            " where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped order by attnum",
            self._regclass(relation),
        )
        if not rows and self._found(relation) is None:
            raise DatabaseUndefinedRelation(LookupError(str(relation)))
        return [RelationColumn(name, data_type) for name, data_type in rows or []]

    def identity(self) -> str:
        """Return the random identifier of the warehouse in this database, created at the first call."""
        table = _IDENTITY.sql()
        if not self.has_table(_IDENTITY):
            self.execute_sql(f"create schema if not exists {SYNC}")
            self.execute_sql(
                f"create table if not exists {table} as select left(md5(gen_random_uuid()::text), 8) as id"
            )
        return str((self.execute_sql(f"select id from {table}") or [])[0][0])  # noqa: S608

    def content_sums(self, fingerprint: str) -> list[str]:
        """Return the sum of fingerprints; see the base class."""
        return [f"sum({_half(fingerprint, begin)})" for begin in (1, 17)]

    def fetch_columns(self, query: str) -> list[list[Any]]:
        """Return the rows of a query column by column."""
        with self.client.execute_query(self._stored(query)) as cursor:
            rows = cursor.native_cursor.fetchall()
        return [[bytes(v) if isinstance(v, memoryview) else v for v in column] for column in zip(*rows, strict=True)]

    def request_rewrite(self) -> None:
        """Record that tables hold remains of erased rows, and models what was built before."""
        self.execute_sql(f"create schema if not exists {SYNC}")
        self.execute_sql(f"create table if not exists {REWRITE.sql()} (relation text)")
        self.execute_sql(f"delete from {REWRITE.sql()}")  # noqa: S608
        built = "select schemaname || '.' || tablename from pg_tables where schemaname = any(%s)"
        schemas = [STAGING, SUMMARY, *map(copy_of, COPIES[1:])]
        self.execute_sql(
            f"insert into {REWRITE.sql()} {built} union all select null", [*map(self.namespace.schema, schemas)]
        )

    def _rebuilt(self, relation: Relation) -> None:
        """Record that a table was built after an erasure, so that its file has to be rewritten."""
        if self.has_table(REWRITE):
            table, name = REWRITE.sql(), str(self.namespace.relation(relation))
            done = self.execute_sql(f"delete from {table} where relation = %s returning 1", name)  # noqa: S608
            if done:
                self.execute_sql(f"insert into {table} values (null)")  # noqa: S608

    def is_rewrite_due(self) -> bool:
        """Return whether a file has to be rewritten."""
        if not self.has_table(REWRITE):
            return False
        return bool(self.execute_sql(f"select 1 from {REWRITE.sql()} where relation is null limit 1"))  # noqa: S608


def _half(fingerprint: str, begin: int) -> str:
    """Return half of a fingerprint as a number; 1 if it is no hexadecimal number."""
    bits = f"('x' || substr({fingerprint}, {begin}, 16))::bit(64)::bigint"
    unsigned = f"{bits}::numeric + case when {bits} < 0 then 18446744073709551616 else 0 end"
    return f"case when substr({fingerprint}, {begin}, 16) ~ '^[0-9a-fA-F]{{1,16}}$' then {unsigned} else 1 end"

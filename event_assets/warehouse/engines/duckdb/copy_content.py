"""Fills the published copy, relation by relation, from the warehouse and the previous copy."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import duckdb
from dlt.destinations.exceptions import DatabaseException
from dlt.destinations.sql_client import SqlClientBase
from sqlglot import exp

from event_assets.warehouse.copy_plan import BOOKKEEPING, NO_OTHER, HeldBack, Note, PublishPlan
from event_assets.warehouse.failures import without_values
from event_assets.warehouse.relations import Relation, quoted

NOTES = Relation("main", "about_this_copy")
"""What the copy lacks and why, in the copy itself."""

_OF_THE_ROWS = (duckdb.DataError, duckdb.ProgrammingError, duckdb.NotSupportedError)
"""What DuckDB raises because of what a relation is or holds, and not of disk, memory or the file."""

logger = logging.getLogger(__name__)


class _UnreadableError(Exception):
    """A relation of the warehouse cannot be read."""

    def __init__(self, relation: Relation, why: str) -> None:
        super().__init__(why)
        self.relation = relation


@dataclass(frozen=True)
class CopyBefore:
    """The previous copy, attached to the connection.

    Attributes:
        name: The name of the attached database.
        columns: Its tables and their columns. Not the views that copies of earlier releases have: DuckDB 1.4 looks for
            what they read in the warehouse.
        held_since: Since when it has held back a relation.
    """

    name: str
    columns: Mapping[Relation, list[str]]
    held_since: Mapping[Relation, datetime]


@contextmanager
def attached(client: SqlClientBase[Any], path: Path, name: str, *, read_only: bool = False) -> Iterator[None]:
    """Attach a second DuckDB file to a connection.

    Raises:
        DatabaseException: DuckDB cannot open it.
    """
    options = " (read_only)" if read_only else ""
    client.execute_sql(f"attach {exp.Literal.string(str(path)).sql('duckdb')} as {quoted(name)}{options}")
    try:
        yield
    finally:
        client.execute_sql(f"detach {quoted(name)}")


@contextmanager
def copy_before(client: SqlClientBase[Any], path: Path, name: str, warehouse_id: str) -> Iterator[CopyBefore | None]:
    """Attach the previous copy; None without a readable one of this warehouse."""
    if not path.exists():
        yield None
        return
    opened = attached(client, path, name, read_only=True)
    try:
        opened.__enter__()
    except DatabaseException as error:
        logger.warning("The previous copy %s cannot be read: %s", path, without_values(str(error)))
        yield None
        return
    try:
        yield _read_before(client, name, warehouse_id)
    finally:
        opened.__exit__(None, None, None)


def _read_before(client: SqlClientBase[Any], name: str, warehouse_id: str) -> CopyBefore | None:
    tables = client.execute_sql("select schema_name, table_name from duckdb_tables() where database_name = %s", name)
    is_table = {Relation(*row) for row in tables or []}
    columns = {relation: names for relation, names in _columns(client, name).items() if relation in is_table}
    notes = f"{quoted(name)}.{NOTES.sql()}"
    if NOTES in columns:
        comment = "select comment from duckdb_tables() where database_name = %s and table_name = %s"
        copy_comment = client.execute_sql(comment, name, NOTES.name)
        if copy_comment != [(_copy_comment(warehouse_id),)]:
            return None  # of another warehouse, which was in this place before
        rows = client.execute_sql(f"select relation, since from {notes} where status = 'held back'") or []  # noqa: S608
    elif (own := Relation("main", "identity")) in columns:  # as earlier releases made it
        if client.execute_sql(f"from {quoted(name)}.{own.sql()}") != [(warehouse_id,)]:
            return None
        rows = []
    else:
        return None
    return CopyBefore(name, columns, {Relation(*relation.split(".", 1)): since for relation, since in rows if since})


def fill(
    client: SqlClientBase[Any], plan: PublishPlan, new: str, before: CopyBefore | None, warehouse_id: str
) -> tuple[Note, ...]:
    """Write the planned relations into an empty attached file, in one transaction; hold back unreadable ones.

    Args:
        client: A connection to the warehouse.
        plan: The plan of the copy.
        new: The name of the attached file.
        before: The copy before.
        warehouse_id: Tells the warehouse from another one in its place.

    Returns:
        What was not written as the warehouse has it: the rows of the copy's note table.

    Raises:
        DatabaseException: DuckDB cannot write it.
    """
    held, copy_comment = dict(plan.held_back), _copy_comment(warehouse_id)
    while True:
        try:
            with client.begin_transaction():
                notes = _fill(client, replace(plan, held_back=held), new, before)
                _write_notes(client, new, notes, copy_comment)
                return notes
        except _UnreadableError as error:
            if error.relation in held:
                raise error.__cause__ or error from None
            held[error.relation] = HeldBack(f"It cannot be read: {error}", datetime.now(timezone.utc))


def _fill(client: SqlClientBase[Any], plan: PublishPlan, new: str, before: CopyBefore | None) -> tuple[Note, ...]:
    warehouse = str((client.execute_sql("select current_database()") or [])[0][0])
    there, notes = _columns(client, warehouse), []
    of_before = before.columns if before else {}
    sources = {warehouse, before.name} if before else {warehouse}
    comments, schemas = {name: _comments(client, name) for name in sources}, set[str]()
    for relation in sorted({*there, *plan.held_back}, key=str):
        held, source, names = plan.held_back.get(relation), warehouse, there.get(relation, [])
        if plan.columns is not None and relation not in plan.columns:
            notes.append(Note(relation, None, "left out", BOOKKEEPING, setting=plan.setting))
            continue
        if held:
            since = (before.held_since if before else {}).get(relation, held.since)
            names, source = of_before.get(relation, []), before.name if before else ""
            notes.append(Note(relation, None, "held back", held.why + ("" if names else NO_OTHER), since))
        values, of_columns = plan.values(relation, names)
        notes += of_columns
        if values:
            if relation.schema not in schemas:
                schemas.add(relation.schema)
                client.execute_sql(f"create schema if not exists {quoted(new)}.{quoted(relation.schema)}")
            _copy(client, relation, values, source, new)
            _comment(client, relation, values, comments[source].get(relation, {}), new)
    return tuple(notes)


def _copy(client: SqlClientBase[Any], relation: Relation, values: Mapping[str, str], source: str, new: str) -> None:
    selected = ", ".join(f"{value} as {quoted(name)}" for name, value in values.items())
    try:
        table, read = f"{quoted(new)}.{relation.sql()}", f"{quoted(source)}.{relation.sql()}"
        client.execute_sql(f"create table {table} as select {selected} from {read}")  # noqa: S608  # quoted by sqlglot
    except DatabaseException as error:
        if isinstance(error.dbapi_exception, _OF_THE_ROWS):
            raise _UnreadableError(relation, without_values(str(error))) from error
        raise


def _comment(
    client: SqlClientBase[Any], relation: Relation, values: Mapping[str, str], comments: Mapping[str, str], new: str
) -> None:
    for column, comment in comments.items():
        if column in values:
            client.execute_sql(
                f"comment on column {quoted(new)}.{relation.sql()}.{quoted(column)} is "
                f"{exp.Literal.string(comment).sql('duckdb')}"
            )


def _write_notes(client: SqlClientBase[Any], new: str, notes: tuple[Note, ...], copy_comment: str) -> None:
    table = f"{quoted(new)}.{NOTES.sql()}"
    columns = "relation varchar, column_name varchar, status varchar, why varchar, since timestamptz, setting varchar"
    client.execute_sql(f"create table {table} ({columns})")
    if notes:
        rows = [(str(note.relation), note.column, note.status, note.why, note.since, note.setting) for note in notes]
        values = ", ".join(["(%s, %s, %s, %s, %s, %s)"] * len(rows))
        client.execute_sql(f"insert into {table} values {values}", *(value for row in rows for value in row))  # noqa: S608
    client.execute_sql(f"comment on table {table} is {exp.Literal.string(copy_comment).sql('duckdb')}")


def _copy_comment(warehouse_id: str) -> str:
    """Return the comment of the note table, by which the next copy recognises its warehouse."""
    return f"What this copy of the warehouse {warehouse_id} lacks or has not as the warehouse has it, and why."


def _columns(client: SqlClientBase[Any], database: str) -> dict[Relation, list[str]]:
    query = (
        "select schema_name, table_name, column_name from duckdb_columns() where database_name = %s and not internal "
        "order by column_index"
    )
    found: dict[Relation, list[str]] = {}
    for schema, table, column in client.execute_sql(query, database) or []:
        found.setdefault(Relation(schema, table), []).append(column)
    return found


def _comments(client: SqlClientBase[Any], database: str) -> dict[Relation, dict[str, str]]:
    query = (
        "select schema_name, table_name, column_name, comment from duckdb_columns()"
        " where database_name = %s and not internal and comment is not null"
    )
    found: dict[Relation, dict[str, str]] = {}
    for schema, table, column, comment in client.execute_sql(query, database) or []:
        found.setdefault(Relation(schema, table), {})[column] = comment
    return found

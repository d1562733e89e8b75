"""Publishes a copy of the warehouse: a second lake for readers, who need to be let into nothing else.

All of it changes in one transaction, which is one snapshot of that lake: whoever reads it sees one refresh, as a whole.
What has not changed is not written, so its files stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone

import duckdb
from dlt.destinations.exceptions import DatabaseException
from sqlglot import exp

from event_assets.warehouse.copy_plan import BOOKKEEPING, NO_OTHER, HeldBack, Note, PublishPlan
from event_assets.warehouse.engines.ducklake.session import DuckLakeSession
from event_assets.warehouse.failures import without_values
from event_assets.warehouse.relations import Relation, quoted

NOTES = Relation("main", "about_this_copy")

_NOTE_COLUMNS = {
    "relation": "varchar", "column_name": "varchar", "status": "varchar", "why": "varchar", "since": "timestamptz",
    "setting": "varchar",
}  # fmt: skip
_OF_THE_ROWS = (duckdb.DataError, duckdb.ProgrammingError, duckdb.NotSupportedError)
"""What DuckDB raises because of what a relation is or holds, and not of the catalogue or the storage."""


class _UnreadableError(Exception):
    """A relation of the warehouse cannot be read."""

    def __init__(self, relation: Relation, why: str) -> None:
        super().__init__(why)
        self.relation = relation


@dataclass(frozen=True)
class _Copy:
    """The two lakes, and what the second one has.

    Attributes:
        session: A session of the warehouse.
        source: The name of the warehouse's lake.
        target: The name of the readers' lake, which is attached.
        columns: Its tables and their columns.
    """

    session: DuckLakeSession
    source: str
    target: str
    columns: dict[Relation, list[str]]

    def name(self, relation: Relation) -> str:
        return f"{quoted(self.target)}.{relation.sql()}"


def publish(session: DuckLakeSession, plan: PublishPlan, target: str) -> tuple[Note, ...]:
    """Bring the lake for readers up to date, in one transaction; hold back what cannot be read.

    Args:
        session: A session of the warehouse.
        plan: What is in the copy.
        target: The name of the attached lake.

    Returns:
        What is not as the warehouse has it.

    Raises:
        DatabaseException: It cannot be written.
    """
    held = dict(plan.held_back)
    [(source,)] = session.execute_sql("select current_database()") or [("",)]
    while True:
        try:
            with session.begin_transaction():
                copy = _Copy(session, source, target, _columns(session, target))
                notes = _fill(copy, replace(plan, held_back=held))
                _write_notes(copy, notes)
            return notes
        except _UnreadableError as error:
            held[error.relation] = HeldBack(f"It cannot be read: {error}", datetime.now(timezone.utc))


def _fill(copy: _Copy, plan: PublishPlan) -> tuple[Note, ...]:
    there, gone = _columns(copy.session, copy.source), set(copy.columns) - {NOTES}
    comments, since, notes = _comments(copy), _held_since(copy), []
    for relation in sorted({*there, *plan.held_back}, key=str):
        if plan.columns is not None and relation not in plan.columns:
            notes.append(Note(relation, None, "left out", BOOKKEEPING, setting=plan.setting))
            continue
        held, names = plan.held_back.get(relation), there.get(relation, [])
        if held:
            names = copy.columns.get(relation, [])
            why = held.why + ("" if names else NO_OTHER)
            notes.append(Note(relation, None, "held back", why, since.get(relation, held.since)))
        values, of_columns = plan.values(relation, names)
        notes += of_columns
        if held:
            _leave_out(copy, relation, [name for name in names if name not in values])
        elif values:
            _copy(copy, relation, values, comments.get(relation, {}))
        if names and values:
            gone.discard(relation)
    for relation in gone:
        copy.session.execute_sql(f"drop table {copy.name(relation)}")
    return tuple(notes)


def _copy(copy: _Copy, relation: Relation, values: Mapping[str, str], comments: Mapping[str, str]) -> None:
    """Copy a relation, unless the copy has its rows."""
    selected = ", ".join(f"{value} as {quoted(name)}" for name, value in values.items())
    select, table = f"select {selected} from {quoted(copy.source)}.{relation.sql()}", copy.name(relation)  # noqa: S608
    try:
        if relation in copy.columns and _is_same(copy, select, table):
            return
        copy.session.execute_sql(f"create schema if not exists {quoted(copy.target)}.{quoted(relation.schema)}")
        copy.session.execute_sql(f"create or replace table {table} as {select}")
    except DatabaseException as error:
        if isinstance(error.dbapi_exception, _OF_THE_ROWS):
            raise _UnreadableError(relation, without_values(str(error))) from error
        raise
    for column, comment in comments.items():
        if column in values:
            text = exp.Literal.string(comment).sql("duckdb")
            copy.session.execute_sql(f"comment on column {table}.{quoted(column)} is {text}")


def _is_same(copy: _Copy, select: str, table: str) -> bool:
    """Return whether a table has the columns and rows of a SELECT."""
    if copy.session.describe(select) != copy.session.describe(table):
        return False
    one, other = f"({select})", f"(from {table})"
    counts = copy.session.execute_sql(
        f"select (select count(*) from {one}), (select count(*) from {other})"  # noqa: S608
    )
    if not counts or counts[0][0] != counts[0][1]:
        return False
    return not copy.session.execute_sql(f"{one} except all {other} limit 1")


def _leave_out(copy: _Copy, relation: Relation, names: list[str]) -> None:
    """Drop columns of the copy that are not to be published any more."""
    for name in names:
        copy.session.execute_sql(f"alter table {copy.name(relation)} drop column {quoted(name)}")


def _columns(session: DuckLakeSession, lake: str) -> dict[Relation, list[str]]:
    query = (
        "select schema_name, table_name, column_name from duckdb_columns() where database_name = %s and not internal"
        " order by column_index"
    )
    found: dict[Relation, list[str]] = {}
    for schema, table, column in session.execute_sql(query, lake) or []:
        found.setdefault(Relation(schema, table), []).append(column)
    return found


def _comments(copy: _Copy) -> dict[Relation, dict[str, str]]:
    query = (
        "select schema_name, table_name, column_name, comment from duckdb_columns()"
        " where database_name = %s and not internal and comment is not null"
    )
    found: dict[Relation, dict[str, str]] = {}
    for schema, table, column, comment in copy.session.execute_sql(query, copy.source) or []:
        found.setdefault(Relation(schema, table), {})[column] = comment
    return found


def _held_since(copy: _Copy) -> dict[Relation, datetime]:
    if NOTES not in copy.columns:
        return {}
    query = f"select relation, since from {copy.name(NOTES)} where status = 'held back'"  # noqa: S608
    return {Relation(*name.split(".", 1)): since for name, since in copy.session.execute_sql(query) or [] if since}


def _write_notes(copy: _Copy, notes: tuple[Note, ...]) -> None:
    rows = [(str(note.relation), note.column, note.status, note.why, note.since, note.setting) for note in notes]
    table, execute = copy.name(NOTES), copy.session.execute_sql
    if NOTES not in copy.columns:
        declared = ", ".join(f"{name} {data_type}" for name, data_type in _NOTE_COLUMNS.items())
        execute(f"create table {table} ({declared})")
        comment = "What this copy of the warehouse lacks or has not as the warehouse has it, and why."
        execute(f"comment on table {table} is '{comment}'")
    elif sorted(map(repr, execute(f"from {table}") or [])) == sorted(map(repr, rows)):
        return
    execute(f"delete from {table}")  # noqa: S608
    if rows:
        values = ", ".join(["(%s, %s, %s, %s, %s, %s)"] * len(rows))
        execute(f"insert into {table} values {values}", *(value for row in rows for value in row))  # noqa: S608

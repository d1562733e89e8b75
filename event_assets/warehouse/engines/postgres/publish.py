"""Publishes a copy of the warehouse: schemas for readers, beside those that are written.

All of it changes in one transaction, so each query of a reader sees one refresh, as a whole. Tables stay where they
are, with the views that readers have made of them, and no reader needs to be let into the warehouse's own schemas,
which hold personal data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from dlt.destinations.exceptions import DatabaseException

from event_assets.warehouse.copy_plan import CopyStep, Note, Published, PublishPlan, UnreadableRelationError
from event_assets.warehouse.engines.postgres.failures import explain, failed
from event_assets.warehouse.engines.postgres.session import PostgresSession
from event_assets.warehouse.failures import PublishError
from event_assets.warehouse.names import COPIES, PUBLISHED, copy_of
from event_assets.warehouse.relations import Relation, quoted

NOTES = Relation(PUBLISHED, "about_this_copy")

_NOTE_COLUMNS = {
    "relation": "text", "column_name": "text", "status": "text", "why": "text", "since": "timestamptz",
    "setting": "text",
}  # fmt: skip


def publish(session: PostgresSession, plan: PublishPlan) -> Published:
    """Replace the copy for readers; hold back what cannot be read.

    Raises:
        PublishError: It cannot be written. The old copy stays.
    """

    def replace_all(plan: PublishPlan) -> tuple[Note, ...]:
        with session.begin_transaction():
            notes = _fill(session, plan)
            _write_notes(session, notes)
        return notes

    try:
        notes = plan.carried_out(replace_all)
        return Published(", ".join(_copies(session)), _size(session), notes)
    except DatabaseException as error:
        why, advice = failed(error)
        raise PublishError(
            f"The copy for readers cannot be written: {why}. {advice}, then run again. The warehouse has the new "
            "rows, and the previous copy is unchanged."
        ) from None


def _fill(session: PostgresSession, plan: PublishPlan) -> tuple[Note, ...]:
    there, copied = _columns(session, str), _columns(session, copy_of)
    notes, filled = list[Note](), list[CopyStep]()
    for step in plan.steps(there, copied, _held_since(session)):
        notes += step.notes
        if step.action == "copy":
            _copy(session, step.relation, step.values)
        elif step.action == "keep":
            _leave_out(session, step.relation, step.superfluous)
        elif step.relation in copied:
            session.execute_sql(f"drop table {_target(step.relation).sql()}")
        if step.action != "drop":
            filled.append(step)
    _comment(session, plan, filled)
    return tuple(notes)


def _copies(session: PostgresSession) -> list[str]:
    return [session.namespace.schema(copy_of(schema)) for schema in COPIES]


def _target(relation: Relation) -> Relation:
    return Relation(copy_of(relation.schema), relation.name)


def _copy(session: PostgresSession, relation: Relation, values: Mapping[str, str]) -> None:
    """Copy a relation, unless the copy has its rows."""
    selected = ", ".join(f"{value} as {quoted(name)}" for name, value in values.items())
    select, target = f"select {selected} from {relation.sql()}", _target(relation)  # noqa: S608  # quoted by sqlglot
    is_there = session.has_table(target)
    with _reading(relation):
        wanted = session.describe(select)
        if not is_there:  # No view of a reader can be in its way: what fails is the reading, which happens once.
            session.put(target, "table", select)
            return
        rows = session.execute_sql(_content(f"({select})"))
    if session.columns(target) == wanted and session.execute_sql(_content(target.sql())) == rows:
        return
    session.put(target, "table", select)


@contextmanager
def _reading(relation: Relation) -> Iterator[None]:
    """Say which relation it is that cannot be read.

    Raises:
        UnreadableRelationError: It cannot.
        DatabaseException: The server is the cause.
    """
    try:
        yield
    except DatabaseException as error:
        found = explain(error)
        if found is None or found.is_of_the_server:
            raise
        raise UnreadableRelationError(relation, found.why) from error


def _content(source: str) -> str:
    """Return a query for what tells the rows of a relation from others, in whatever order."""
    return f"select count(*), sum(hashtextextended(rows::text, 0)::numeric) from {source} as rows"  # noqa: S608


def _comment(session: PostgresSession, plan: PublishPlan, steps: Iterable[CopyStep]) -> None:
    """Give the tables and columns of the copy the comments that they lack."""
    query = (
        "select relnamespace::regnamespace::text, relname, coalesce(attname, ''), description"
        " from pg_description join pg_class on pg_class.oid = objoid and classoid = 'pg_class'::regclass"
        " left join pg_attribute on attrelid = objoid and attnum = objsubid and objsubid > 0"
        " where relnamespace::regnamespace::text = any(%s)"
    )
    there: dict[Relation, dict[str, str]] = {}
    for schema, name, column, comment in session.execute_sql(query, _copies(session)) or []:
        there.setdefault(session.namespace.logical(Relation(schema, name)), {})[column] = comment
    statements = [
        statement
        for step in steps
        for target in [_target(step.relation)]
        for statement in plan.comment_statements(step, target.sql(), there.get(target, {}))
    ]
    if statements:
        session.execute_sql("; ".join(statements))


def _leave_out(session: PostgresSession, relation: Relation, names: Sequence[str]) -> None:
    """Drop columns of the copy that are not to be published any more."""
    for name in names:
        session.execute_sql(f"alter table {_target(relation).sql()} drop column {quoted(name)}")


def _columns(session: PostgresSession, name_of: Callable[[str], str]) -> dict[Relation, list[str]]:
    """Return the relations that are copied, or their copies, and the columns of each.

    Args:
        session: The session.
        name_of: Returns where the relations of a schema are looked for.
    """
    query = (
        "select relname, attname from pg_attribute join pg_class on pg_class.oid = attrelid"
        " where relnamespace = to_regnamespace(%s) and relkind in ('r', 'p', 'v') and attnum > 0 and not attisdropped"
        " order by relname, attnum"
    )
    found: dict[Relation, list[str]] = {}
    for schema in COPIES[1:]:
        for name, column in session.execute_sql(query, quoted(session.namespace.schema(name_of(schema)))) or []:
            found.setdefault(Relation(schema, name), []).append(column)
    return found


def _held_since(session: PostgresSession) -> dict[Relation, datetime]:
    if not session.has_table(NOTES):
        return {}
    query = f"select relation, since from {NOTES.sql()} where status = 'held back'"  # noqa: S608
    return {Relation(*name.split(".", 1)): since for name, since in session.execute_sql(query) or [] if since}


def _write_notes(session: PostgresSession, notes: tuple[Note, ...]) -> None:
    declared = ", ".join(f"{name} {data_type}" for name, data_type in _NOTE_COLUMNS.items())
    session.execute_sql(f"create schema if not exists {NOTES.schema}")
    session.execute_sql(f"create table if not exists {NOTES.sql()} ({declared})")
    session.execute_sql(f"delete from {NOTES.sql()}")  # noqa: S608
    for note in notes:
        session.execute_sql(
            f"insert into {NOTES.sql()} values (%s, %s, %s, %s, %s, %s)",  # noqa: S608
            *note.row,
        )
    comment = "What this copy of the warehouse lacks or has not as the warehouse has it, and why."
    session.execute_sql(f"comment on table {NOTES.sql()} is '{comment}'")


def _size(session: PostgresSession) -> int:
    query = "select coalesce(sum(pg_total_relation_size(oid)), 0)::bigint from pg_class where relkind = 'r'"
    of_copies = f"{query} and relnamespace::regnamespace::text = any(%s)"
    [(size,)] = session.execute_sql(of_copies, _copies(session)) or [(0,)]
    return size

"""Publishes a copy of the warehouse: folders of Delta tables for readers, beside those that are written.

Each table is replaced in one commit, which a reader sees as a whole or not at all. Several tables are not: so the table
``refresh``, which is written last, has the version of each that belongs together, for ``select … version as of``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import pyarrow as pa
from dlt.destinations.exceptions import DatabaseException
from sqlglot import exp, parse_one

from event_assets.warehouse.copy_plan import BOOKKEEPING, NO_OTHER, HeldBack, Note, Published, PublishPlan
from event_assets.warehouse.engines.spark.failures import explain, failed
from event_assets.warehouse.engines.spark.server import DIALECT
from event_assets.warehouse.engines.spark.session import COPIES, SparkSession, copy_of
from event_assets.warehouse.failures import PublishError, WarehouseUnreadableError
from event_assets.warehouse.names import PUBLISHED
from event_assets.warehouse.relations import Relation

NOTES = Relation(PUBLISHED, "about_this_copy")
REFRESH = Relation(PUBLISHED, "refresh")

_INSTANT = pa.timestamp("us", tz="UTC")
_NOTE_COLUMNS = pa.schema(
    {
        "relation": pa.string(), "column_name": pa.string(), "status": pa.string(), "why": pa.string(),
        "since": _INSTANT, "setting": pa.string(),
    }
)  # fmt: skip
_REFRESH_COLUMNS = pa.schema(
    {
        "relation": pa.string(), "version": pa.int64(), "published_at": _INSTANT,
        # What it was made of, by which the next refresh sees that it has not changed.
        "source_version": pa.int64(), "definition": pa.string(),
    }
)  # fmt: skip


@dataclass(frozen=True)
class _Copied:
    """A table of the copy.

    Attributes:
        version: Its version.
        source_version: The version of the table that it was made of; None where it was changed since.
        definition: A hash of the SELECT.
    """

    version: int
    source_version: int | None
    definition: str | None


def publish(session: SparkSession, plan: PublishPlan) -> Published:
    """Replace the copy for readers; hold back what cannot be read.

    Raises:
        PublishError: It cannot be written. The tables not yet replaced stay.
    """
    copies = [copy_of(schema) for schema in COPIES]
    try:
        notes = _Publisher(session, plan).fill()
        return Published(", ".join(copies), session.lake.size(*copies), notes)
    except (DatabaseException, WarehouseUnreadableError) as error:
        why, advice = failed(error)
        raise PublishError(
            f"The copy for readers cannot be written: {why}. {advice}, then run again. The warehouse has the new rows. "
            "Each table of the copy has either its old or its new ones."
        ) from None


class _Publisher:
    """One publication."""

    def __init__(self, session: SparkSession, plan: PublishPlan) -> None:
        self._session, self._lake = session, session.lake
        self._plan = plan
        self._copied = self._read_refresh()
        self._since = self._held_since()

    def fill(self) -> tuple[Note, ...]:
        """Replace what has changed, delete what is published no more, and write the notes; return these."""
        plan = self._plan
        there = {*self._lake.tables(*COPIES[1:])}
        superfluous = {*self._lake.tables(*map(copy_of, COPIES[1:]))}
        notes: list[Note] = []
        for relation in sorted({*there, *plan.held_back}, key=str):
            if plan.columns is not None and relation not in plan.columns:
                notes.append(Note(relation, None, "left out", BOOKKEEPING, setting=plan.setting))
                continue
            target, held = _target(relation), plan.held_back.get(relation)
            values, of_columns = plan.values(relation, self._names(relation) if relation in there else [])
            if not held and values:
                held = self._copy(relation, values)
            if held:
                notes += self._hold_back(relation, held)
            else:
                notes += of_columns
            superfluous.discard(target)
        for target in superfluous:
            self._lake.remove(target)
            self._copied.pop(target, None)
        self._write(NOTES, _NOTE_COLUMNS, [_note_row(note) for note in notes])
        now = datetime.now(timezone.utc)
        rows = [
            (str(each), made.version, now, made.source_version, made.definition) for each, made in self._copied.items()
        ]
        self._write(REFRESH, _REFRESH_COLUMNS, rows)
        return tuple(notes)

    def _copy(self, relation: Relation, values: Mapping[str, str]) -> HeldBack | None:
        """Copy a relation, unless the copy has its rows; return why it cannot be read."""
        target, select = _target(relation), _select(relation, values)
        version = self._lake.open(relation).version()
        definition = hashlib.sha256(select.encode()).hexdigest()
        before = self._copied.get(target)
        is_there = self._lake.has_table(target)
        if is_there and before and (before.source_version, before.definition) == (version, definition):
            return None
        try:
            self._session.replace(target, "table", select)
        except DatabaseException as error:
            found = explain(error)
            if found is None or found.is_of_the_server:
                raise
            return HeldBack(f"It cannot be read: {found.why}", datetime.now(timezone.utc))
        self._copied[target] = _Copied(self._lake.open(target).version(), version, definition)
        return None

    def _hold_back(self, relation: Relation, held: HeldBack) -> list[Note]:
        """Leave the copy of a relation as it is, but for columns that are not to be published any more."""
        target = _target(relation)
        names = self._names(target) if self._lake.has_table(target) else []
        values, of_columns = self._plan.values(relation, names)
        if len(values) < len(names) and values:
            kept = {name: exp.to_identifier(name, quoted=True).sql("duckdb") for name in values}
            self._session.replace(target, "table", _select(target, kept))
            self._copied[target] = _Copied(self._lake.open(target).version(), None, None)
        elif names and not values:
            self._lake.remove(target)
            self._copied.pop(target, None)
        why = held.why + ("" if values else NO_OTHER)
        return [Note(relation, None, "held back", why, self._since.get(str(relation), held.since)), *of_columns]

    def _names(self, relation: Relation) -> list[str]:
        return [column.name for column in self._lake.columns(relation)]

    def _read_refresh(self) -> dict[Relation, _Copied]:
        return {
            Relation(*row["relation"].split(".", 1)): _Copied(row["version"], row["source_version"], row["definition"])
            for row in self._read(REFRESH)
        }

    def _held_since(self) -> dict[str, datetime]:
        return {
            row["relation"]: row["since"] for row in self._read(NOTES) if row["status"] == "held back" and row["since"]
        }

    def _read(self, relation: Relation) -> list[dict[str, Any]]:
        return self._lake.open(relation).to_pyarrow_table().to_pylist() if self._lake.has_table(relation) else []

    def _write(self, relation: Relation, columns: pa.Schema, rows: Iterable[Sequence[Any]]) -> None:
        records = [dict(zip(columns.names, row, strict=True)) for row in rows]
        table = self._lake.open(relation) if self._lake.has_table(relation) else None
        self._lake.overwrite(relation, pa.Table.from_pylist(records, schema=columns), table)


def _target(relation: Relation) -> Relation:
    return Relation(copy_of(relation.schema), relation.name)


def _note_row(note: Note) -> tuple[Any, ...]:
    return str(note.relation), note.column, note.status, note.why, note.since, note.setting


def _select(relation: Relation, values: Mapping[str, str]) -> str:
    """Return the SELECT of some columns, in Spark's SQL.

    Args:
        relation: Where they are from.
        values: Their names → what they are, as expressions of DuckDB.
    """
    expressions = [parse_one(value, dialect="duckdb").as_(name, quoted=True) for name, value in values.items()]
    source = exp.table_(relation.name, db=relation.schema, quoted=True)
    return exp.select(*expressions).from_(source).sql(DIALECT)

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

from event_assets.warehouse.copy_plan import CopyStep, Note, Published, PublishPlan, UnreadableRelationError
from event_assets.warehouse.engines.spark.failures import explain, failed
from event_assets.warehouse.engines.spark.server import DIALECT
from event_assets.warehouse.engines.spark.session import SparkSession
from event_assets.warehouse.failures import PublishError, WarehouseUnreadableError
from event_assets.warehouse.names import COPIES, PUBLISHED, copy_of
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
        return Published(", ".join(map(session.lake.namespace.schema, copies)), session.lake.size(*copies), notes)
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
        plan, notes = self._plan, list[Note]()
        there = {relation: self._names(relation) for relation in self._lake.tables(*COPIES[1:])}
        copies = self._lake.tables(*map(copy_of, COPIES[1:]))
        sources = [Relation(copy.schema.removeprefix(copy_of("")).removeprefix("_"), copy.name) for copy in copies]
        copied = {each: self._names(_target(each)) if each in plan.held_back else [] for each in sources}
        for planned in plan.steps(there, copied, self._since):
            step = self._copy(planned) if planned.action == "copy" else planned
            if step.action == "keep":
                self._leave_out(step)
            elif step.action == "drop" and step.relation in copied:
                target = _target(step.relation)
                self._lake.remove(target)
                self._copied.pop(target, None)
            notes += step.notes
        self._write(NOTES, _NOTE_COLUMNS, [note.row for note in notes])
        now = datetime.now(timezone.utc)
        rows = [
            (str(self._lake.namespace.relation(each)), made.version, now, made.source_version, made.definition)
            for each, made in self._copied.items()
        ]
        self._write(REFRESH, _REFRESH_COLUMNS, rows)
        return tuple(notes)

    def _copy(self, step: CopyStep) -> CopyStep:
        """Copy a relation, unless the copy has its rows; return the step, another one if it cannot be read."""
        relation = step.relation
        target, select = _target(relation), _select(relation, step.values)
        version = self._lake.open(relation).version()
        definition = hashlib.sha256(select.encode()).hexdigest()
        before, is_there = self._copied.get(target), self._lake.has_table(target)
        if is_there and before and (before.source_version, before.definition) == (version, definition):
            return step
        try:
            self._session.replace(target, "table", select)
        except DatabaseException as error:
            found = explain(error)
            if found is None or found.is_of_the_server:
                raise
            plan = self._plan.holding_back(UnreadableRelationError(relation, found.why))
            return plan.step(relation, self._names(target) if is_there else [], self._since.get(relation))
        self._copied[target] = _Copied(self._lake.open(target).version(), version, definition)
        return step

    def _leave_out(self, step: CopyStep) -> None:
        """Leave the copy of a relation as it is, but for columns that are not to be published any more."""
        if step.superfluous:
            target = _target(step.relation)
            kept = {name: exp.to_identifier(name, quoted=True).sql("duckdb") for name in step.values}
            self._session.replace(target, "table", _select(target, kept))
            self._copied[target] = _Copied(self._lake.open(target).version(), None, None)

    def _names(self, relation: Relation) -> list[str]:
        return [column.name for column in self._lake.columns(relation)]

    def _read_refresh(self) -> dict[Relation, _Copied]:
        logical = self._lake.namespace.logical
        return {
            logical(Relation(*row["relation"].split(".", 1))): _Copied(
                row["version"], row["source_version"], row["definition"]
            )
            for row in self._read(REFRESH)
        }

    def _held_since(self) -> dict[Relation, datetime]:
        held = [row for row in self._read(NOTES) if row["status"] == "held back" and row["since"]]
        return {Relation(*row["relation"].split(".", 1)): row["since"] for row in held}

    def _read(self, relation: Relation) -> list[dict[str, Any]]:
        return self._lake.open(relation).to_pyarrow_table().to_pylist() if self._lake.has_table(relation) else []

    def _write(self, relation: Relation, columns: pa.Schema, rows: Iterable[Sequence[Any]]) -> None:
        records = [dict(zip(columns.names, row, strict=True)) for row in rows]
        table = self._lake.open(relation) if self._lake.has_table(relation) else None
        self._lake.overwrite(relation, pa.Table.from_pylist(records, schema=columns), table)


def _target(relation: Relation) -> Relation:
    return Relation(copy_of(relation.schema), relation.name)


def _select(relation: Relation, values: Mapping[str, str]) -> str:
    """Return the SELECT of some columns, in Spark's SQL.

    Args:
        relation: Where they are from.
        values: Their names → what they are, as expressions of DuckDB.
    """
    expressions = [parse_one(value, dialect="duckdb").as_(name, quoted=True) for name, value in values.items()]
    source = exp.table_(relation.name, db=relation.schema, quoted=True)
    return exp.select(*expressions).from_(source).sql(DIALECT)

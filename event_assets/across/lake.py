"""The lake of all events: each event's tables for readers as Delta tables, with a partition for each event.

One event's rows of one table are replaced in one commit, and events may be published at once. Nothing spans tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
from dlt.destinations.exceptions import DatabaseException

from event_assets.across.inputs import EVENT
from event_assets.models import Model
from event_assets.warehouse import HISTORY, STAGING, SUMMARY
from event_assets.warehouse.engines import Engine
from event_assets.warehouse.engines.spark.failures import failed
from event_assets.warehouse.engines.spark.lake import Lake
from event_assets.warehouse.failures import PublishError
from event_assets.warehouse.relations import Relation

SCHEMAS = (STAGING, HISTORY, SUMMARY)
"""What is published of an event."""

OF_PERSONS = frozenset({Relation(STAGING, name) for name in ("participants", "registrations", "reviews")})
"""The tables with a row for each person, or for what one person does."""

Plan = Mapping[Relation, Sequence[str]]
"""The tables of an event that go into the lake, and their columns."""


@dataclass(frozen=True)
class InLake:
    """What was published.

    Attributes:
        written: The tables whose rows were replaced, with the number of rows.
        unchanged: How many tables had the same rows already.
        removed: The tables that have no rows of the event any more.
    """

    written: Mapping[Relation, int]
    unchanged: int
    removed: Sequence[Relation]


def lake_plan(models: Mapping[Relation, Model], *, participants: bool) -> Plan:
    """Return what of an event goes into the lake: the models' columns without personal data.

    Args:
        models: The event's models.
        participants: Whether tables with a row for each person go there.
    """
    return {
        relation: [name for name in model.columns if name not in model.facts.pii]
        for relation, model in models.items()
        if participants or relation not in OF_PERSONS
    }


def publish_to_lake(lake: Lake, event: str, engine: Engine, plan: Plan) -> InLake:
    """Replace an event's rows in the lake with those of its published copy.

    Args:
        lake: The lake.
        event: What cross-event tables call the event.
        engine: The event's.
        plan: What goes there. What the copy lacks of it, the lake lacks as well.

    Raises:
        PublishError: The lake cannot be written. Each table has either its old or its new rows of the event.
        WarehouseUnreadableError: The copy cannot be read.
    """
    written, unchanged = dict[Relation, int](), 0
    try:
        for relation, table in engine.copied_tables(*SCHEMAS):
            if relation not in plan:
                continue
            rows = of_event(table, event, plan[relation])
            if _are_same(lake.rows_with(relation, EVENT, event), rows):
                unchanged += 1
            else:
                lake.replace_rows(relation, rows, EVENT, event)
                written[relation] = rows.num_rows
            plan = {each: columns for each, columns in plan.items() if each != relation}
        return InLake(written, unchanged, _remove(lake, event, plan))
    except DatabaseException as error:
        why, advice = failed(error)
        raise PublishError(
            f"The lake of all events cannot be written: {why}. {advice}, then run again. Each table in it has either "
            "its old or its new rows of the event."
        ) from None  # what is said may have the address in it


def remove_from_lake(lake: Lake, event: str) -> Sequence[Relation]:
    """Delete all rows of an event, and return the tables that had some.

    Raises:
        DatabaseException: The lake cannot be written.
    """
    return _remove(lake, event, lake.tables(*SCHEMAS))


def _remove(lake: Lake, event: str, tables: Iterable[Relation]) -> Sequence[Relation]:
    removed = []
    for relation in tables:
        if (rows := lake.rows_with(relation, EVENT, event)) is not None:
            lake.replace_rows(relation, rows.slice(0, 0), EVENT, event)
            removed.append(relation)
    return removed


def of_event(table: pa.Table, event: str, columns: Sequence[str]) -> pa.Table:
    """Return the rows of an event as the lake has them, whichever engine they come from.

    Args:
        table: The rows of a table of its copy.
        event: What cross-event tables call the event.
        columns: The columns that go there.
    """
    names = [name for name in columns if name in table.column_names]
    values = {name: table[name].cast(_type_in_lake(table[name].type)) for name in names}
    return pa.table({EVENT: pa.array([event] * table.num_rows, pa.string()), **values})


def _type_in_lake(kind: pa.DataType) -> pa.DataType:
    """Return one type for each kind of value: engines differ in how long a number is, and events share a table.

    Local times are instants of UTC, as in a warehouse of Delta tables: not every reader knows a time without a zone.
    """
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", tz="UTC")
    if pa.types.is_integer(kind):
        return pa.int64()
    if pa.types.is_floating(kind):
        return pa.float64()
    return pa.string() if pa.types.is_large_string(kind) or pa.types.is_string_view(kind) else kind


def _are_same(held: pa.Table | None, rows: pa.Table) -> bool:
    """Return whether the lake has these rows, in this order, and no value in a column that they lack."""
    if held is None or held.num_rows != rows.num_rows:
        return False
    if any(name not in rows.column_names and held[name].null_count < held.num_rows for name in held.column_names):
        return False
    return set(rows.column_names) <= set(held.column_names) and all(
        held[name].combine_chunks().equals(rows[name].combine_chunks()) for name in rows.column_names
    )

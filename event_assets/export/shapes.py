"""Finds the shape of each table and view: its kind, the types of its columns, its row count."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from dlt.common.schema.typing import TColumnSchema
from dlt.destinations.exceptions import DatabaseException
from sqlglot import exp

from event_assets.models import Model, build
from event_assets.source.tables.columns import Column, Table
from event_assets.source.tables.schema import TABLES, raw_tables
from event_assets.warehouse import RAW, Warehouse, WarehouseError
from event_assets.warehouse.engines import Session, explain
from event_assets.warehouse.engines.duckdb import DuckDbEngine
from event_assets.warehouse.relations import Relation, RelationColumn


@dataclass(frozen=True)
class TableShape:
    """What a table or view looks like.

    Attributes:
        kind: ``table`` or ``view``.
        columns: Its columns in order, with the warehouse's type names.
        rows: How many it has; None where nobody has counted, because there is no warehouse.
    """

    kind: str
    columns: tuple[RelationColumn, ...]
    rows: int | None = None

    @property
    def types(self) -> dict[str, str]:
        """The type of each column by name."""
        return {column.name: column.data_type for column in self.columns}


def read_shapes(session: Session, relations: Collection[Relation]) -> dict[Relation, TableShape]:
    """Return the shapes of those relations that the warehouse has, with row counts.

    Args:
        session: A connection to the warehouse.
        relations: The relations to look for.

    Raises:
        WarehouseError: One of them cannot be read, such as a view of an earlier release.
    """
    there = session.kinds(*sorted({relation.schema for relation in relations}))
    return {relation: _shape(session, relation, kind) for relation, kind in there.items() if relation in relations}


def _shape(session: Session, relation: Relation, kind: str) -> TableShape:
    try:
        return TableShape(kind, tuple(session.columns(relation)), session.row_count(relation))
    except DatabaseException as error:
        found = explain(error)
        why = found.why if found else type(error).__name__
        raise WarehouseError(
            f"{relation} cannot be read ({why}). Nothing was changed. Sync and build it again, then repeat this."
        ) from None


def declared_shapes(
    models: Mapping[Relation, Model], parameters: Mapping[str, str], raw: Mapping[str, Table] = TABLES
) -> dict[Relation, TableShape]:
    """Return the shapes that a warehouse in a file would have, without row counts.

    It is built, empty, in a temporary folder: only the database knows which types a SELECT makes of others.

    Args:
        models: All models, each after those that it reads.
        parameters: The settings that SELECTs may read, by name.
        raw: The raw tables of resources.
    """
    tables = {Relation(RAW, name): declared for name, declared in raw_tables(raw).items()}
    with tempfile.TemporaryDirectory() as folder:
        engine = DuckDbEngine(Path(folder, "declared.duckdb"), Path(folder, "unused.duckdb"))
        with Warehouse(engine).connect() as session:
            session.execute_sql(f"create schema {RAW}")
            for relation, declared in tables.items():
                session.execute_sql(_create(session, relation, declared))
            for model in models.values():
                build(session, model, parameters)
            shapes = read_shapes(session, {*tables, *models})
    return {relation: TableShape(shape.kind, shape.columns) for relation, shape in shapes.items()}


def _create(session: Session, relation: Relation, declared: Collection[Column]) -> str:
    """Return the statement that makes a raw table, with the types that dlt would give it."""
    mapper = session.client.capabilities.get_type_mapper()
    columns = [
        f"{exp.to_identifier(column.name, quoted=True).sql()} "
        + mapper.to_destination_type(cast(TColumnSchema, column.as_dlt()), {"name": relation.name, "columns": {}})
        for column in declared
    ]
    return f"create table {relation.sql()} ({', '.join(columns)})"

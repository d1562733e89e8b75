"""Makes dbt's ``catalog.json``: the types and row counts of what is in the warehouse."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from event_assets.export.artifacts import Described, unique_id
from event_assets.export.shapes import TableShape
from event_assets.warehouse.relations import Relation

_TYPES = {"table": "BASE TABLE", "view": "VIEW"}
"""The kinds of relations, as dbt's DuckDB adapter has them."""


def catalog(described: Described) -> dict[str, Any]:
    """Return the artifact, version 1. Relations whose shape nobody knows are left out, as dbt does."""
    models = {relation: model.columns for relation, model in described.models.items()}
    sources = {relation: [column.name for column in columns] for relation, columns in described.sources.items()}
    return {
        "metadata": described.metadata("catalog/v1"),
        "nodes": _tables(described, models.items()),
        "sources": _tables(described, sources.items()),
        "errors": None,
    }


def _tables(described: Described, relations: Iterable[tuple[Relation, list[str]]]) -> dict[str, Any]:
    return {
        unique_id(relation): _table(described, relation, described.shapes[relation], declared)
        for relation, declared in relations
        if relation in described.shapes
    }


def _table(described: Described, relation: Relation, shape: TableShape, declared: list[str]) -> dict[str, Any]:
    columns = [column for column in shape.columns if column.name in declared]
    return {
        "metadata": {
            "type": _TYPES[shape.kind],
            "schema": described.schema(relation.schema),
            "name": relation.name,
            "database": described.database,
            "comment": None,
            "owner": None,
        },
        "columns": {
            column.name: {"type": column.data_type, "index": index, "name": column.name, "comment": None}
            for index, column in enumerate(columns, 1)
        },
        "stats": _stats(shape.rows),
        "unique_id": unique_id(relation),
    }


def _stats(rows: int | None) -> dict[str, Any]:
    has_stats = _stat("has_stats", "Has Stats?", rows is not None, "Whether rows were counted.", include=False)
    if rows is None:
        return {"has_stats": has_stats}
    return {
        "has_stats": has_stats,
        "row_count": _stat("row_count", "Row Count", rows, "Rows when the catalogue was made.", include=True),
    }


def _stat(name: str, label: str, value: bool | int, description: str, *, include: bool) -> dict[str, Any]:
    return {"id": name, "label": label, "value": value, "include": include, "description": description}

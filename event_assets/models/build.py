"""Builds a model in the warehouse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dlt.destinations.sql_client import SqlClientBase

from event_assets.models.project import Model
from event_assets.warehouse.relations import Relation, append, replace

REFRESH_NUMBER = "refresh_number"
"""The column of a history that counts the refreshes which added rows."""


def build(client: SqlClientBase[Any], model: Model, parameters: Mapping[str, str]) -> None:
    """Bring a model up to date with what it reads, in one transaction: where its SELECT fails, it stays as it was.

    Args:
        client: A connection for writing.
        model: The model.
        parameters: The settings that SELECTs may ask for, by name.
    """
    select = model.render(parameters)
    if model.kind == "incremental":
        append(client, model.relation, select, model.render(parameters, first=True), _fill(model.relation))
    else:
        replace(client, model.relation, model.kind, select)


def _fill(relation: Relation) -> dict[str, str]:
    """Return what fills columns that a history of an early release lacks.

    Its rows do not say which refresh added them. Those of one refresh have one time, and rows are only ever added at
    the end: so the place of a time's first row tells the order, also where the clock was set back.
    """
    table = relation.sql()
    return {
        REFRESH_NUMBER: (
            f"update {table} set {REFRESH_NUMBER} = numbered.number from ("  # noqa: S608  # quoted by sqlglot
            f"select seen_at, row_number() over (order by min(rowid)) as number from {table} group by seen_at"
            f") as numbered where numbered.seen_at = {table}.seen_at"
        )
    }

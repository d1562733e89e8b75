"""Builds a model in the warehouse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dlt.destinations.sql_client import SqlClientBase

from event_assets.models.project import Model
from event_assets.warehouse.relations import append, replace


def build(client: SqlClientBase[Any], model: Model, parameters: Mapping[str, str]) -> None:
    """Bring a model up to date with what it reads, in one transaction: where its SELECT fails, it stays as it was.

    Args:
        client: A connection for writing.
        model: The model.
        parameters: The settings that SELECTs may ask for, by name.
    """
    select = model.render(parameters)
    if model.kind == "incremental":
        append(client, model.relation, select, model.render(parameters, first=True))
    else:
        replace(client, model.relation, model.kind, select)

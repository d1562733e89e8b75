"""The artifacts of the project before there is a warehouse, made once."""

from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import Any

from event_assets.assets.keys import raw_columns, raw_relations
from event_assets.export import Described, catalog, declared_shapes, manifest
from event_assets.models import load_models
from event_assets.models.lineage import Lineage
from event_assets.models.project import KINDS, MODELS_FOLDER
from event_assets.source.tables.more import ALL_TABLES

PARAMETERS = {"event_timezone": "Europe/Vienna"}


def model_files() -> list[Path]:
    """The SQL file of each model."""
    return [path for layer in KINDS for path in (MODELS_FOLDER / layer).glob("*.sql")]


@cache
def described() -> Described:
    models = load_models(raw_relations())
    return Described(
        database="warehouse",
        adapter="duckdb",
        owner="team:event-data",
        models=models,
        lineage=Lineage(models, raw_columns()),
        parameters=PARAMETERS,
        shapes=declared_shapes(models, PARAMETERS, ALL_TABLES),
        tables=ALL_TABLES,
        generated_at=datetime(2026, 5, 1, 12, 30, tzinfo=timezone.utc),
    )


@cache
def the_manifest() -> dict[str, Any]:
    return manifest(described())


@cache
def the_catalog() -> dict[str, Any]:
    return catalog(described())

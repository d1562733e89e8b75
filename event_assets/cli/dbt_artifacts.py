"""`event-assets dbt-artifacts`: writes dbt-shaped artifacts for data catalogues."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Collection, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import click

from event_assets.assets.keys import raw_columns, raw_relations
from event_assets.assets.metadata import OWNERS
from event_assets.assets.models import project_models
from event_assets.export import Described, TableShape, catalog, declared_shapes, manifest, read_shapes
from event_assets.models.lineage import Lineage
from event_assets.settings import find_event, read_events
from event_assets.source.tables.more import tables_of
from event_assets.warehouse import Warehouse
from event_assets.warehouse.engines import configured_engine, namespace_of
from event_assets.warehouse.relations import Relation


def write_artifacts(folder: Path, event_name: str | None = None) -> None:
    """Write ``manifest.json`` and ``catalog.json`` of an event, and print what they have.

    Args:
        folder: Where to; it is made if need be.
        event_name: The event, as a person names it; the first one, if not given.

    Raises:
        click.ClickException: The files cannot be written there.
        SettingsError: A setting cannot be used. Nothing was written.
        WarehouseError: The warehouse is in use or cannot be read. Nothing was written.
    """
    events = read_events(of_the_location=False)
    event = find_event(event_name, events) if event_name else events[0]
    tables = tables_of(event.resources)
    models, parameters = project_models(tables), {"event_timezone": event.dates.timezone}
    engine = configured_engine(event)
    database, found = _found_in(Warehouse.of(event), {*raw_relations(tables), *models})
    described = Described(
        database=database,
        adapter=engine.dialect,
        owner=OWNERS[0],
        models=models,
        lineage=Lineage(models, raw_columns(tables)),
        parameters=parameters,
        shapes=declared_shapes(models, parameters, tables) | found,
        tables=tables,
        namespace=namespace_of(event),
        generated_at=datetime.now(timezone.utc),
    )
    _write(folder, {"manifest.json": manifest(described), "catalog.json": catalog(described)})
    counted = f"row counts of {engine.where}" if found else "no row counts, because there is no warehouse yet"
    click.echo(
        f"{folder / 'manifest.json'}: {len(models)} models, {len(described.sources)} raw tables, "
        f"{sum(len(model.data_tests) for model in models.values())} data tests.\n"
        f"{folder / 'catalog.json'}: the types of their columns, and {counted}."
    )


def _found_in(warehouse: Warehouse, relations: Collection[Relation]) -> tuple[str, dict[Relation, TableShape]]:
    """Return what SQL calls the database, and the shapes of what it has; none if there is no warehouse.

    That is not made for this. A file is called by its name without ending.
    """
    if not warehouse.engine.is_there():
        return warehouse.path.stem, {}
    with warehouse.connect() as session:
        [[database]] = session.execute_sql("select current_database()") or [["warehouse"]]
        return str(database), read_shapes(session, relations)


def _write(folder: Path, artifacts: Mapping[str, Mapping[str, Any]]) -> None:
    """Write JSON files. Each takes its place at once, after all are complete: who reads one finds it whole."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".dbt-artifacts-") as unfinished:
            for name, artifact in artifacts.items():
                Path(unfinished, name).write_text(json.dumps(artifact, indent=1), encoding="utf-8")
            for name in artifacts:
                os.replace(Path(unfinished, name), folder / name)
    except OSError as error:
        raise click.ClickException(
            f"The artifacts cannot be written to {folder} ({error.strerror}). The tables are unchanged. Free disk "
            "space or allow writing there, or name another folder with --to."
        ) from error

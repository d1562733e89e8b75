"""`event-assets site`: makes the pages that people look at from what there is, without a run."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime, timezone

import click
import dagster as dg

from event_assets.assets.event_page import write_event_page
from event_assets.assets.held_back import held_back
from event_assets.assets.models import project_models
from event_assets.assets.site import catalogue_page
from event_assets.assets.site_files import write_files
from event_assets.automation.table_status import read_statuses
from event_assets.cli.home import open_instance, prepare_dagster_home
from event_assets.settings import Event, dagster_home, read_event
from event_assets.site import CATALOGUE_FILE, EVENT_FILE
from event_assets.site.folder import open_folder
from event_assets.source.tables.more import tables_of
from event_assets.warehouse import Warehouse


def write_site() -> None:
    """Write the data catalogue; and the event's page and the files, if there is a warehouse.

    Raises:
        SettingsError: A setting cannot be used, or the folder cannot be written.
        ModelError: A model is wrong.
        WarehouseError: The warehouse is in use for too long, or cannot be read. The catalogue is written.
    """
    event, now = read_event(), datetime.now(timezone.utc)
    models = project_models(tables_of(event.resources))
    with _recorded(event) as instance:
        page = catalogue_page(instance, models, read_statuses, event, now)
        held = held_back(instance, models)
    folder = open_folder(event.site)
    folder.write({CATALOGUE_FILE: page.encode()})
    click.echo(f"Data catalogue: {folder.where(CATALOGUE_FILE)}")
    warehouse = Warehouse.of(event)
    if not warehouse.engine.is_there():
        click.echo("There is no warehouse yet for the event's page and the files: run a sync, then this command again.")
        return
    write_event_page(warehouse, event, sorted(map(str, held)), now)
    click.echo(f"Event:          {folder.where(EVENT_FILE)}")
    report = write_files(warehouse, models, held, event, now)
    click.echo(f"Files:          {report.where} ({report.files} files, {report.written} of them written now)")


def _recorded(event: Event) -> AbstractContextManager[dg.DagsterInstance]:
    """Open Dagster's records; where nothing was ever recorded, empty ones, and no folder is made for them."""
    if not (dagster_home() / "dagster.yaml").exists():
        return dg.DagsterInstance.ephemeral()
    prepare_dagster_home(event.retention)
    return open_instance()

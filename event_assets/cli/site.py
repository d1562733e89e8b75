"""`event-assets site`: makes the pages that people look at from what there is, without a run."""

from __future__ import annotations

from datetime import datetime, timezone

import click

from event_assets.assets.event_list import SiteEvents, read_site_events
from event_assets.assets.event_page import write_event_page
from event_assets.assets.held_back import held_back
from event_assets.assets.models import project_models
from event_assets.assets.site import catalogue_page
from event_assets.assets.site_files import write_files
from event_assets.automation.table_status import read_statuses
from event_assets.cli.home import open_records
from event_assets.settings import Event, read_events
from event_assets.site import CATALOGUE_FILE, EVENT_FILE
from event_assets.site.folder import open_folder
from event_assets.source.tables.more import tables_of
from event_assets.warehouse import Warehouse


def write_site() -> None:
    """Write the data catalogue of each event; and its page and the files, if there is a warehouse.

    Raises:
        SettingsError: A setting cannot be used, or the folder cannot be written.
        ModelError: A model is wrong.
        WarehouseError: The warehouse is in use for too long, or cannot be read. The catalogue is written.
    """
    events, all_events = read_events(), read_site_events()
    for event in events:
        _write_site(event, len(events), datetime.now(timezone.utc), all_events)
    all_events.write_list(datetime.now(timezone.utc))


def _write_site(event: Event, events: int, now: datetime, all_events: SiteEvents) -> None:
    models, among = project_models(tables_of(event.resources)), all_events.among(event)
    with open_records(event.retention, events) as instance:
        page = catalogue_page(instance, models, read_statuses, event, now, among)
        held = held_back(instance, models, event.key_prefix)
    folder = open_folder(event.site)
    folder.write({CATALOGUE_FILE: page.encode()})
    click.echo(f"Data catalogue: {folder.where(CATALOGUE_FILE)}")
    warehouse = Warehouse.of(event)
    if not warehouse.engine.is_there():
        click.echo("There is no warehouse yet for the event's page and the files: run a sync, then this command again.")
        return
    write_event_page(warehouse, event, sorted(map(str, held)), now, all_events)
    click.echo(f"Event:          {folder.where(EVENT_FILE)}")
    report = write_files(warehouse, models, held, event, now, among)
    click.echo(f"Files:          {report.where} ({report.files} files, {report.written} of them written now)")

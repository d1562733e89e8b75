"""`event-assets site`: makes the pages that people look at from what there is, without a run."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime, timezone

import click
import dagster as dg

from event_assets.assets.models import project_models
from event_assets.assets.site import catalogue_page, write_page
from event_assets.automation.table_status import read_statuses
from event_assets.cli.home import open_instance, prepare_dagster_home
from event_assets.settings import Event, dagster_home, read_event
from event_assets.site import CATALOGUE_FILE


def write_site() -> None:
    """Write the data catalogue, with what Dagster has recorded of the tables where it has.

    Raises:
        SettingsError: A setting cannot be used, or the folder cannot be written.
        ModelError: A model is wrong.
    """
    event = read_event()
    with _recorded(event) as instance:
        page = catalogue_page(instance, project_models(), read_statuses, event, datetime.now(timezone.utc))
    path = write_page(event.site.folder / CATALOGUE_FILE, page)
    click.echo(f"Data catalogue: {path}")


def _recorded(event: Event) -> AbstractContextManager[dg.DagsterInstance]:
    """Open Dagster's records; where nothing was ever recorded, empty ones, and no folder is made for them."""
    if not (dagster_home() / "dagster.yaml").exists():
        return dg.DagsterInstance.ephemeral()
    prepare_dagster_home(event.retention)
    return open_instance()

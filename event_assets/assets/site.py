"""The pages that people look at as assets. They are downstream of the published copy: made with each refresh."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from functools import cache
from typing import TypeAlias
from zoneinfo import ZoneInfo

import dagster as dg

from event_assets.assets.copy_plan import publish_plan
from event_assets.assets.event_list import ReadSiteEvents, read_site_events
from event_assets.assets.failures import as_dagster_failure
from event_assets.assets.keys import THE_EVENT, EventNames, published_copy
from event_assets.assets.metadata import OWNERS
from event_assets.assets.one_asset import NewSpec, one_asset
from event_assets.models import Model
from event_assets.settings import Event, ReadEvent, read_event
from event_assets.site import CATALOGUE_FILE, SITE, TEMPLATES
from event_assets.site.among import ALONE, Among
from event_assets.site.catalogue import Catalogue, TableStatus
from event_assets.site.folder import open_folder
from event_assets.source.tables.more import tables_of
from event_assets.source.tables.schema import TABLES
from event_assets.warehouse.relations import Relation

ReadStatuses: TypeAlias = Callable[[dg.DagsterInstance, Iterable[Model], Event, datetime], Mapping[str, TableStatus]]
"""Reads what is known of the tables at a moment, by their names with the schema."""

_DESCRIPTION = """\
The data catalogue for readers: every table and column with its meaning, lineage, tests and freshness, as one page.

The page needs no server: open the file with any browser. `make ui` serves it as well. It shows no value of the API.
"""


def build_catalogue(
    models: Mapping[Relation, Model],
    read_statuses: ReadStatuses,
    read: ReadEvent = read_event,
    names: EventNames = THE_EVENT,
    read_all: ReadSiteEvents = read_site_events,
    new_spec: NewSpec = dg.AssetSpec,
) -> dg.AssetsDefinition:
    """Return the asset of the data catalogue.

    Args:
        models: All models, each after those that they read.
        read_statuses: Reads what is known of the tables when the page is made.
        read: Reads the event then.
        names: Those of the event.
        read_all: Reads which events have pages.
        new_spec: Makes the spec.
    """
    spec = new_spec(
        names.key(Relation(SITE, "catalogue")),
        deps=[published_copy(names.prefix)],
        description=_DESCRIPTION,
        group_name=names.group(SITE),
        owners=OWNERS,
        kinds={"html", "file"},
        tags={"layer": SITE},
        code_version=_code_version(models.values()),
    )

    @one_asset(spec)
    def catalogue(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        with as_dagster_failure():
            event, now = read(), datetime.now(timezone.utc)
            page = catalogue_page(context.instance, models, read_statuses, event, now, read_all().among(event))
            content = page.encode()
            folder = open_folder(event.site)
            folder.write({CATALOGUE_FILE: content})
        path = dg.MetadataValue.path(folder.where(CATALOGUE_FILE))
        return dg.MaterializeResult(metadata={"path": path, "bytes": len(content)})

    return catalogue


def _code_version(models: Iterable[Model]) -> str:
    """Return a hash of what the page says at any time: a change of a description or of the templates makes it stale."""
    facts = [model.declared + model.text for model in models]
    return hashlib.sha256("\n".join([*facts, *_beside()]).encode()).hexdigest()[:16]


@cache
def _beside() -> list[str]:
    """Read what is the same for all events once: the raw tables and the templates."""
    return [repr([*TABLES.values()]), *(path.read_text(encoding="utf-8") for path in sorted(TEMPLATES.iterdir()))]


def catalogue_page(
    instance: dg.DagsterInstance,
    models: Mapping[Relation, Model],
    read_statuses: ReadStatuses,
    event: Event,
    now: datetime,
    among: Among = ALONE,
) -> str:
    """Return the page of the data catalogue.

    Args:
        instance: Where builds and evaluations are recorded.
        models: All models, each after those that they read.
        read_statuses: Reads what is known of the tables.
        event: Its zone, windows, and what its published copy leaves out count.
        now: The time now, with a zone.
        among: Where the page stands among those of several events.

    Raises:
        SettingsError: A setting cannot be used.
    """
    from event_assets.site.describe import describe_tables  # here: to load the definitions takes no optimizer of SQL
    from event_assets.site.page import render

    raw = tables_of(event.resources)
    left_out = publish_plan(models, {}, personal_data=event.published.personal_data, tables=raw).left_out
    statuses, zone = read_statuses(instance, models.values(), event, now), event.dates.timezone
    tables = describe_tables(models, raw, left_out, statuses, ", ".join(OWNERS))
    return render(Catalogue(now.astimezone(ZoneInfo(zone)), zone, tables), among)

"""The event's page and what is printed of it as an asset: downstream of the published copy, made with each refresh."""

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime, timezone
from functools import cache
from zoneinfo import ZoneInfo

import dagster as dg

from event_assets.assets.event_list import ReadSiteEvents, SiteEvents, read_site_events
from event_assets.assets.failures import as_dagster_failure
from event_assets.assets.held_back import held_back
from event_assets.assets.keys import THE_EVENT, WAREHOUSE_POOL, EventNames, published_copy
from event_assets.assets.metadata import OWNERS
from event_assets.assets.one_asset import NewSpec, one_asset
from event_assets.assets.resources import EventApiResource, WarehouseResource
from event_assets.models import Model
from event_assets.settings import Event
from event_assets.site import EVENT_FILE, SITE, TEMPLATES
from event_assets.site.event import EVENT_TEMPLATES
from event_assets.site.folder import open_folder
from event_assets.warehouse import Warehouse
from event_assets.warehouse.relations import Relation

_DESCRIPTION = """\
The event on one page: now and next, what needs somebody, what changed since yesterday, the programme, check-in,
registration, halls and workshops; beside it the pages that are printed: door signs, change sheet, speaker run sheets.

The pages need no server: open the file with any browser. `make ui` serves them as well. They show the public programme
and numbers, and no personal data of participants.
"""


def build_event_page(
    models: Mapping[Relation, Model],
    site_address: str,
    pool: str | None = WAREHOUSE_POOL,
    names: EventNames = THE_EVENT,
    read_all: ReadSiteEvents = read_site_events,
    new_spec: NewSpec = dg.AssetSpec,
) -> dg.AssetsDefinition:
    """Return the asset of the event's page.

    Args:
        models: All models, each after those that they read.
        site_address: The address of the pages that people look at.
        pool: The concurrency pool of its op: it reads the warehouse, which one run uses at a time.
        names: Those of the event.
        read_all: Reads which events have pages.
        new_spec: Makes the spec.
    """
    spec = new_spec(
        names.key(Relation(SITE, "event")),
        deps=[published_copy(names.prefix)],
        description=_DESCRIPTION,
        group_name=names.group(SITE),
        owners=OWNERS,
        kinds={"html", "file"},
        tags={"layer": SITE},
        code_version=_code_version(),
        metadata={"page": dg.MetadataValue.url(f"{site_address}/{EVENT_FILE}")},
    )

    @one_asset(spec, pool)
    def event_page(
        context: dg.AssetExecutionContext, event_api: EventApiResource, warehouse: WarehouseResource
    ) -> dg.MaterializeResult:
        with as_dagster_failure():
            event, now = event_api.read(names.event), datetime.now(timezone.utc)
            held = sorted(map(str, held_back(context.instance, models, names.prefix)))
            sizes = write_event_page(warehouse.open(names.event), event, held, now, all_events := read_all())
            all_events.write_list_for(event, now)
        folder = open_folder(event.site)
        return dg.MaterializeResult(
            metadata={
                "path": dg.MetadataValue.path(folder.where(EVENT_FILE)),
                "bytes": sizes.pop(EVENT_FILE),
                "printed": [*map(folder.where, sizes)],
            }
        )

    return event_page


def write_event_page(
    warehouse: Warehouse, event: Event, held: Collection[str], now: datetime, all_events: SiteEvents
) -> dict[str, int]:
    """Write the event's page and what is printed of it, each in one step.

    Args:
        warehouse: Where the tables are.
        event: Its zone and its folder of pages count.
        held: The tables whose latest build or check failed, by name.
        now: The time now, with a zone.
        all_events: The events that have pages.

    Returns:
        The sizes of the files in bytes, by name.

    Raises:
        SettingsError: A setting cannot be used, or the folder cannot be written.
        WarehouseError: The warehouse cannot be read.
    """
    # Here: to load the definitions takes no section of the page.
    from event_assets.site.event.describe import describe_page, queries
    from event_assets.site.event.page import render
    from event_assets.site.event.tables import read_tables

    reads, zone = queries(), ZoneInfo(event.dates.timezone)
    with warehouse.connect() as session:
        tables = read_tables(session, reads)
    shown = {query.table for query in reads}
    page = describe_page(tables, now.astimezone(zone), [name for name in held if name in shown])
    files = {name: html.encode() for name, html in render(page, among=all_events.among(event)).items()}
    open_folder(event.site).write(files)
    return {name: len(content) for name, content in files.items()}


@cache
def _code_version() -> str:
    """Return a hash of the code and the templates: a change of either makes the page stale."""
    shared = [TEMPLATES / "head.html", TEMPLATES / "look.css"]
    files = [*sorted(EVENT_TEMPLATES.parent.rglob("*.py")), *sorted(EVENT_TEMPLATES.iterdir()), *shared]
    return hashlib.sha256(b"\n".join(path.read_bytes() for path in files)).hexdigest()[:16]

"""The files that people take away as an asset. It is downstream of the published copy and follows it within minutes."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cache
from zoneinfo import ZoneInfo

import dagster as dg

from event_assets.assets.event_list import ReadSiteEvents, read_site_events
from event_assets.assets.failures import as_dagster_failure
from event_assets.assets.held_back import held_back
from event_assets.assets.keys import THE_EVENT, WAREHOUSE_POOL, EventNames, published_copy
from event_assets.assets.metadata import OWNERS
from event_assets.assets.one_asset import NewSpec, one_asset
from event_assets.assets.resources import WarehouseResource
from event_assets.models import Model
from event_assets.settings import Event, ReadEvent, read_event
from event_assets.site import SITE, TEMPLATES
from event_assets.site.among import ALONE, Among
from event_assets.site.files import INDEX_FILE, SOURCES
from event_assets.site.folder import open_folder
from event_assets.warehouse import HISTORY, STAGING, SUMMARY, Warehouse
from event_assets.warehouse.copy_plan import HeldBack
from event_assets.warehouse.relations import Relation

FILES = Relation(SITE, "files")
"""Its name, as those of tables are."""

_DESCRIPTION = """\
The files that people take away: one XLSX with a sheet for each summary, CSV and Parquet of each, calendars
(iCalendar) of all sessions and of each hall, track and speaker, `schedule.xml` and `schedule.json` for conference apps,
and an Atom feed of what has changed in the programme. The page `files/index.html` lists them.

Files whose values are the same as before stay as they are. None holds personal data of participants.
"""


@dataclass(frozen=True)
class FilesReport:
    """What became of the files.

    Attributes:
        where: Where the page that lists them is.
        files: How many there are.
        written: How many were written, with the pages that list them; the others were as they should be.
        bytes: How large they are together.
        without_start: How many sessions and breaks are in no calendar, because they have no readable start.
        held_back: Why some tables stay as they are in the files, by name.
    """

    where: str
    files: int
    written: int
    bytes: int
    without_start: int
    held_back: Mapping[str, str]


def build_files(
    models: Mapping[Relation, Model],
    pool: str | None = WAREHOUSE_POOL,
    read: ReadEvent = read_event,
    names: EventNames = THE_EVENT,
    read_all: ReadSiteEvents = read_site_events,
    new_spec: NewSpec = dg.AssetSpec,
) -> dg.AssetsDefinition:
    """Return the asset of the files.

    Args:
        models: All models, each after those that they read.
        pool: The concurrency pool of its op.
        read: Reads the event when they are made.
        names: Those of the event.
        read_all: Reads which events have pages.
        new_spec: Makes the spec.
    """
    spec = new_spec(
        names.key(FILES),
        deps=[published_copy(names.prefix)],
        description=_DESCRIPTION,
        group_name=names.group(SITE),
        owners=OWNERS,
        kinds={"file", "excel"},
        tags={"layer": SITE},
        code_version=code_version(models.values()),
    )

    @one_asset(spec, pool)
    def files(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> dg.MaterializeResult:
        with as_dagster_failure():
            event, held = read(), held_back(context.instance, models, names.prefix)
            among = read_all().among(event)
            report = write_files(warehouse.open(names.event), models, held, event, datetime.now(timezone.utc), among)
        lines = [f"* `{name}`: {why}" for name, why in report.held_back.items()]
        return dg.MaterializeResult(
            metadata={
                "path": dg.MetadataValue.path(report.where),
                "files": report.files,
                "written": report.written,
                "bytes": report.bytes,
                "entries_without_start": report.without_start,
                "held_back": dg.MetadataValue.md("\n".join(lines) or "Nothing: every table is current."),
            }
        )

    return files


def code_version(models: Iterable[Model]) -> str:
    """Return a hash of what makes the files, beside the values: a change of it makes them stale.

    Args:
        models: All models.
    """
    facts = [model.declared for model in models if model.relation.schema == SUMMARY]
    return hashlib.sha256("\n".join([*facts, *_sources()]).encode()).hexdigest()[:16]


@cache
def _sources() -> list[str]:
    """Read what makes the files once for all events."""
    paths = [*SOURCES, *sorted(TEMPLATES.glob("*.css")), TEMPLATES / "files.html", TEMPLATES / "head.html"]
    return [path.read_text(encoding="utf-8") for path in paths]


def write_files(
    warehouse: Warehouse,
    models: Mapping[Relation, Model],
    held: Mapping[Relation, HeldBack],
    event: Event,
    now: datetime,
    among: Among = ALONE,
) -> FilesReport:
    """Bring the files up to date with the warehouse.

    Args:
        warehouse: The warehouse.
        models: All models, each after those that they read.
        held: The models that readers have in their last good state. So it is in the files.
        event: Its title, zone and folder of pages count.
        now: The time now, with a zone.
        among: Where the pages of the event stand among those of several.

    Raises:
        SettingsError: A setting cannot be used, or a file cannot be written.
        WarehouseError: The warehouse cannot be read.
    """
    # Here, because loading the definitions takes no XLSX and no calendars.
    from event_assets.assets.site_values import OF_PROGRAMME, read_changes, read_programme, read_table
    from event_assets.site.files.parts import Values, store_values

    folder, zone, title = open_folder(event.site), event.dates.timezone, event.site.event_title
    with warehouse.connect() as session:
        there = {*session.column_names(STAGING, HISTORY, SUMMARY)}
        usable = there - held.keys()
        summaries = [model for relation, model in models.items() if relation.schema == SUMMARY and relation in there]
        tables = [read_table(session, model) for model in summaries if model.relation in usable]
        programme = read_programme(session, title, zone) if usable.issuperset(OF_PROGRAMME) else None
        changes = (
            read_changes(session, programme.event_id)
            if programme and Relation(SUMMARY, "schedule_changes") in usable
            else None
        )
    why = {model.relation.name: held[model.relation].why for model in summaries if model.relation in held}
    made_at = now.astimezone(ZoneInfo(zone))
    values = Values(title, zone, made_at, tuple(tables), why, programme, changes, among.events_page)
    stored = store_values(folder, values, code_version(models.values()))
    return FilesReport(
        folder.where(INDEX_FILE),
        len(stored.sizes),
        stored.written,
        sum(stored.sizes.values()),
        programme.left_out if programme else 0,
        why,
    )

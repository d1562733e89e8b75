"""What an event adds to the code location: its assets with their checks, and all that starts and watches them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial

import dagster as dg

from event_assets.assets.checks import build_raw_checks
from event_assets.assets.event_page import build_event_page
from event_assets.assets.keys import EventNames, layer_of, raw_columns
from event_assets.assets.lake import build_lake_asset
from event_assets.assets.lineage import use_metadata
from event_assets.assets.models import build_model_assets, project_models
from event_assets.assets.one_asset import NewSpec
from event_assets.assets.published import build_published_copy, copy_code_version
from event_assets.assets.raw import build_raw_assets
from event_assets.assets.site import build_catalogue
from event_assets.assets.site_files import build_files
from event_assets.automation.alerts import alert_sensors
from event_assets.automation.change_sensor import change_sensor
from event_assets.automation.conditions import CheckWithAsset, Planning, auto_materialize
from event_assets.automation.declare import automated_specs
from event_assets.automation.graph import Graph
from event_assets.automation.jobs import endpoint_jobs, refresh_everything
from event_assets.automation.openlineage import openlineage_sensors
from event_assets.automation.retention import PRUNE_STEP
from event_assets.automation.schedules import daily_sync
from event_assets.automation.table_status import read_statuses
from event_assets.automation.up_to_date import up_to_date_checks, up_to_date_sensor
from event_assets.models import Model
from event_assets.models.lineage import Lineage
from event_assets.settings import Event, ReadEvent, read_event
from event_assets.source.tables.columns import Table
from event_assets.source.tables.more import tables_of
from event_assets.warehouse import SUMMARY
from event_assets.warehouse.engines import engine_class, namespace_of
from event_assets.warehouse.relations import Relation


@dataclass(frozen=True)
class Project:
    """What is the same for all events that sync the same resources, and costs too much to find for each.

    Attributes:
        raw: The raw tables of the resources.
        models: All models, each after those that it reads.
        lineage: Their column lineage.
    """

    raw: Mapping[str, Table]
    models: Mapping[Relation, Model]
    lineage: Lineage
    _copy_versions: dict[bool, str] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, resources: tuple[str, ...]) -> Project:
        """Read the models.

        Args:
            resources: Those that are synced beside those of every event.

        Raises:
            SettingsError: There is no such resource.
            ModelError: A model is wrong.
        """
        raw = tables_of(resources)
        models = project_models(raw)
        return cls(raw, models, Lineage(models, raw_columns(raw)))

    def copy_version(self, personal_data: bool) -> str:
        """Return the code version of a published copy, with or without personal data.

        Raises:
            ModelError: A model may show personal data, and does not say so.
        """
        if personal_data not in self._copy_versions:
            version = copy_code_version(self.models, self.lineage, self.raw, personal_data=personal_data)
            self._copy_versions[personal_data] = version
        return self._copy_versions[personal_data]


@dataclass(frozen=True)
class EventPart:
    """What an event adds to the code location."""

    assets: Sequence[dg.AssetsDefinition]
    checks: Sequence[dg.AssetChecksDefinition]
    check_keys: Sequence[dg.AssetCheckKey]
    jobs: Sequence[dg.UnresolvedAssetJobDefinition]
    schedule: dg.ScheduleDefinition
    sensors: Sequence[dg.SensorDefinition]


def build_event(event: Event, project: Project, now: datetime, *, pools: bool, alone: bool) -> EventPart:
    """Return what an event adds to the code location.

    Args:
        event: As it is configured when the definitions load.
        project: The models for its resources.
        now: The time now, with a zone.
        pools: Whether what writes has a concurrency pool.
        alone: Whether all assets of the code location are its own.

    Raises:
        SettingsError: A setting cannot be used.
        ModelError: A model is wrong.
    """
    names = EventNames(event.name, not alone, namespace_of(event))
    models, lineage = project.models, project.lineage
    read: ReadEvent = partial(read_event, event.name)
    pool = names.pool if pools else None
    assets: list[dg.AssetsDefinition] = []
    planning = Planning(all_assets := cache(lambda: Graph.of(assets)), read)
    uses = partial(use_metadata, lineage=lineage, site=_site_address(event))
    new_spec = automated_specs(planning, event, now, uses)
    tables = _tables(event, project, pool, names, new_spec)
    copy = _copy(event, project, tables, pool, names, new_spec)
    assets += [*tables, copy, *_pages(event, models, pool, read, names, new_spec)]
    graph, checked = all_assets(), CheckWithAsset(planning)
    summaries = [key for each in tables for key in each.keys if layer_of(key) == SUMMARY]
    checks = [
        *build_raw_checks(pool, checked, project.raw, names),
        up_to_date_checks(graph, summaries, checked, read, names),
    ]
    check_keys = [key for each in [*assets, *checks] for key in each.check_keys]
    # Of several events, each has a selection of its own: a sensor takes 500 assets and checks.
    selection = None if alone else dg.AssetSelection.assets(*(key for each in assets for key in each.keys))
    everything, steps = refresh_everything(selection, names), _steps(assets, checks)
    return EventPart(
        assets,
        checks,
        check_keys,
        [everything, *endpoint_jobs(project.raw, names)],
        daily_sync(event, everything),
        [
            auto_materialize(planning, selection, names),
            change_sensor(graph, event, read, selection, names),
            up_to_date_sensor(graph, summaries, read, names),
            *alert_sensors(graph, check_keys, steps, read, names),
            *openlineage_sensors(event, steps, models, lineage, read),
        ],
    )


def _tables(
    event: Event, project: Project, pool: str | None, names: EventNames, new_spec: NewSpec
) -> list[dg.AssetsDefinition]:
    """Return the assets of the raw tables and of the models."""
    engine, zone = engine_class(event.destination), event.dates.timezone
    return [
        *build_raw_assets(pool, project.raw, names, engine.kinds, new_spec),
        *build_model_assets(project.models, zone, engine, project.lineage, pool, project.raw, names, new_spec),
    ]


def _copy(
    event: Event,
    project: Project,
    tables: Sequence[dg.AssetsDefinition],
    pool: str | None,
    names: EventNames,
    new_spec: NewSpec,
) -> dg.AssetsDefinition:
    personal_data = event.published.personal_data
    return build_published_copy(
        [key for each in tables for key in each.keys],
        project.models,
        project.copy_version(personal_data),
        engine=engine_class(event.destination),
        personal_data=personal_data,
        pool=pool,
        raw=project.raw,
        names=names,
        new_spec=new_spec,
    )


def _pages(
    event: Event,
    models: Mapping[Relation, Model],
    pool: str | None,
    read: ReadEvent,
    names: EventNames,
    new_spec: NewSpec,
) -> list[dg.AssetsDefinition]:
    return [
        build_catalogue(models, read_statuses, read, names, new_spec=new_spec),
        build_event_page(models, _site_address(event), pool, names, new_spec=new_spec),
        build_files(models, pool, read, names, new_spec=new_spec),
        *build_lake_asset(event, models, read, pool, new_spec),
    ]


def _site_address(event: Event) -> str:
    """Return where the pages of an event are served: below those of the event of [event]."""
    return "/".join([event.ui.site_address, *event.key_prefix])


def _steps(
    assets: Sequence[dg.AssetsDefinition], checks: Sequence[dg.AssetChecksDefinition]
) -> dict[str, Sequence[dg.AssetKey]]:
    """Return the assets that each step makes which runs of the event can have, by its name."""
    steps: dict[str, Sequence[dg.AssetKey]] = {each.op.name: [*each.keys] for each in assets}
    return {**steps, **{each.op.name: [] for each in checks}, PRUNE_STEP: []}

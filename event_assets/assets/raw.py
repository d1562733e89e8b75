"""Makes the raw assets from the dlt source.

One op per endpoint: what is requested together succeeds or fails together, and blocks no other endpoint.
"""

import tempfile
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from typing import Any

import dagster as dg
import dlt
from dagster_dlt import DagsterDltTranslator, dlt_assets
from dagster_dlt.constants import META_KEY_PIPELINE, META_KEY_SOURCE, META_KEY_TRANSLATOR
from dagster_dlt.translator import DltResourceTranslatorData
from dlt.extract.source import DltSource
from pydantic import Field

from event_assets.assets.failures import as_dagster_failure
from event_assets.assets.keys import THE_EVENT, WAREHOUSE_POOL, EventNames
from event_assets.assets.metadata import OWNERS, column_schema, table_name, table_state
from event_assets.assets.one_asset import NewSpec
from event_assets.assets.resources import EventApiResource, WarehouseResource
from event_assets.assets.versions import Materialisations
from event_assets.source.api.resources import SOURCE_NAME, endpoint_of, event_api, resources_by_endpoint
from event_assets.source.load.results import ResourceResult
from event_assets.source.sync import SyncSettings, sync
from event_assets.source.tables.more import ALL_TABLES
from event_assets.source.tables.schema import TABLES
from event_assets.warehouse import RAW
from event_assets.warehouse.relations import Relation


def build_raw_assets(
    pool: str | None = WAREHOUSE_POOL,
    tables: Collection[str] = TABLES,
    names: EventNames = THE_EVENT,
    kinds: Collection[str] = (),
    new_spec: NewSpec = dg.AssetSpec,
) -> list[dg.AssetsDefinition]:
    """Return the raw assets of all endpoints. Needs no configuration, network or file.

    Args:
        pool: The concurrency pool of the ops.
        tables: The names of the tables, which are those of their resources.
        names: Those of the event.
        kinds: How Dagster shows what is in the warehouse.
        new_spec: Makes the specs.
    """
    translator = RawTranslator(names, kinds, new_spec)
    return [
        _endpoint_assets(_declared_source(tuple(tables), tuple(resources)), endpoint, resources, pool, translator)
        for endpoint, resources in resources_by_endpoint(tables).items()
    ]


def sync_op_name(endpoint: str, names: EventNames = THE_EVENT) -> str:
    """Return the name of the op that syncs an endpoint, as in run config.

    Args:
        endpoint: The endpoint.
        names: Those of the event.
    """
    return names.of(f"load_{endpoint}")  # not "sync_…": jobs are called so, and share their names with ops


class SyncConfig(dg.Config):
    """The run config of a sync."""

    allow_removals: bool = Field(
        default=False,
        description="Allow this run to remove more rows of a table than the settings allow.",
    )


class RawTranslator(DagsterDltTranslator):
    """Translates dlt resources to asset specs, from ``source.tables.schema``.

    Args:
        names: Those of the event.
        kinds: How Dagster shows what is in the warehouse: dlt's own would be that of the pipeline that only declares.
        new_spec: Makes the specs.
    """

    def __init__(self, names: EventNames, kinds: Collection[str], new_spec: NewSpec) -> None:
        self.names, self._kinds, self._new_spec = names, {"dlt", *kinds}, new_spec

    def get_asset_spec(self, data: DltResourceTranslatorData) -> dg.AssetSpec:
        """Return the spec of a resource's asset, without upstream assets."""
        table = ALL_TABLES[data.resource.name]
        relation = Relation(RAW, table.name)
        types = [(column.name, column.data_type) for column in table.all_columns]
        return self._new_spec(
            self.names.key(relation),
            description=table.description,
            group_name=self.names.group(RAW),
            owners=OWNERS,
            kinds=self._kinds,
            tags={"layer": RAW, "endpoint": endpoint_of(table.name)},
            metadata={
                **table_name(self.names.namespace.relation(relation)),
                **column_schema(types, table.descriptions, [table.key], table.not_null, table.pii),
            },
        )


def _endpoint_assets(
    source: DltSource, endpoint: str, resources: Sequence[str], pool: str | None, translator: RawTranslator
) -> dg.AssetsDefinition:
    names = translator.names
    keys = {names.raw_key(resource): resource for resource in resources}

    @dlt_assets(
        dlt_source=source,
        dlt_pipeline=_declared_pipeline(),
        name=sync_op_name(endpoint, names),
        dagster_dlt_translator=translator,
        pool=pool,
    )
    def endpoint_assets(
        context: dg.AssetExecutionContext,
        config: SyncConfig,
        event_api: EventApiResource,
        warehouse: WarehouseResource,
    ) -> Iterator[dg.MaterializeResult]:
        selected = {key: resource for key, resource in keys.items() if key in context.selected_asset_keys}
        target = warehouse.open(names.event)
        with as_dagster_failure():
            event = event_api.read(names.event)
            api, settings = event.api, SyncSettings.of(event, allow_removals=config.allow_removals)
            context.log.info(f"GET {api.base_url}/{endpoint} for {', '.join(selected.values())}")
            log = (context.log.warning, context.log.info)
            results = sync(api, target, endpoint, [*selected.values()], settings, *log)
        with as_dagster_failure(), target.connect() as client:
            warehouse_id, latest = client.identity(), Materialisations(context.instance, selected)
            for key, resource in selected.items():
                table, result = ALL_TABLES[resource], results[resource]
                relation = Relation(RAW, resource)
                state = table_state(client, relation, table.descriptions, [table.key], table.not_null, table.pii)
                yield dg.MaterializeResult(
                    asset_key=key,
                    metadata={**state, **_what_was_done(result)},
                    data_version=latest.next_version(key, warehouse_id, result.before, result.version),
                )

    return endpoint_assets.map_asset_specs(_with_readable_metadata)


def _what_was_done(result: ResourceResult) -> dict[str, Any]:
    numbers = {
        "rows_received": result.received,
        "rows_loaded": result.loaded,
        "rows_removed": result.removed,
        "rows_rejected": result.rejected,
        "resource_present": not result.absent,
    }
    mismatches = {"type_mismatches": dict(result.type_mismatches)} if result.type_mismatches else {}
    left_out = {"undeclared_values_left_out": result.undeclared} if result.undeclared else {}
    return {**numbers, **mismatches, **left_out}


def _with_readable_metadata(spec: dg.AssetSpec) -> dg.AssetSpec:
    """Replace the live objects that `@dlt_assets` adds to the metadata with their names.

    The UI shows them to everyone who reads about the asset, objects as "unserializable". They cannot be taken out:
    Dagster merges a definition's metadata and never removes any.
    """
    names = {META_KEY_SOURCE: SOURCE_NAME, META_KEY_PIPELINE: SOURCE_NAME, META_KEY_TRANSLATOR: RawTranslator.__name__}
    return spec.merge_attributes(metadata=names)


@cache
def _declared_source(tables: tuple[str, ...], resources: tuple[str, ...] = ()) -> DltSource:
    """Return a source that declares the resources for `@dlt_assets`: the same one for all events.

    Args:
        tables: All tables of resources.
        resources: Those of one endpoint; all, if not given.
    """
    return _declared_source(tables).with_resources(*resources) if resources else event_api(only=tables)


@cache
def _declared_pipeline() -> dlt.Pipeline:
    """Return a pipeline that declares the destination for `@dlt_assets`; `sync` makes the one that runs.

    dlt makes a working folder for every pipeline. This one's is gone at once: loading definitions leaves no file.
    """
    with tempfile.TemporaryDirectory() as folder:
        return dlt.pipeline(SOURCE_NAME, destination="duckdb", dataset_name=RAW, pipelines_dir=folder)

"""What an event has in the lake of all events, as an asset: downstream of its published copy."""

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress

import dagster as dg

from event_assets.assets.failures import as_dagster_failure
from event_assets.assets.keys import published_copy
from event_assets.assets.metadata import OWNERS
from event_assets.assets.one_asset import NewSpec, one_asset
from event_assets.models import Model
from event_assets.settings import Event, SettingsError
from event_assets.warehouse.engines import configured_engine
from event_assets.warehouse.relations import Relation

LAKE = "lake"
"""The layer of what events have in it."""

_DESCRIPTION = """\
The event's tables in the lake of all events: staging, history and summary without personal data.

Each is a Delta table with a partition for each event, which is replaced in one commit. What has not changed is not
written again.
"""


def lake_key(event: Event) -> dg.AssetKey:
    """Return the asset of what an event has in the lake."""
    return dg.AssetKey([*event.key_prefix, LAKE, "tables"])


def build_lake_asset(
    event: Event,
    models: Mapping[Relation, Model],
    read: Callable[[], Event],
    pool: str | None = None,
    new_spec: NewSpec = dg.AssetSpec,
) -> list[dg.AssetsDefinition]:
    """Return the asset of what an event has in the lake: none where there is no lake.

    Args:
        event: The event, as it is configured when the definitions load.
        models: Its models.
        read: Reads it when a run needs it.
        pool: The concurrency pool of the op.
        new_spec: Makes the spec.
    """
    with suppress(SettingsError):  # which the step reports
        if event.lake.storage is None:
            return []
    spec = new_spec(
        lake_key(event),
        deps=[published_copy(event.key_prefix)],
        description=_DESCRIPTION,
        group_name=event.name or LAKE,
        owners=OWNERS,
        kinds={"deltalake"},
        tags={"layer": LAKE},
        code_version=hashlib.sha256(
            repr(sorted((str(relation), model.columns, model.facts.pii) for relation, model in models.items())).encode()
        ).hexdigest()[:16],
    )

    @one_asset(spec, pool)
    def tables_in_lake() -> dg.MaterializeResult:
        # Here: without a lake, delta-rs need not be installed.
        from event_assets.across.lake import lake_plan, publish_to_lake
        from event_assets.warehouse.engines.spark.lake import Lake

        with as_dagster_failure():
            found = read()
            settings = found.lake
            if settings.storage is None:
                raise dg.Failure("`url` in the section [lake] is not set any more. Reload the definitions.")
            lake, plan = Lake(settings.storage), lake_plan(models, participants=settings.participants)
            written = publish_to_lake(lake, found.label, configured_engine(found), plan)
        return dg.MaterializeResult(
            metadata={
                "where": lake.root,
                "tables_written": len(written.written),
                "rows_written": sum(written.written.values()),
                "tables_unchanged": written.unchanged,
                "tables_removed": len(written.removed),
            }
        )

    return [tables_in_lake]

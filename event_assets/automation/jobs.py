"""The jobs that a person or a schedule starts. What starts by itself is in ``conditions`` and ``change_sensor``."""

from __future__ import annotations

from collections.abc import Collection

import dagster as dg

from event_assets.automation.declare import raw_key
from event_assets.source.api.resources import resources_by_endpoint
from event_assets.source.tables.schema import TABLES

refresh_everything = dg.define_asset_job(
    "refresh_everything",
    selection=dg.AssetSelection.all(),
    description="Asks every endpoint of the event API once, builds every model, and publishes the copy for readers.",
)


def endpoint_jobs(tables: Collection[str] = TABLES) -> list[dg.UnresolvedAssetJobDefinition]:
    """A job for each endpoint: ``sync_content``, ``sync_partners``, ``sync_participants``.

    Args:
        tables: The names of the raw tables of resources.
    """
    return [
        dg.define_asset_job(
            f"sync_{endpoint}",
            selection=dg.AssetSelection.assets(*map(raw_key, resources)),
            description=(
                f"Asks /{endpoint} of the event API once and brings {', '.join(resources)} up to date. The models that "
                "read them follow by themselves if anything has changed."
            ),
        )
        for endpoint, resources in resources_by_endpoint(tables).items()
    ]

"""The jobs that a person or a schedule starts. What starts by itself is in ``conditions`` and ``change_sensor``."""

from __future__ import annotations

from collections.abc import Collection

import dagster as dg

from event_assets.assets.keys import THE_EVENT, EventNames
from event_assets.source.api.resources import resources_by_endpoint
from event_assets.source.tables.schema import TABLES

REFRESH_EVERYTHING = "refresh_everything"
"""The job of all tables of an event."""
_DESCRIPTION = "Asks every endpoint of the event API once, builds every model, and publishes the copy for readers."


def refresh_everything(
    selection: dg.AssetSelection | None = None, names: EventNames = THE_EVENT
) -> dg.UnresolvedAssetJobDefinition:
    """Return the job that syncs and builds everything of an event.

    Args:
        selection: Its assets; all assets of the code location, if not given.
        names: Those of the event.
    """
    return dg.define_asset_job(
        names.of(REFRESH_EVERYTHING),
        selection=selection or dg.AssetSelection.all(),
        description=_DESCRIPTION,
        tags=names.tags or None,
    )


def endpoint_jobs(
    tables: Collection[str] = TABLES, names: EventNames = THE_EVENT
) -> list[dg.UnresolvedAssetJobDefinition]:
    """A job for each endpoint: ``sync_content``, ``sync_partners``, ``sync_participants``.

    Args:
        tables: The names of the raw tables of resources.
        names: Those of the event.
    """
    return [
        dg.define_asset_job(
            names.of(f"sync_{endpoint}"),
            selection=dg.AssetSelection.assets(*map(names.raw_key, resources)),
            description=(
                f"Asks /{endpoint} of the event API once and brings {', '.join(resources)} up to date. The models that "
                "read them follow by themselves if anything has changed."
            ),
            tags=names.tags or None,
        )
        for endpoint, resources in resources_by_endpoint(tables).items()
    ]

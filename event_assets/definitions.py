"""Puts the code location together, and does nothing else."""

from __future__ import annotations

import dagster as dg

from event_assets.assets.checks import build_raw_checks
from event_assets.assets.metadata import WAREHOUSE_POOL
from event_assets.assets.models import build_model_assets
from event_assets.assets.raw import build_raw_assets
from event_assets.assets.resources import EventApiResource, WarehouseResource
from event_assets.automation.jobs import refresh_everything


def build_definitions(
    *,
    event_api: EventApiResource | None = None,
    warehouse: WarehouseResource | None = None,
    pool: str | None = WAREHOUSE_POOL,
) -> dg.Definitions:
    """The code location, with parts that another caller can replace.

    Steps run one after another in the run's own process: each writes the same DuckDB file, and a process of its own
    would cost every step seconds of imports.

    Args:
        event_api: Where the raw assets come from.
        warehouse: Where everything is written.
        pool: The concurrency pool of everything that writes; None for runs that no daemon looks after.
    """
    return dg.Definitions(
        assets=[*build_raw_assets(pool), *build_model_assets(pool)],
        asset_checks=build_raw_checks(pool),
        jobs=[refresh_everything],
        resources={"event_api": event_api or EventApiResource(), "warehouse": warehouse or WarehouseResource()},
        executor=dg.in_process_executor,
    )


defs = build_definitions()

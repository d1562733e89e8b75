"""Puts the code location together, and does nothing else."""

from __future__ import annotations

import dagster as dg

from event_assets.assets.models import build_model_assets
from event_assets.assets.raw import build_raw_assets
from event_assets.assets.resources import EventApiResource, WarehouseResource


def build_definitions(
    event_api: EventApiResource | None = None, warehouse: WarehouseResource | None = None
) -> dg.Definitions:
    """The code location, with parts that a test can replace.

    Steps run one after another in the run's own process: each writes the same DuckDB file, and a process of its own
    would cost every step seconds of imports.
    """
    return dg.Definitions(
        assets=[*build_raw_assets(), *build_model_assets()],
        resources={"event_api": event_api or EventApiResource(), "warehouse": warehouse or WarehouseResource()},
        executor=dg.in_process_executor,
    )


defs = build_definitions()

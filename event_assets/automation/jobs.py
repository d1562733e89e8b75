"""The jobs that a person or a schedule starts. What starts by itself is not here."""

from __future__ import annotations

import dagster as dg

refresh_everything = dg.define_asset_job(
    "refresh_everything",
    selection=dg.AssetSelection.all(),
    description="Asks every endpoint of the event API once and builds every model.",
)

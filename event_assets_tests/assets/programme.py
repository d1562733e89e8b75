"""The part of the graph that the programme goes through, for tests that need no more of it."""

from collections.abc import Callable
from pathlib import Path

from event_assets.models import build
from event_assets.sandbox import Sandbox
from event_assets.settings import RemovalSettings
from event_assets_tests.models.bench import models
from event_assets_tests.source.syncing import run_sync
from event_assets_tests.warehouses import file_warehouse

PROGRAMME = [
    *("raw/days", "raw/halls", "raw/lectures", "raw/pauses", "raw/speakers", "raw/tracks", "raw/workshops"),
    *("staging/days", "staging/halls", "staging/pauses", "staging/session_speakers", "staging/session_tracks"),
    *("staging/sessions", "staging/speakers", "staging/tracks"),
    *("history/entry_versions", "summary/agenda", "summary/schedule_changes"),
]
"""From the API to the agenda and what has changed of it."""

Refresh = Callable[..., None]


def refresh_programme(api: Sandbox, path: Path, timezone: str) -> None:
    """Sync the programme and build its models in their order, in a third of the time that a run by Dagster takes."""
    warehouse = file_warehouse(path)
    resources = [asset.removeprefix("raw/") for asset in PROGRAMME if asset.startswith("raw/")]
    run_sync(api, warehouse, *resources, removals=RemovalSettings(allowed=True))
    with warehouse.connect() as client:
        for relation, model in models().items():
            if f"{relation.schema}/{relation.name}" in PROGRAMME:
                build(client, model, {"event_timezone": timezone})

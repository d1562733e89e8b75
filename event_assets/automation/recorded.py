"""What Dagster's event log says of assets: the latest run that was to make each, and what was made of it last."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import dagster as dg

from event_assets.assets.versions import Materialisation
from event_assets.automation.event_log_cache import EventLogCache


@dataclass(frozen=True)
class Recorded:
    """What is recorded of some assets.

    Attributes:
        runs: The latest run that was to make each; none, where no run ever was to. Those alone that Dagster knows of.
        made: The latest materialisation of each that was ever made.
    """

    runs: Mapping[dg.AssetKey, str | None]
    made: Mapping[dg.AssetKey, Materialisation]


ReadRecorded: TypeAlias = Callable[[dg.DagsterInstance], Recorded]
"""Returns what is recorded of the assets of a graph."""


def read_recorded(instance: dg.DagsterInstance, assets: Collection[dg.AssetKey]) -> Recorded:
    """Read what is recorded of some assets.

    Args:
        instance: Where it is recorded.
        assets: The assets.
    """
    entries = [record.asset_entry for record in instance.get_asset_records([*assets])]
    made = {
        entry.asset_key: Materialisation.read(record.event_log_entry, record.storage_id)
        for entry in entries
        if (record := entry.last_materialization_record)
    }
    return Recorded({entry.asset_key: entry.last_run_id for entry in entries}, made)


def kept_recorded(assets: Callable[[], Collection[dg.AssetKey]]) -> ReadRecorded:
    """Return what reads the same for look after look, and does so again only where something was recorded since.

    Args:
        assets: Returns the assets, the same each time.
    """
    return EventLogCache(lambda instance: read_recorded(instance, assets())).get

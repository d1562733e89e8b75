"""Puts freshness policies and automation conditions on the assets."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import dagster as dg

from event_assets.assets.lineage import ChangeSpec
from event_assets.automation.conditions import Planning, condition_of
from event_assets.automation.freshness import current_windows
from event_assets.settings import Event


def automate(keys: Iterable[dg.AssetKey], planning: Planning, event: Event, at: datetime) -> ChangeSpec:
    """Return how a spec gets its freshness policy, and what starts its asset.

    Args:
        keys: Those of all assets of the event.
        planning: The plans of the event.
        event: Its dates and windows count.
        at: The instant whose policies they have. Dagster knows no policy that changes by itself, so ``phase_sensor``
            has the definitions reloaded when the event's phase changes.

    Raises:
        SettingsError: A setting cannot be used.
    """
    windows = current_windows(keys, at, event)

    def automated(spec: dg.AssetSpec) -> dg.AssetSpec:
        return spec.replace_attributes(
            automation_condition=condition_of(spec.key, planning), freshness_policy=windows[spec.key].policy()
        )

    return automated

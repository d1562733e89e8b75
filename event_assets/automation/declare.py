"""Puts freshness policies and automation conditions on the assets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import dagster as dg

from event_assets.automation.conditions import Planning, condition_of
from event_assets.automation.freshness import current_windows
from event_assets.settings import Event


def apply_automation(
    assets: Sequence[dg.AssetsDefinition], planning: Planning, event: Event, at: datetime
) -> list[dg.AssetsDefinition]:
    """Return the assets with their freshness policies, and with what starts them.

    Args:
        assets: All assets of the code location.
        planning: The plans of the code location.
        event: Its dates and windows count.
        at: The instant whose policies they have. Dagster knows no policy that changes by itself, so ``phase_sensor``
            has the definitions reloaded when the event's phase changes.

    Raises:
        SettingsError: A setting cannot be used.
    """
    keys = [key for each in assets for key in each.keys]
    windows = current_windows(keys, at, event)

    def with_automation(spec: dg.AssetSpec) -> dg.AssetSpec:
        return spec.replace_attributes(
            automation_condition=condition_of(spec.key, planning), freshness_policy=windows[spec.key].policy()
        )

    return [each.map_asset_specs(with_automation) for each in assets]

"""Adds to each asset what follows from all of them: freshness policies, automation conditions, what reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

import dagster as dg

from event_assets.assets.one_asset import NewSpec
from event_assets.automation.conditions import Planning, condition_of
from event_assets.automation.freshness import FreshnessWindow, phase_of, window_of
from event_assets.settings import Event


def automated_specs(
    planning: Planning, event: Event, at: datetime, uses: Callable[[dg.AssetKey], Mapping[str, Any]]
) -> NewSpec:
    """Return what makes specs with a freshness policy, what starts the asset, and what is known of its use.

    They have it from the start: to add it to a definition makes another one, which takes as long as all else here.

    Args:
        planning: The plans of the event.
        event: Its dates and windows count.
        at: The instant whose policies they have. Dagster knows no policy that changes by itself, so ``phase_sensor``
            has the definitions reloaded when the event's phase changes.
        uses: Returns what is known of the use of an asset, as its metadata.

    Raises:
        SettingsError: A setting cannot be used.
    """
    phase, windows = phase_of(event, at), event.freshness
    policy_of = cache(FreshnessWindow.policy)

    def new_spec(key: dg.AssetKey, metadata: Mapping[str, Any] | None = None, **attributes: Any) -> dg.AssetSpec:
        return dg.AssetSpec(
            key,
            automation_condition=condition_of(key, planning),
            freshness_policy=policy_of(window_of(key, phase, windows)),
            metadata={**(metadata or {}), **uses(key)},
            **attributes,
        )

    return new_spec

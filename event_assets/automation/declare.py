"""Puts on the assets what follows from all of them: freshness policies, automation conditions, what reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

import dagster as dg

from event_assets.automation.conditions import Planning, condition_of
from event_assets.automation.freshness import current_windows
from event_assets.settings import Event


def automate(
    keys: Iterable[dg.AssetKey],
    planning: Planning,
    event: Event,
    at: datetime,
    uses: Callable[[dg.AssetKey], Mapping[str, Any]],
) -> Callable[[dg.AssetSpec], dg.AssetSpec]:
    """Return how a spec gets its freshness policy, what starts its asset, and what is known of its use.

    Args:
        keys: Those of all assets of the event.
        planning: The plans of the event.
        event: Its dates and windows count.
        at: The instant whose policies they have. Dagster knows no policy that changes by itself, so ``phase_sensor``
            has the definitions reloaded when the event's phase changes.
        uses: Returns what is known of the use of an asset, as its metadata.

    Raises:
        SettingsError: A setting cannot be used.
    """
    windows = current_windows(keys, at, event)

    def automated(spec: dg.AssetSpec) -> dg.AssetSpec:
        # All at once: each change of a spec makes another one of it, which takes as long as all else here.
        return spec.replace_attributes(
            automation_condition=condition_of(spec.key, planning),
            freshness_policy=windows[spec.key].policy(),
            metadata={**spec.metadata, **uses(spec.key)},
        )

    return automated

"""Puts freshness policies and automation conditions on the assets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone

import dagster as dg

from event_assets.assets.keys import asset_key
from event_assets.automation.conditions import rebuild_model, refresh_raw, republish
from event_assets.automation.freshness import current_phase, window_of
from event_assets.settings import freshness_settings
from event_assets.source.api.resources import endpoint_of, resources_by_endpoint
from event_assets.warehouse import PUBLISHED, RAW
from event_assets.warehouse.relations import Relation


def automated(assets: Sequence[dg.AssetsDefinition], at: datetime | None = None) -> list[dg.AssetsDefinition]:
    """The assets with what they promise, and with what starts them.

    Args:
        assets: All assets of the code location.
        at: The instant whose promises they make; now, if not given. Dagster knows no policy that changes by itself, so
            ``phase_sensor`` has the definitions loaded anew when the event's phase changes.

    Raises:
        SettingsError: A setting cannot be used.
    """
    deps = {spec.key: [dep.asset_key for dep in spec.deps] for each in assets for spec in each.specs}
    settings, phase, loaded = freshness_settings(), current_phase(at), datetime.now(timezone.utc)
    of_endpoint = {
        endpoint: refresh_raw([raw_key(resource) for resource in resources], settings.retry_minutes)
        for endpoint, resources in resources_by_endpoint().items()
    }

    def with_automation(spec: dg.AssetSpec) -> dg.AssetSpec:
        layer, name = spec.key.path
        if layer == RAW:
            condition = of_endpoint[endpoint_of(name)]
        else:
            build = republish if layer == PUBLISHED else rebuild_model
            condition = build(raw_below(spec.key, deps), settings.retry_minutes, loaded)
        policy = window_of(spec.key, phase, settings).policy()
        return spec.replace_attributes(automation_condition=condition, freshness_policy=policy)

    return [each.map_asset_specs(with_automation) for each in assets]


def raw_key(resource: str) -> dg.AssetKey:
    """The raw asset of a resource."""
    return asset_key(Relation(RAW, resource))


def raw_below(asset: dg.AssetKey, deps: Mapping[dg.AssetKey, Iterable[dg.AssetKey]]) -> list[dg.AssetKey]:
    """The raw assets that an asset is made of, directly or not, in a fixed order.

    Args:
        asset: A model or what is made of models.
        deps: What each asset reads directly.
    """
    found: set[dg.AssetKey] = set()
    left = [asset]
    while left:
        for read in deps[left.pop()]:
            if read not in found:
                found.add(read)
                left.append(read)
    return sorted(key for key in found if key.path[0] == RAW)

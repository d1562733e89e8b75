"""Which asset reads which, as values: what the planner decides by. What has become of the assets is in ``facts``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cached_property

import dagster as dg

from event_assets.assets.keys import layer_of
from event_assets.assets.lake import LAKE
from event_assets.site import SITE
from event_assets.warehouse import PUBLISHED, RAW


@dataclass(frozen=True)
class Node:
    """An asset as it is declared.

    Attributes:
        reads: The assets that it reads directly.
        code_version: The version of its code.
        together: The assets that one op makes with it, itself included.
        blocking_checks: The checks without which nothing may be built from it.
    """

    reads: tuple[dg.AssetKey, ...] = ()
    code_version: str | None = None
    together: tuple[dg.AssetKey, ...] = ()
    blocking_checks: tuple[dg.AssetCheckKey, ...] = ()


@dataclass(frozen=True)
class Graph:
    """All assets of an event.

    Attributes:
        nodes: The assets, each after those that it reads.
        loaded: When the code was loaded that declares them. A run loads it again, and may find it changed.
    """

    nodes: Mapping[dg.AssetKey, Node]
    loaded: datetime = field(default_factory=lambda: datetime.now(timezone.utc))

    @classmethod
    def of(cls, assets: Collection[dg.AssetsDefinition]) -> Graph:
        """Return the graph of definitions.

        Args:
            assets: All assets of the code location, each after those that it reads.
        """
        blocking: defaultdict[dg.AssetKey, list[dg.AssetCheckKey]] = defaultdict(list)
        for check in (spec for each in assets for spec in each.check_specs if spec.blocking):
            blocking[check.asset_key].append(check.key)
        return cls(
            {
                spec.key: Node(
                    tuple(dep.asset_key for dep in spec.deps),
                    spec.code_version,
                    tuple(sorted(each.keys)),
                    tuple(blocking[spec.key]),
                )
                for each in assets
                for spec in each.specs
            }
        )

    def raw_below(self, asset: dg.AssetKey) -> tuple[dg.AssetKey, ...]:
        """Return the raw assets that an asset is made of, directly or not, in a fixed order."""
        return self._raw_below[asset]

    def below(self, asset: dg.AssetKey) -> set[dg.AssetKey]:
        """Return all that an asset is made of, directly or not."""
        found: set[dg.AssetKey] = set()
        left = [asset]
        while left:
            new = set(self.nodes[left.pop()].reads) - found
            found |= new
            left += new
        return found

    def models_below(self, asset: dg.AssetKey) -> Iterator[dg.AssetKey]:
        """Give the models that a model is made of, those that it reads first. Some are given twice."""
        for read in self.nodes[asset].reads:
            if not is_raw(read):
                yield read
                yield from self.models_below(read)

    @cached_property
    def _raw_below(self) -> Mapping[dg.AssetKey, tuple[dg.AssetKey, ...]]:
        return {asset: tuple(sorted(filter(is_raw, self.below(asset)))) for asset in self.nodes}


def is_raw(asset: dg.AssetKey) -> bool:
    """Return whether an asset is a table of the API."""
    return layer_of(asset) == RAW


def is_copy(asset: dg.AssetKey) -> bool:
    """Return whether an asset is the copy for readers."""
    return layer_of(asset) == PUBLISHED


def is_page(asset: dg.AssetKey) -> bool:
    """Return whether an asset is made of the copy: a page that people look at, or what the lake of all events has."""
    return layer_of(asset) in (SITE, LAKE)


def is_model(asset: dg.AssetKey) -> bool:
    """Return whether an asset is a table or view that a model is built into."""
    return not (is_raw(asset) or is_copy(asset) or is_page(asset))

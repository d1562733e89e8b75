"""Whether a table is built from what it reads now: by the data versions that Dagster writes on each materialisation.

The one place that reads these tags. Dagster documents the versions and has no public call that compares them
(dagster-io/dagster: `DataProvenance` is public, what makes one of an event is not).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timezone

import dagster as dg

DATA_VERSION = "dagster/data_version"
CODE_VERSION = "dagster/code_version"
INPUT_VERSION = "dagster/input_data_version/"


class Materialisations:
    """The latest materialisation of each of some assets, read once."""

    def __init__(self, instance: dg.DagsterInstance, assets: Iterable[dg.AssetKey]) -> None:
        """Read.

        Args:
            instance: Where they are recorded.
            assets: Whose.
        """
        self._events = instance.get_latest_materialization_events(list(assets))

    def version(self, asset: dg.AssetKey) -> str | None:
        """The data version of what an asset holds; None if it was never materialised."""
        return self._tags(asset).get(DATA_VERSION)

    def time(self, asset: dg.AssetKey) -> datetime | None:
        """When an asset was materialised; None if it never was."""
        event = self._events.get(asset)
        return datetime.fromtimestamp(event.timestamp, timezone.utc) if event else None

    def is_current(self, asset: dg.AssetKey, reads: Iterable[dg.AssetKey], code_version: str | None) -> bool:
        """Whether an asset was built by its code as it is, from what it reads as that is.

        Args:
            asset: The asset.
            reads: The assets that it reads directly.
            code_version: The version of its code.
        """
        tags = self._tags(asset)
        return (
            DATA_VERSION in tags
            and tags.get(CODE_VERSION) == code_version
            and all(tags.get(f"{INPUT_VERSION}{read.to_user_string()}") == self.version(read) for read in reads)
        )

    def _tags(self, asset: dg.AssetKey) -> Mapping[str, str]:
        event = self._events.get(asset)
        materialisation = event.asset_materialization if event else None
        return (materialisation.tags if materialisation else None) or {}

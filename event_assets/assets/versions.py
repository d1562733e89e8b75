"""Makes and compares data versions.

A raw table's version is made of the warehouse it is in and of its records, those that could not be loaded as well. So
once a sync has filled an empty warehouse beside an old Dagster instance, every model is built anew, though the API
still says the same.

This is the one place that reads the tags of materialisations: Dagster documents the versions, and has no public call
that compares them. What follows from them is decided in ``automation.planner``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from uuid import uuid4

import dagster as dg

DATA_VERSION = "dagster/data_version"
CODE_VERSION = "dagster/code_version"
INPUT_VERSION = "dagster/input_data_version/"


def data_version(warehouse_id: str, records: str) -> dg.DataVersion:
    """Return the data version of a raw table.

    Args:
        warehouse_id: The warehouse that it is in.
        records: The version of the records that it holds, and of those that could not be loaded.
    """
    return dg.DataVersion(f"{warehouse_id}.{records}")


@dataclass(frozen=True)
class Materialisation:
    """The latest materialisation of an asset, as far as it is compared.

    Attributes:
        at: When it was, with a zone.
        run_id: The run that made it.
        data_version: The version of what the asset holds.
        code_version: The version of the code that made it.
        inputs: The data versions of what it was made of, by asset.
        number: Its number in Dagster's records, which grows also if the clock is set back. 0 if it was not read.
    """

    at: datetime
    run_id: str = ""
    data_version: str | None = None
    code_version: str | None = None
    inputs: Mapping[dg.AssetKey, str] = field(default_factory=dict)
    number: int = 0

    @classmethod
    def read(cls, event: dg.EventLogEntry, number: int = 0) -> Materialisation:
        """Read a materialisation from its event.

        Args:
            event: The event.
            number: Its number in Dagster's records.
        """
        materialisation = event.asset_materialization
        tags: Mapping[str, str] = (materialisation.tags if materialisation else None) or {}
        inputs = {
            dg.AssetKey.from_user_string(name.removeprefix(INPUT_VERSION)): version
            for name, version in tags.items()
            if name.startswith(INPUT_VERSION)
        }
        at = datetime.fromtimestamp(event.timestamp, timezone.utc)
        return cls(at, event.run_id, tags.get(DATA_VERSION), tags.get(CODE_VERSION), inputs, number)

    @property
    def warehouse_id(self) -> str:
        """The warehouse that a raw table was loaded into."""
        return (self.data_version or "").partition(".")[0]

    @property
    def records(self) -> str:
        """The version of the records that a raw table holds."""
        return (self.data_version or "").partition(".")[2].partition(".")[0]


class Materialisations:
    """The latest materialisations of some assets, read once."""

    def __init__(self, instance: dg.DagsterInstance, assets: Iterable[dg.AssetKey]) -> None:
        """Read.

        Args:
            instance: Where they are recorded.
            assets: Whose.
        """
        events = instance.get_latest_materialization_events(list(assets))
        self._latest = {asset: Materialisation.read(event) for asset, event in events.items() if event}

    def __bool__(self) -> bool:
        """Return whether any of them was ever materialised."""
        return bool(self._latest)

    def version(self, asset: dg.AssetKey) -> str | None:
        """Return the data version of an asset; None if it was never materialised."""
        latest = self._latest.get(asset)
        return latest.data_version if latest else None

    def holds(self, raw: dg.AssetKey, records: str) -> bool:
        """Return whether a raw table holds records of a version, in any warehouse."""
        latest = self._latest.get(raw)
        return latest is not None and latest.records == records

    def next_version(self, raw: dg.AssetKey, warehouse_id: str, before: str, records: str) -> dg.DataVersion:
        """Return the data version of a raw table after a sync.

        If the sync has found other rows than the one before had left, because of a backup or another program, models
        may have been built from those. So it is a new version, though the records are the same again.

        Args:
            raw: The table.
            warehouse_id: The warehouse that it is in.
            before: The version of the records that it held before the sync.
            records: Of those that it holds now.
        """
        if not (self.is_in(raw, warehouse_id) and self.holds(raw, records)):
            return data_version(warehouse_id, records)
        if before == records:
            return dg.DataVersion(self.version(raw) or "")
        return data_version(warehouse_id, f"{records}.{uuid4().hex[:8]}")

    def is_in(self, raw: dg.AssetKey, warehouse_id: str) -> bool:
        """Return whether a raw table was last synced into this warehouse."""
        latest = self._latest.get(raw)
        return latest is not None and latest.warehouse_id == warehouse_id

    def time(self, asset: dg.AssetKey) -> datetime | None:
        """Return when an asset was last materialised; None if never."""
        latest = self._latest.get(asset)
        return latest.at if latest else None

    def was_made_of(self, asset: dg.AssetKey, read: dg.AssetKey) -> bool:
        """Return whether an asset was built from the current version of an upstream asset.

        Args:
            asset: The asset.
            read: What it reads directly.
        """
        latest = self._latest.get(asset)
        return (latest.inputs.get(read) if latest else None) == self.version(read)

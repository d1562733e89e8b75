"""Makes all asset keys, and what else an event's things are called in Dagster.

The asset ``raw/lectures`` is the table ``raw.lectures``; that of an event of [events] is ``graz2026/raw/lectures``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import dagster as dg

from event_assets.settings import MAIN
from event_assets.source.tables.columns import Table
from event_assets.source.tables.more import ALL_TABLES
from event_assets.source.tables.schema import PARTICIPANTS, REJECTED, TABLES, raw_tables
from event_assets.warehouse import PUBLISHED, RAW
from event_assets.warehouse.namespace import MAIN_NAMESPACE, EventNamespace
from event_assets.warehouse.relations import Relation

_KEPT_BY = {link: table.name for table in ALL_TABLES.values() for link in table.link_tables} | {
    # What could not be loaded is mostly of participants: they are keyed by an address, all others by an identifier.
    REJECTED: PARTICIPANTS.name
}
_REJECTS = Relation(RAW, REJECTED)

WAREHOUSE_POOL = "warehouse"
"""The concurrency pool of everything that writes: DuckDB takes one writing process."""
EVENT_TAG = "event"
"""The tag of a run that says whose it is."""
SEPARATOR = "__"
"""Between the name of an event and what it is of. No event has it in its name."""


@dataclass(frozen=True)
class EventNames:
    """What the things of an event are called in Dagster: as they are, or with the name of an event of [events].

    Attributes:
        event: The event's name; empty for the event of [event].
        is_one_of_several: Whether the code location has other events as well.
        namespace: What its schemas are called in the warehouse.
    """

    event: str = ""
    is_one_of_several: bool = False
    namespace: EventNamespace = MAIN_NAMESPACE

    @property
    def prefix(self) -> tuple[str, ...]:
        """What its asset keys begin with."""
        return (self.event,) if self.event else ()

    @property
    def pool(self) -> str:
        """The concurrency pool of everything that writes its warehouse."""
        return f"{WAREHOUSE_POOL}_{self.event}" if self.event else WAREHOUSE_POOL

    @property
    def tags(self) -> dict[str, str]:
        """The tags of its runs: one of them goes on at a time."""
        return {EVENT_TAG: self.event or MAIN} if self.event or self.is_one_of_several else {}

    def of(self, name: str) -> str:
        """Return what an op, a job, a sensor, a schedule or a resource is called."""
        return f"{self.event}{SEPARATOR}{name}" if self.event else name

    def has(self, name: str) -> bool:
        """Return whether this is what something of the event is called."""
        return name.startswith(self.of("")) if self.event else SEPARATOR not in name

    def group(self, layer: str) -> str:
        """Return the group of the assets of a layer: an event of [events] is one group."""
        return self.event or layer

    def heading(self, about: str) -> str:
        """Return what a message to people is about, with the event that it is of."""
        return f"{self.event}: {about}" if self.event else about

    def key(self, relation: Relation) -> dg.AssetKey:
        """Return the asset of a relation."""
        return asset_key(relation, self.prefix)

    def raw_key(self, resource: str) -> dg.AssetKey:
        """Return the raw asset of a resource."""
        return self.key(Relation(RAW, resource))


THE_EVENT = EventNames()
"""The names of the event of [event]."""


def asset_key(relation: Relation, prefix: Sequence[str] = ()) -> dg.AssetKey:
    """Return the asset of a relation; of a link table (``raw.lectures__speakers``) that of its parent.

    Args:
        relation: The relation.
        prefix: What the keys of its event begin with.
    """
    name = _KEPT_BY.get(relation.name, relation.name) if relation.schema == RAW else relation.name
    return dg.AssetKey([*prefix, relation.schema, name])


def asset_keys(relation: Relation, tables: Collection[str] = TABLES, names: EventNames = THE_EVENT) -> set[dg.AssetKey]:
    """Return the assets whose syncs change a relation: for ``raw.rejected`` all raw assets.

    Args:
        relation: The relation.
        tables: The names of the raw tables of resources.
        names: Those of the event.
    """
    return {*map(names.raw_key, tables)} if relation == _REJECTS else {names.key(relation)}


def relation_of(asset: dg.AssetKey) -> Relation:
    """Return the relation that an asset is, without its event."""
    return Relation(*asset.path[-2:])


def layer_of(asset: dg.AssetKey) -> str:
    """Return the layer of an asset, which is its schema: ``raw`` of ``graz2026/raw/lectures``."""
    return asset.path[-2]


def copy_beside(asset: dg.AssetKey) -> dg.AssetKey:
    """Return the published copy of the event that an asset is of."""
    return published_copy(asset.path[:-2])


def published_copy(prefix: Sequence[str] = ()) -> dg.AssetKey:
    """Return the asset of a published copy.

    Args:
        prefix: What the keys of its event begin with.
    """
    return dg.AssetKey([*prefix, PUBLISHED, "warehouse"])


def raw_columns(tables: Mapping[str, Table] = ALL_TABLES) -> dict[Relation, list[str]]:
    """Return the declared columns of every raw table: resources, link tables and ``raw.rejected``.

    Args:
        tables: The tables of the resources; those of all resources, optional ones too, if not given.
    """
    return {Relation(RAW, name): [column.name for column in columns] for name, columns in raw_tables(tables).items()}


def raw_relations(tables: Mapping[str, Table] = ALL_TABLES) -> set[Relation]:
    """Return every raw table; see ``raw_columns``."""
    return set(raw_columns(tables))

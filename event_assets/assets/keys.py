"""The one place that makes asset keys: an asset is called like its table, ``raw/lectures`` like ``raw.lectures``."""

from __future__ import annotations

import dagster as dg

from event_assets.source.schema import TABLES
from event_assets.warehouse import RAW
from event_assets.warehouse.relations import Relation

_PARENT_OF_LINK = {link: table.name for table in TABLES.values() for link in table.link_tables}


def asset_key(relation: Relation) -> dg.AssetKey:
    """The asset that keeps a relation; a link table (``raw.lectures__speakers``) is kept by its parent's."""
    name = _PARENT_OF_LINK.get(relation.name, relation.name) if relation.schema == RAW else relation.name
    return dg.AssetKey([relation.schema, name])


def raw_relations() -> set[Relation]:
    """Every table that the source fills: those of the resources and their link tables."""
    return {Relation(RAW, name) for name in (*TABLES, *_PARENT_OF_LINK)}

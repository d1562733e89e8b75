"""Makes all asset keys: the asset ``raw/lectures`` is the table ``raw.lectures``."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import dagster as dg

from event_assets.source.tables.columns import Table
from event_assets.source.tables.more import ALL_TABLES
from event_assets.source.tables.schema import PARTICIPANTS, REJECTED, TABLES, raw_tables
from event_assets.warehouse import RAW
from event_assets.warehouse.relations import Relation

_KEPT_BY = {link: table.name for table in ALL_TABLES.values() for link in table.link_tables} | {
    # What could not be loaded is mostly of participants: they are keyed by an address, all others by an identifier.
    REJECTED: PARTICIPANTS.name
}
_REJECTS = Relation(RAW, REJECTED)


def asset_key(relation: Relation) -> dg.AssetKey:
    """Return the asset of a relation; of a link table (``raw.lectures__speakers``) that of its parent."""
    name = _KEPT_BY.get(relation.name, relation.name) if relation.schema == RAW else relation.name
    return dg.AssetKey([relation.schema, name])


def asset_keys(relation: Relation, tables: Collection[str] = TABLES) -> set[dg.AssetKey]:
    """Return the assets whose syncs change a relation: for ``raw.rejected`` all raw assets.

    Args:
        relation: The relation.
        tables: The names of the raw tables of resources.
    """
    return {asset_key(Relation(RAW, name)) for name in tables} if relation == _REJECTS else {asset_key(relation)}


def raw_columns(tables: Mapping[str, Table] = ALL_TABLES) -> dict[Relation, list[str]]:
    """Return the declared columns of every raw table: resources, link tables and ``raw.rejected``.

    Args:
        tables: The tables of the resources; those of all resources, optional ones too, if not given.
    """
    return {Relation(RAW, name): [column.name for column in columns] for name, columns in raw_tables(tables).items()}


def raw_relations(tables: Mapping[str, Table] = ALL_TABLES) -> set[Relation]:
    """Return every raw table; see ``raw_columns``."""
    return set(raw_columns(tables))

"""Column lineage as Dagster's metadata: where a column comes from, what reads it, and its place in the data catalogue.

Dagster's open-source UI draws no column lineage, so what it shows of a column says and links it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import dagster as dg

from event_assets.assets.keys import THE_EVENT, EventNames, relation_of
from event_assets.models.lineage import Lineage
from event_assets.site import CATALOGUE_FILE
from event_assets.warehouse.relations import Relation

Source = tuple[Relation, str]
"""A column of a relation."""


def column_lineage(relation: Relation, lineage: Lineage, names: EventNames = THE_EVENT) -> dict[str, Any]:
    """Return the column lineage of a model as Dagster's metadata, and as a table for the UI.

    Args:
        relation: The model's.
        lineage: That of all models.
        names: Those of the event.
    """
    origins, raw_origins = lineage.origins(relation), lineage.raw_origins(relation)
    dependencies = {
        column: [dg.TableColumnDep(names.key(origin), name) for origin, name in sorted(sources, key=str)]
        for column, sources in origins.items()
    }
    rows = [f"| {column} | {_names(origins[column])} | {_names(raw_origins[column])} |" for column in origins]
    table = "\n".join(["| column | source columns | raw columns |", "|---|---|---|", *rows])
    return {"dagster/column_lineage": dg.TableColumnLineage(dependencies), "source_columns": dg.MetadataValue.md(table)}


def with_sources(
    descriptions: Mapping[str, str], origins: Mapping[str, Iterable[Source]], names: EventNames = THE_EVENT
) -> dict[str, str]:
    """Return the descriptions of a model's columns, each ending with links to the assets that it comes from.

    Args:
        descriptions: What each column means.
        origins: The source columns of each.
        names: Those of the event.
    """
    return {name: _with_sources(meaning, origins.get(name, ()), names) for name, meaning in descriptions.items()}


def _with_sources(meaning: str, sources: Iterable[Source], names: EventNames) -> str:
    links = [f"[{relation}.{column}]({_page(names.key(relation))})" for relation, column in sorted(sources, key=str)]
    return f"{meaning}\n\nFrom {', '.join(links)}." if links else meaning


def _page(asset: dg.AssetKey) -> str:
    return f"/assets/{'/'.join(asset.path)}"


def use_metadata(asset: dg.AssetKey, lineage: Lineage, site: str) -> dict[str, Any]:
    """Return what reads each column of a table, and a link to the data catalogue; nothing for what is no table.

    Args:
        asset: The table's.
        lineage: That of all models.
        site: The address of the pages that people look at.
    """
    relation = relation_of(asset)
    if relation not in lineage:
        return {}
    metadata: dict[str, Any] = {"catalogue": dg.MetadataValue.url(f"{site}/{CATALOGUE_FILE}#{relation}")}
    if relation in lineage.readers:
        rows = [f"| {column} | {', '.join(uses)} |" for column, uses in lineage.readers[relation].items()]
        metadata["used_by"] = dg.MetadataValue.md("\n".join(["| column | used by |", "|---|---|", *rows]))
    return metadata


def _names(origins: Iterable[Source]) -> str:
    return ", ".join(sorted(f"{relation}.{column}" for relation, column in origins))

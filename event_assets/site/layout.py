"""Places the tables of the lineage picture: layers from left to right, each table right of those that it reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from event_assets.site.catalogue import LAYERS, Catalogue, CatalogueTable

_SWEEPS = 4
"""How often the order within the lanes is improved; more changes nothing in graphs of this size."""


@dataclass(frozen=True)
class Lane:
    """A column of the picture: the tables of one layer that read none of each other.

    Attributes:
        layer: The layer.
        tables: The ids of the tables, from top to bottom.
    """

    layer: str
    tables: tuple[str, ...]


def lanes(catalogue: Catalogue) -> tuple[Lane, ...]:
    """Return the lanes from left to right. What reads a table of its own layer stands in a further lane of it."""
    depths = _depths(catalogue)
    columns: dict[tuple[int, int], list[str]] = {}
    for table in sorted(catalogue.tables, key=lambda table: table.name):
        columns.setdefault((LAYERS.index(table.layer), depths[table.id]), []).append(table.id)
    places = sorted(columns)
    ordered = _with_few_crossings([columns[place] for place in places], catalogue)
    return tuple(Lane(LAYERS[layer], tuple(ids)) for (layer, _), ids in zip(places, ordered, strict=True))


def _depths(catalogue: Catalogue) -> dict[str, int]:
    """Return how many tables of its own layer a table reads one by way of another."""
    found: dict[str, int] = {}

    def depth(table: CatalogueTable) -> int:
        if table.id not in found:
            read = [catalogue.by_id[each] for each in table.reads]
            found[table.id] = max((depth(each) + 1 for each in read if each.layer == table.layer), default=0)
        return found[table.id]

    for table in catalogue.tables:
        depth(table)
    return found


def _with_few_crossings(columns: list[list[str]], catalogue: Catalogue) -> list[list[str]]:
    """Order each lane by the mean place of the tables that its own are connected with, from both sides in turn."""
    reads = {table.id: table.reads for table in catalogue.tables}
    ordered = [list(column) for column in columns]
    for sweep in range(_SWEEPS):
        neighbours: Mapping[str, Iterable[str]] = catalogue.read_by if sweep % 2 else reads
        place = {each: number / len(column) for column in ordered for number, each in enumerate(column)}
        for column in reversed(ordered) if sweep % 2 else ordered:
            mean = {each: _mean([place[other] for other in neighbours[each]], place[each]) for each in column}
            column.sort(key=mean.__getitem__)
            place |= {each: number / len(column) for number, each in enumerate(column)}
    return ordered


def _mean(values: list[float], default: float) -> float:
    return sum(values) / len(values) if values else default

"""Collects what is known of each table, from the data dictionary and the models: meaning, owner, lineage."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from event_assets.models import Model
from event_assets.models.lineage import Lineage
from event_assets.source.api.resources import SOURCE_NAME
from event_assets.source.tables.columns import Column, Table
from event_assets.source.tables.schema import REJECTED, REJECTED_COLUMNS, REJECTED_DESCRIPTION
from event_assets.warehouse import RAW
from event_assets.warehouse.engines import Engine
from event_assets.warehouse.relations import Dataset, Relation

Sources = Mapping[tuple[Dataset, str], Collection[str]]
"""A column of a dataset → how it is used, in OpenLineage's words."""

_ROW_USES = {"join": "JOIN", "filter": "FILTER", "group": "GROUP_BY"}


@dataclass(frozen=True)
class TableFacts:
    """What is known of a table, whatever it holds.

    Attributes:
        description: What it is.
        columns: Column → its meaning, in the order of the table.
        reads: What it is made of.
        origins: Column → its source columns.
        row_sources: The columns by which its rows are joined, filtered and grouped.
        pii: The columns with personal data.
        owner: Who answers for it.
        is_view: Whether it is a view.
        sql: The SELECT that makes it; empty for a raw table.
    """

    description: str
    columns: Mapping[str, str]
    reads: tuple[Dataset, ...]
    owner: str
    origins: Mapping[str, Sources] = field(default_factory=dict)
    row_sources: Sources = field(default_factory=dict)
    pii: Collection[str] = ()
    is_view: bool = False
    sql: str = ""


def describe_tables(
    engine: Engine, models: Mapping[Relation, Model], raw: Mapping[str, Table], lineage: Lineage, owner: str
) -> dict[Relation, TableFacts]:
    """Return what is known of the raw tables and the models.

    Args:
        engine: Says what they are called.
        models: All models.
        raw: The raw tables of resources, by name.
        lineage: The column lineage of the models.
        owner: Who answers for what names nobody.
    """
    described = {}
    for table in raw.values():
        described |= {Relation(RAW, name): facts for name, facts in _raw_tables(table, owner)}
    described[Relation(RAW, REJECTED)] = TableFacts(
        REJECTED_DESCRIPTION,
        _meanings(REJECTED_COLUMNS),
        tuple(map(resource, raw)),
        owner,
        pii=("payload",),
    )
    return described | {relation: _model(model, engine, lineage, owner) for relation, model in models.items()}


def resource(name: str) -> Dataset:
    """Return a resource of the API as a dataset. Its address is not told."""
    return Dataset(SOURCE_NAME, name)


def _raw_tables(table: Table, owner: str) -> Iterator[tuple[str, TableFacts]]:
    """Yield the table of a resource and its link tables, each with its name."""
    source = resource(table.name)
    # The key is made of the field: an address in small letters.
    keys = {table.key_column.name} if table.key_column else set()
    origins = {
        column: {(source, each): ("TRANSFORMATION" if column in keys else "IDENTITY",) for each in fields}
        for column, fields in table.api_fields.items()
    }
    yield (
        table.name,
        TableFacts(table.description, _meanings(table.all_columns), (source,), owner, origins, pii=table.pii),
    )
    for name, columns in table.link_tables.items():
        entry = {"value": {(source, name.removeprefix(f"{table.name}__")): ("IDENTITY",)}}
        yield name, TableFacts(table.link_descriptions[name], _meanings(columns), (source,), owner, entry)


def _meanings(columns: tuple[Column, ...]) -> dict[str, str]:
    return {column.name: column.description for column in columns}


def _model(model: Model, engine: Engine, lineage: Lineage, owner: str) -> TableFacts:
    facts = model.facts
    return TableFacts(
        facts.description.strip(),
        {name: facts.columns[name] for name in model.columns},
        tuple(engine.dataset(read) for read in sorted(model.reads, key=str)),
        facts.owner or owner,
        {
            column: {(engine.dataset(read), name): sorted(uses) for (read, name), uses in sources.items()}
            for column, sources in lineage.transformations(model.relation).items()
        },
        {
            (engine.dataset(read), name): sorted(_ROW_USES[use] for use in uses)
            for (read, name), uses in lineage.row_sources(model.relation).items()
        },
        facts.pii,
        model.kind == "view",
        model.text,
    )

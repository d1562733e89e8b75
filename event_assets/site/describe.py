"""Describes every table and column: of the raw tables from the data dictionary, of the models from their facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from event_assets.models import Model
from event_assets.models.lineage import Lineage
from event_assets.site.catalogue import API, CatalogueColumn, CatalogueTable, TableStatus
from event_assets.source.api.resources import endpoint_of
from event_assets.source.tables.columns import Column, Table
from event_assets.source.tables.schema import REJECTED, REJECTED_COLUMNS, REJECTED_DESCRIPTION, raw_tables
from event_assets.warehouse import RAW
from event_assets.warehouse.relations import Relation

LeftOut = Mapping[Relation, Mapping[str, str]]
"""Relation → column → why the published copy leaves it out."""


def describe_tables(
    models: Mapping[Relation, Model],
    raw: Mapping[str, Table],
    left_out: LeftOut,
    statuses: Mapping[str, TableStatus],
    owner: str = "",
) -> tuple[CatalogueTable, ...]:
    """Return the API resources, the raw tables and the models, in this order.

    Args:
        models: All models, each after those that it reads.
        raw: The raw tables of resources, by name.
        left_out: The columns that the published copy leaves out, with the reasons.
        statuses: What is known of the tables at the moment, by id; of some or all.
        owner: Who answers for what names nobody.
    """
    declared = {Relation(RAW, name): [each.name for each in columns] for name, columns in raw_tables(raw).items()}
    lineage = Lineage(models, declared)
    return (
        *map(_resource, raw.values()),
        *_raw_tables(raw, left_out, statuses, owner),
        *(
            _model(model, lineage, left_out.get(relation, {}), statuses.get(str(relation)), owner)
            for relation, model in models.items()
        ),
    )


def _resource(table: Table) -> CatalogueTable:
    names = table.api_fields
    fields = [
        CatalogueColumn(names[column.name][0], column.description, column.data_type, _holds_personal_data(column))
        for column in table.columns
    ]
    lists = [CatalogueColumn(link, f"List: {about}", "json") for link, about in (table.links or {}).items()]
    endpoint = endpoint_of(table.name)
    return CatalogueTable(
        API,
        table.name,
        "resource",
        f"What the API sends under /{endpoint} for raw.{table.name}.",
        (*fields, *lists),
        grain=(table.key_field,),
    )


def _holds_personal_data(column: Column) -> bool:
    return bool(column.pii or column.nested_pii)


def _raw_tables(
    raw: Mapping[str, Table], left_out: LeftOut, statuses: Mapping[str, TableStatus], owner: str
) -> Iterator[CatalogueTable]:
    for table in raw.values():
        relation, source = Relation(RAW, table.name), f"{API}.{table.name}"
        sources = {name: tuple(f"{source}.{each}" for each in fields) for name, fields in table.api_fields.items()}
        yield CatalogueTable(
            RAW,
            table.name,
            "table",
            table.description,
            _raw_columns(table.all_columns, sources, left_out.get(relation, {})),
            grain=(table.key,),
            owner=owner,
            reads=(source,),
            status=statuses.get(str(relation)),
        )
        for link, columns in table.link_tables.items():
            field = link.removeprefix(f"{table.name}__")
            yield CatalogueTable(
                RAW,
                link,
                "table",
                table.link_descriptions[link],
                _raw_columns(columns, {"value": (f"{source}.{field}",)}, {}),
                owner=owner,
                reads=(source,),
            )
    rejected = Relation(RAW, REJECTED)
    yield CatalogueTable(
        RAW,
        REJECTED,
        "table",
        REJECTED_DESCRIPTION,
        _raw_columns(REJECTED_COLUMNS, {}, left_out.get(rejected, {})),
        owner=owner,
        reads=tuple(f"{API}.{name}" for name in raw),
    )


def _raw_columns(
    columns: tuple[Column, ...], sources: Mapping[str, tuple[str, ...]], left_out: Mapping[str, str]
) -> tuple[CatalogueColumn, ...]:
    return tuple(
        CatalogueColumn(
            column.name,
            column.description,
            column.data_type,
            pii=_holds_personal_data(column),
            left_out=left_out.get(column.name, ""),
            sources=sources.get(column.name, ()),
        )
        for column in columns
    )


def _model(
    model: Model,
    lineage: Lineage,
    left_out: Mapping[str, str],
    status: TableStatus | None,
    owner: str,
) -> CatalogueTable:
    facts, origins = model.facts, lineage.origins(model.relation)
    data_types = status.data_types if status else {}
    return CatalogueTable(
        model.relation.schema,
        model.relation.name,
        model.kind,
        facts.description,
        tuple(
            CatalogueColumn(
                name,
                facts.columns[name],
                data_types.get(name, ""),
                pii=name in facts.pii,
                left_out=left_out.get(name, ""),
                not_pii=facts.not_pii.get(name, ""),
                sources=tuple(sorted(f"{relation}.{source}" for relation, source in origins[name])),
            )
            for name in model.columns
        ),
        grain=tuple(facts.grain),
        owner=facts.owner or owner,
        reads=tuple(sorted(map(str, model.reads))),
        row_sources={
            f"{relation}.{name}": ", ".join(sorted(uses))
            for (relation, name), uses in sorted(lineage.row_sources(model.relation).items(), key=str)
        },
        sql=model.text,
        status=status,
    )

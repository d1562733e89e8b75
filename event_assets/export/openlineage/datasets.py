"""Makes OpenLineage's datasets of tables: their names, and facets for what is known of them. No value of a table."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from openlineage.client.event_v2 import InputDataset, OutputDataset
from openlineage.client.facet_v2 import (
    OutputDatasetFacet,
    column_lineage_dataset,
    data_quality_assertions_dataset,
    dataset_type_dataset,
    dataset_version_dataset,
    datasource_dataset,
    documentation_dataset,
    output_statistics_output_dataset,
    ownership_dataset,
    schema_dataset,
    tags_dataset,
)

from event_assets.export.openlineage.tables import Sources, TableFacts
from event_assets.warehouse.relations import Dataset, Relation

_DIRECT = ("IDENTITY", "TRANSFORMATION", "AGGREGATION")
"""How a column shows the value of another one. All other ways decide which value is shown."""


@dataclass(frozen=True)
class Written:
    """What a run has written into a table.

    Attributes:
        relation: The table.
        data_types: The type of each column, as the database has it; of none, where it was not read.
        rows: How many rows it has now; None where they were not counted.
        version: The version of what it holds.
    """

    relation: Relation
    data_types: Mapping[str, str | None] = field(default_factory=dict)
    rows: int | None = None
    version: str | None = None


@dataclass(frozen=True)
class Assertion:
    """What a check has found.

    Attributes:
        name: What it is called.
        passed: Whether it has found nothing.
        severity: ``error`` or ``warn``.
        kind: What it asks, such as ``not_null``.
        description: What holds if it passes.
        column: The column that it tests; None of a table.
    """

    name: str
    passed: bool
    severity: str
    kind: str = "custom"
    description: str | None = None
    column: str | None = None


def input_dataset(name: Dataset, assertions: Collection[Assertion] = ()) -> InputDataset:
    """Return a table that was read.

    Args:
        name: What it is called.
        assertions: What checks have found in it.
    """
    if not assertions:
        return InputDataset(name.namespace, name.name)
    found = [
        data_quality_assertions_dataset.Assertion(
            assertion=each.kind,
            success=each.passed,
            column=each.column,
            severity=each.severity,
            name=each.name,
            description=each.description,
            params=None,
        )
        for each in assertions
    ]
    facet = data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(found)
    return InputDataset(name.namespace, name.name, inputFacets={"dataQualityAssertions": facet})


def output_dataset(name: Dataset, facts: TableFacts, written: Written) -> OutputDataset:
    """Return a table that was written.

    Args:
        name: What it is called.
        facts: What is known of it.
        written: What was written into it.
    """
    facets = _facets(name, facts, facts.columns, written.data_types)
    facets["columnLineage"] = _column_lineage(facts.origins, facts.row_sources)
    if facts.pii:
        tags = [
            tags_dataset.TagsDatasetFacetFields("pii", "true", "DAGSTER", column)
            for column in facts.columns
            if column in facts.pii
        ]
        facets["tags"] = tags_dataset.TagsDatasetFacet(tags)
    if written.version:
        facets["version"] = dataset_version_dataset.DatasetVersionDatasetFacet(written.version)
    statistics: dict[str, OutputDatasetFacet] = {}
    if written.rows is not None:
        statistics["outputStatistics"] = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
            written.rows
        )
    return OutputDataset(name.namespace, name.name, facets=facets, outputFacets=statistics)


def copied_dataset(name: Dataset, source: Dataset, facts: TableFacts, left_out: Collection[str]) -> OutputDataset:
    """Return a table of the copy for readers: each of its columns is one of the warehouse.

    Args:
        name: What it is called.
        source: The table of the warehouse.
        facts: What is known of that.
        left_out: The columns that the copy does not have.
    """
    columns = {column: meaning for column, meaning in facts.columns.items() if column not in left_out}
    facets = _facets(name, facts, columns, {})
    facets["columnLineage"] = _column_lineage({column: {(source, column): ("IDENTITY",)} for column in columns}, {})
    return OutputDataset(name.namespace, name.name, facets=facets)


def _facets(
    name: Dataset, facts: TableFacts, columns: Mapping[str, str], data_types: Mapping[str, str | None]
) -> dict[str, Any]:
    fields = [
        schema_dataset.SchemaDatasetFacetFields(name=column, type=data_types.get(column), description=meaning)
        for column, meaning in columns.items()
    ]
    return {
        "schema": schema_dataset.SchemaDatasetFacet(fields),
        "documentation": documentation_dataset.DocumentationDatasetFacet(facts.description, "text/markdown"),
        "ownership": ownership_dataset.OwnershipDatasetFacet([ownership_dataset.Owner(facts.owner)]),
        "dataSource": datasource_dataset.DatasourceDatasetFacet(name=name.namespace, uri=name.namespace),
        "datasetType": dataset_type_dataset.DatasetTypeDatasetFacet("VIEW" if facts.is_view else "TABLE"),
    }


def _column_lineage(
    origins: Mapping[str, Sources], row_sources: Sources
) -> column_lineage_dataset.ColumnLineageDatasetFacet:
    fields = {
        column: column_lineage_dataset.Fields([*_input_fields(sources)])
        for column, sources in origins.items()
        if sources
    }
    return column_lineage_dataset.ColumnLineageDatasetFacet(fields, [*_input_fields(row_sources)])


def _input_fields(sources: Sources) -> Iterable[column_lineage_dataset.InputField]:
    for (table, column), uses in sorted(sources.items(), key=lambda each: (each[0][0].name, each[0][1])):
        transformations = [
            column_lineage_dataset.Transformation("DIRECT" if use in _DIRECT else "INDIRECT", use) for use in uses
        ]
        yield column_lineage_dataset.InputField(table.namespace, table.name, column, transformations)

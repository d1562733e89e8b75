"""Finds the column lineage of the models, with sqlglot."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from sqlglot import exp

from event_assets.models.compiled import Columns, CompiledModel, Origins, RowSources, Transformations, fingerprint_of
from event_assets.models.dialects import DIALECT
from event_assets.models.project import Model
from event_assets.models.row_lineage import row_sources
from event_assets.models.transformations import transformations
from event_assets.warehouse.relations import Relation


def raw_fingerprint(model: Model, raw: Columns) -> str:
    """Return a fingerprint of the columns of the raw tables that a model reads itself.

    Args:
        model: The model.
        raw: The columns of every raw table, also of those that it does not read.
    """
    read = sorted((str(relation), [*raw[relation]]) for relation in model.reads if relation in raw)
    return fingerprint_of(read)


class Lineage:
    """The column lineage of all models, found on demand and once, if it is not compiled.

    Args:
        models: All models.
        raw: The columns of every raw table.
    """

    def __init__(self, models: Mapping[Relation, Model], raw: Columns) -> None:
        self._models = models
        self._columns = {**raw, **{relation: model.columns for relation, model in models.items()}}
        self._raw = {relation: raw_fingerprint(model, raw) for relation, model in models.items()}
        self._origins: dict[Relation, Origins] = {}

    def __contains__(self, relation: Relation) -> bool:
        """Whether it is a raw table or a model."""
        return relation in self._columns

    def origins(self, relation: Relation) -> Origins:
        """Return the source columns of each column of a model, in the relations that it reads."""
        if compiled := self._compiled(relation):
            return compiled.origins
        if relation not in self._origins:
            self._origins[relation] = column_origins(self._models[relation], self._columns)
        return self._origins[relation]

    def row_sources(self, relation: Relation) -> RowSources:
        """Return the columns by which a model joins, filters and groups rows, in the relations that it reads."""
        compiled = self._compiled(relation)
        return compiled.row_sources if compiled else row_sources(self._models[relation], self._columns)

    def transformations(self, relation: Relation) -> Transformations:
        """Return how each column of a model is made of its source columns."""
        compiled = self._compiled(relation)
        return compiled.transformations if compiled else transformations(self._models[relation], self._columns)

    def _compiled(self, relation: Relation) -> CompiledModel | None:
        compiled = self._models[relation].compiled
        return compiled if compiled and compiled.raw == self._raw[relation] else None

    def raw_origins(self, relation: Relation) -> Origins:
        """Return the source columns of each column of a model, in the raw tables."""
        return {
            column: {leaf for origin in sources for leaf in self._down(*origin)}
            for column, sources in self.origins(relation).items()
        }

    @cached_property
    def readers(self) -> dict[Relation, dict[str, list[str]]]:
        """Relation → column → what reads it: columns made of it, and models whose rows it decides."""
        found: dict[tuple[Relation, str], list[str]] = {}
        for model in self._models:
            for column, sources in self.origins(model).items():
                for source in sources:
                    found.setdefault(source, []).append(f"{model}.{column}")
            for source, uses in self.row_sources(model).items():
                found.setdefault(source, []).append(f"{model} ({' and '.join(sorted(uses))})")
        readers: dict[Relation, dict[str, list[str]]] = {}
        for (relation, column), uses in sorted(found.items(), key=str):
            readers.setdefault(relation, {})[column] = sorted(uses)
        return readers

    def _down(self, relation: Relation, column: str) -> set[tuple[Relation, str]]:
        if relation not in self._models:
            return {(relation, column)}
        sources = self.origins(relation).get(column, set())
        return {leaf for origin in sources for leaf in self._down(*origin)}


def column_origins(model: Model, columns: Columns) -> Origins:
    """Return the source columns of each column of a model.

    Args:
        model: The model.
        columns: The columns of every relation that models read.

    Returns:
        By column of the model; empty for a constant.
    """
    from sqlglot.lineage import lineage  # here, because a run that builds no model needs no optimizer

    schema: dict[str, dict[str, dict[str, str]]] = {}
    for relation in model.reads:
        schema.setdefault(relation.schema, {})[relation.name] = dict.fromkeys(columns[relation], "text")
    nodes = lineage(None, model.first_query, schema, dialect=DIALECT, trim_selects=False)
    origins: Origins = {}
    for column, node in nodes.items():
        origins[column] = {
            (Relation(table.db, table.name), leaf.name.split(".")[-1].strip('"'))
            for leaf in node.walk()
            if isinstance(table := leaf.expression, exp.Table) and table.db
        }
    return origins

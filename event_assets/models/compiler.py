"""Compiles the models: finds what ``compiled`` keeps of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sqlglot import exp

from event_assets.models.compiled import Columns, CompiledModel
from event_assets.models.dialects import DIALECT
from event_assets.models.lineage import Lineage, raw_fingerprint
from event_assets.models.project import Model
from event_assets.models.translated import placeholders
from event_assets.warehouse.relations import Relation


def compile_models(models: Mapping[Relation, Model], raw: Columns) -> dict[Relation, CompiledModel]:
    """Return what is found in the SELECT of each model.

    Args:
        models: All models, as they are parsed.
        raw: The columns of every raw table.
    """
    return {relation: _compiled(model, models, raw) for relation, model in models.items()}


def translate_models(models: Iterable[Model], dialect: str) -> dict[str, str]:
    """Return the SELECTs of models in a dialect by name, as ``translated`` keeps them.

    Args:
        models: Models, as they are parsed.
        dialect: One of sqlglot's.
    """
    return dict(each for model in models for each in _translated(model, dialect))


def _translated(model: Model, dialect: str) -> Iterator[tuple[str, str]]:
    for first in (False, True) if model.kind == "incremental" else (False,):
        yield model.name_of(first=first), model.render(placeholders(model.parameters), dialect, first=first)
    if model.facts.optional_relation and not model.absent:
        yield from _translated(model.without_optional_input(), dialect)


def _compiled(model: Model, models: Mapping[Relation, Model], raw: Columns) -> CompiledModel:
    relation, lineage = model.relation, Lineage({**models, model.relation: model}, raw)
    optional = model.facts.optional_relation and not model.absent
    return CompiledModel(
        columns=tuple(model.columns),
        reads=model.reads,
        parameters=model.parameters,
        sql=_sql(model.query),
        first_sql=_sql(model.first_query),
        origins=lineage.origins(relation),
        transformations=lineage.transformations(relation),
        row_sources=lineage.row_sources(relation),
        raw=raw_fingerprint(model, raw),
        without=_compiled(model.without_optional_input(), models, raw) if optional else None,
    )


def _sql(query: exp.Query) -> str:
    return query.sql(dialect=DIALECT, pretty=True)

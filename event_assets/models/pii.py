"""Checks that every column derived from personal data is declared as ``pii`` or ``not_pii``."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from sqlglot import exp

from event_assets.models.lineage import Lineage
from event_assets.models.project import Model, ModelError
from event_assets.warehouse.relations import Relation


def check_pii(models: Mapping[Relation, Model], lineage: Lineage, private: Mapping[Relation, Collection[str]]) -> None:
    """Raise an error if a column derived from personal data is neither under ``pii`` nor under ``not_pii``.

    Args:
        models: All models, each after those that it reads.
        lineage: Where their columns come from.
        private: The columns of the raw tables that hold personal data, or may.

    Raises:
        ModelError: There is such a column; the message names it, and says what to do.
    """
    known = dict(private)
    for relation, model in models.items():
        declared = {*model.facts.pii, *model.facts.not_pii}
        if may_show(model, known):
            for column, sources in lineage.origins(relation).items():
                origins = sorted(f"{read}.{name}" for read, name in sources if name in known.get(read, ()))
                if origins and column not in declared:
                    raise ModelError(
                        f"{model.path.with_suffix('.yml')}: {column} is derived from {', '.join(origins)}, which may "
                        "hold personal data. Put it under `pii`, and the published copy leaves it out; or under "
                        "`not_pii`, with the reason why it identifies nobody."
                    )
        known[relation] = model.facts.pii


def may_show(model: Model, private: Mapping[Relation, Collection[str]]) -> bool:
    """Return whether a SELECT names a private column, or selects all columns of a relation that has one.

    Most do not, and to find out where each of their columns comes from takes too long for every start.

    Args:
        model: The model.
        private: The private columns of each relation.
    """
    for table, columns in _private_tables(model, private):
        select = table.find_ancestor(exp.Select)
        if select is None or any(each.is_star for each in select.expressions):
            return True
        # A table's name alone is the whole of its row.
        names = {table.alias_or_name, *columns}
        if any(column.name in names for column in select.find_all(exp.Column)):
            return True
    return False


def _private_tables(
    model: Model, private: Mapping[Relation, Collection[str]]
) -> Iterator[tuple[exp.Table, Collection[str]]]:
    for table in model.query.find_all(exp.Table):
        if columns := private.get(Relation(table.db, table.name)):
            yield table, columns

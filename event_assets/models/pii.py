"""Checks that every column derived from personal data is declared as ``pii`` or ``not_pii``."""

from __future__ import annotations

from collections.abc import Collection, Mapping

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
        for column, sources in lineage.origins(relation).items():
            origins = sorted(f"{read}.{name}" for read, name in sources if name in known.get(read, ()))
            if origins and column not in declared:
                raise ModelError(
                    f"{model.path.with_suffix('.yml')}: {column} is derived from {', '.join(origins)}, which may hold "
                    "personal data. Put it under `pii`, and the published copy leaves it out; or under `not_pii`, with "
                    "the reason why it identifies nobody."
                )
        known[relation] = model.facts.pii

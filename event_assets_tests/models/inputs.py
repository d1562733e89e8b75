"""Which models there must be so that some can be built."""

from collections.abc import Iterable, Mapping

from event_assets.models import Model
from event_assets.warehouse.relations import Relation


def with_inputs(models: Mapping[Relation, Model], wanted: Iterable[Relation]) -> set[Relation]:
    """Return some models and all relations that they read, directly or not.

    Args:
        models: All models, each after those that it reads.
        wanted: Some of them.
    """
    needed = {*wanted}
    for relation, model in reversed([*models.items()]):
        if relation in needed:
            needed |= model.reads
    return needed

"""Says how each column of a model is made of its source columns, in the words of OpenLineage.

``lineage`` says of which. ``IDENTITY``, ``TRANSFORMATION`` and ``AGGREGATION`` show the value of the source;
all others decide which value is shown.
"""

from __future__ import annotations

from event_assets.models.compiled import Columns, Transformations
from event_assets.models.project import Model
from event_assets.models.query_columns import QueryColumns


def transformations(model: Model, columns: Columns) -> Transformations:
    """Return how each column of a model is made of its source columns.

    Args:
        model: The model.
        columns: The columns of every relation that models read.
    """
    query = QueryColumns(model, columns)
    return {column: query.made_of(query.root, column) for column in model.columns}

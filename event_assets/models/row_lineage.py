"""Finds the columns by which a model joins, filters and groups: they decide which rows there are.

``lineage`` finds of which columns a value is made. A model also breaks without the others that its SELECT names,
and its rows change with them; OpenLineage calls these indirect dependencies.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp
from sqlglot.optimizer import Scope

from event_assets.models.compiled import Columns, RowSources
from event_assets.models.project import Model
from event_assets.models.query_columns import QueryColumns

_CLAUSES = {"where": "filter", "having": "filter", "qualify": "filter", "group": "group"}
"""The clauses of a SELECT that decide which rows there are → how their columns are used."""


def row_sources(model: Model, columns: Columns) -> RowSources:
    """Return the columns by which a model joins, filters and groups rows, in the relations that it reads.

    Args:
        model: The model.
        columns: The columns of every relation that models read.
    """
    query = QueryColumns(model, columns)
    found: RowSources = {}
    for scope in query.scopes:
        for clause, use in _clauses(scope):
            for column in clause.find_all(exp.Column):
                for source in query.resolve(column):
                    found.setdefault(source, set()).add(use)
    return found


def _clauses(scope: Scope) -> Iterator[tuple[exp.Expr, str]]:
    select = scope.expression
    if not isinstance(select, exp.Select):
        return
    for name, use in _CLAUSES.items():
        if clause := select.args.get(name):
            yield clause, use
    group = select.args.get("group")
    if select.args.get("distinct") or (group and group.args.get("all")):  # by what is no aggregate
        yield from ((each, "group") for each in select.expressions if not each.find(exp.AggFunc))
    for join in select.args.get("joins") or ():
        if condition := join.args.get("on"):
            yield condition, "join"

"""Finds the columns by which a model joins, filters and groups: they decide which rows there are.

``lineage`` finds of which columns a value is made. A model also breaks without the others that its SELECT names,
and its rows change with them; OpenLineage calls these indirect dependencies.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlglot import exp
from sqlglot.optimizer import Scope, build_scope, find_all_in_scope, qualify

from event_assets.models.compiled import Columns, RowSources
from event_assets.models.project import DIALECT, Model
from event_assets.warehouse.relations import Relation

_CLAUSES = {"where": "filter", "having": "filter", "qualify": "filter", "group": "group"}
"""The clauses of a SELECT that decide which rows there are → how their columns are used."""

_Schema = dict[str, Any]
"""The columns of relations, as sqlglot takes them: schema → name → column → type."""


def row_sources(model: Model, columns: Columns) -> RowSources:
    """Return the columns by which a model joins, filters and groups rows, in the relations that it reads.

    Args:
        model: The model.
        columns: The columns of every relation that models read.
    """
    schema: _Schema = {}
    for relation in model.reads:
        schema.setdefault(relation.schema, {})[relation.name] = dict.fromkeys(columns[relation], "text")
    query = qualify.qualify(
        model.first_query, dialect=DIALECT, schema=schema, validate_qualify_columns=False, identify=False
    )
    root = build_scope(query)
    if root is None:
        raise ValueError(f"{model.path}: sqlglot finds no SELECT in it.")
    return _Rows(root, schema).sources()


class _Rows:
    """The columns of one qualified query that decide which rows there are.

    Args:
        root: The query's scope.
        schema: The columns of what it reads.
    """

    def __init__(self, root: Scope, schema: _Schema) -> None:
        self._scopes, self._schema = list(root.traverse()), schema
        self._of_query = {id(scope.expression): scope for scope in self._scopes}
        # A clause may hold subqueries, whose columns are resolved where they stand.
        self._homes = {
            id(column): scope for scope in self._scopes for column in find_all_in_scope(scope.expression, exp.Column)
        }
        self._leaves: dict[tuple[int, str | int], set[tuple[Relation, str]]] = {}

    def sources(self) -> RowSources:
        found: RowSources = {}
        for scope in self._scopes:
            for clause, use in _clauses(scope):
                for column in clause.find_all(exp.Column):
                    for leaf in self._resolve(column):
                        found.setdefault(leaf, set()).add(use)
        return found

    def _resolve(self, column: exp.Column) -> set[tuple[Relation, str]]:
        scope = self._homes.get(id(column))
        while scope is not None and column.table not in scope.sources:  # a correlated subquery names what is outside
            scope = scope.parent
        source = scope.sources[column.table] if scope else None
        if isinstance(source, exp.Table):
            return {(Relation(source.db, source.name), column.name)} if source.db else set()
        return self._leaves_of(source, column.name) if isinstance(source, Scope) else set()

    def _leaves_of(self, scope: Scope, column: str | int) -> set[tuple[Relation, str]]:
        """Return of which columns a column of a subquery is made: by its name, or its position within a union."""
        key = id(scope), column
        if key in self._leaves:
            return self._leaves[key]
        query, found = scope.expression, set()
        self._leaves[key] = found
        if isinstance(query, exp.Query):
            position = query.named_selects.index(column) if isinstance(column, str) else column
            if isinstance(query, exp.SetOperation):
                for branch in (query.left, query.right):
                    found |= self._leaves_of(self._of_query[id(branch.unnest())], position)
            else:
                for each in query.selects[position].find_all(exp.Column):
                    found |= self._resolve(each)
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

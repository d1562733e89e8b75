"""Resolves the columns that a SELECT names to those of the relations that it reads, and says how they are used.

``row_lineage`` asks it for the columns that decide which rows there are, ``transformations`` for those that a value is
made of.
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp
from sqlglot.optimizer import Scope, build_scope, find_all_in_scope, qualify

from event_assets.models.compiled import Columns
from event_assets.models.project import DIALECT, Model
from event_assets.warehouse.relations import Relation

Sources = dict[tuple[Relation, str], set[str]]
"""A column of a relation → how a value is made of it: of ``TRANSFORMATIONS``."""

TRANSFORMATIONS = (
    "IDENTITY",
    "TRANSFORMATION",
    "AGGREGATION",
    "CONDITIONAL",
    "SORT",
    "WINDOW",
    "FILTER",
)
"""OpenLineage's subtypes. Of two steps on the way of a value, the later one in this list is what becomes of it."""


class QueryColumns:
    """The columns of one SELECT.

    Args:
        model: The model that it is of.
        columns: The columns of every relation that models read.

    Raises:
        ValueError: The model is no SELECT.
    """

    def __init__(self, model: Model, columns: Columns) -> None:
        schema: dict[str, Any] = {}
        for relation in model.reads:
            schema.setdefault(relation.schema, {})[relation.name] = dict.fromkeys(columns[relation], "text")
        query = qualify.qualify(
            model.first_query, dialect=DIALECT, schema=schema, validate_qualify_columns=False, identify=False
        )
        root = build_scope(query)
        if root is None:
            raise ValueError(f"{model.path}: sqlglot finds no SELECT in it.")
        self.root, self.scopes = root, list(root.traverse())
        self._of_query = {id(scope.expression): scope for scope in self.scopes}
        # A clause may hold subqueries, whose columns are resolved where they stand.
        self._homes = {
            id(column): scope for scope in self.scopes for column in find_all_in_scope(scope.expression, exp.Column)
        }
        self._made_of: dict[tuple[int, str | int], Sources] = {}

    def resolve(self, column: exp.Column) -> Sources:
        """Return the columns of relations that a column of the SELECT is made of."""
        scope = self._homes.get(id(column))
        while scope is not None and column.table not in scope.sources:  # a correlated subquery names what is outside
            scope = scope.parent
        source = scope.sources[column.table] if scope else None
        if isinstance(source, exp.Table):
            return {(Relation(source.db, source.name), column.name): {"IDENTITY"}} if source.db else {}
        return self.made_of(source, column.name) if isinstance(source, Scope) else {}

    def made_of(self, scope: Scope, column: str | int) -> Sources:
        """Return the columns of relations that a result column is made of.

        Not those in the clauses of a subquery: they decide which rows it has.

        Args:
            scope: The query, or a subquery, that it is a result of.
            column: Its name, or its position within a union.
        """
        key = id(scope), column
        if key in self._made_of:
            return self._made_of[key]
        query, found = scope.expression, {}
        self._made_of[key] = found
        if isinstance(query, exp.Query):
            position = query.named_selects.index(column) if isinstance(column, str) else column
            if isinstance(query, exp.SetOperation):
                for branch in (query.left, query.right):
                    _add(found, self.made_of(self._of_query[id(branch.unnest())], position))
            else:
                selected = query.selects[position]
                for each in selected.find_all(exp.Column):
                    if use := _use(each, selected):
                        _add(found, self.resolve(each), use)
        return found


def _add(found: Sources, sources: Sources, use: str = "IDENTITY") -> None:
    """Add sources, which are used in one more way."""
    for source, uses in sources.items():
        found.setdefault(source, set()).update(_later(use, each) for each in uses)


def _later(use: str, other: str) -> str:
    return max(use, other, key=TRANSFORMATIONS.index)


def _use(column: exp.Column, selected: exp.Expr) -> str | None:
    """Return how an expression uses a column in it; None if it stands in a clause of a subquery."""
    use, node = "IDENTITY", column
    while node is not selected and (parent := node.parent):
        if isinstance(parent, exp.Select) and node.arg_key != "expressions":
            return None
        use, node = _later(use, _step(node, parent)), parent
    return use


def _step(node: exp.Expr, parent: exp.Expr) -> str:
    """Return what an expression does with a part of it."""
    part = node.arg_key
    if isinstance(parent, (exp.Alias, exp.Paren, exp.Query)) or (isinstance(parent, exp.Order) and part == "this"):
        return "IDENTITY"
    if isinstance(parent, (exp.If, exp.Case)) and part == "this":
        return "CONDITIONAL"
    if isinstance(parent, exp.Order):
        return "SORT"
    if isinstance(parent, exp.Window) and part != "this":
        return "WINDOW"
    if isinstance(parent, exp.Where):  # of an aggregate
        return "FILTER"
    return "AGGREGATION" if isinstance(parent, exp.AggFunc) and not _is_windowed(parent) else "TRANSFORMATION"


def _is_windowed(function: exp.Expr) -> bool:
    """Return whether a function is computed over a window, also by way of ``filter`` or ``ignore nulls``."""
    parent = function.parent
    while isinstance(parent, (exp.Filter, exp.IgnoreNulls, exp.RespectNulls)):
        parent = parent.parent
    return isinstance(parent, exp.Window)

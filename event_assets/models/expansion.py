"""Expands the macros of ``macros/`` in the models: expressions that several of them need.

The loader puts them in, and not the warehouse, so that column lineage sees through them and they run wherever a model
does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlglot import exp

SCHEMA = "macros"
"""What a call has before its name: ``macros.event_time("start")`` can be no function of the warehouse."""


class MacroError(Exception):
    """A macro is invalid. The message says what to correct, without the file."""


@dataclass(frozen=True)
class Macro:
    """An expression with its parameters."""

    parameters: list[str]
    body: exp.Expr


def read_macros(statements: Iterable[exp.Expr | None]) -> dict[str, Macro]:
    """Return the macros of ``create macro NAME(PARAMETERS) as EXPRESSION`` by name. Each may call earlier ones.

    Raises:
        MacroError: A statement is something else, or calls a macro that is not there.
    """
    macros: dict[str, Macro] = {}
    for statement in statements:
        if isinstance(statement, exp.Create) and (name := macro_name(statement)):
            parameters = [parameter.name for parameter in statement.this.expressions]
            macros[name] = Macro(parameters, expand(statement.expression, macros))
        elif statement is not None and not isinstance(statement, exp.Semicolon):  # Which is the comment after the last.
            raise MacroError("holds something else than `create macro NAME(PARAMETERS) as EXPRESSION`. Take it out.")
    return macros


def macro_name(statement: exp.Expr | None) -> str | None:
    """Return the name of the macro that a statement creates; None if it creates none."""
    if isinstance(statement, exp.Create) and statement.kind == "MACRO":
        return statement.this.this.name
    return None


def expand(tree: exp.Expr, macros: Mapping[str, Macro]) -> exp.Expr:
    """Return the tree with its macro calls expanded, and texts that are joined as one.

    Raises:
        MacroError: It calls a macro that is not there, or one with too few or too many arguments.
    """

    def put_in(node: exp.Expr) -> exp.Expr:
        if not (isinstance(node, exp.Dot) and node.this.name == SCHEMA):
            return node
        call = node.expression
        macro = macros.get(call.name)
        if macro is None:
            raise MacroError(
                f"calls {node.sql()}, which macros/common.sql does not have. Correct the name, or add the macro there."
            )
        if len(call.expressions) != len(macro.parameters):
            raise MacroError(f"calls {node.sql()}. Give the macro what it asks for: {', '.join(macro.parameters)}.")
        values = [_closed(expand(argument, macros)) for argument in call.expressions]
        arguments = dict(zip(macro.parameters, values, strict=True))
        return _closed(
            macro.body.transform(lambda each: arguments.get(each.name, each) if isinstance(each, exp.Column) else each)
        )

    return tree.transform(put_in).transform(_joined)


def _closed(tree: exp.Expr) -> exp.Expr:
    """Return the tree in parentheses, unless it needs none."""
    return tree if isinstance(tree, exp.Column | exp.Case | exp.Literal) else exp.paren(tree)


def _joined(node: exp.Expr) -> exp.Expr:
    """Return one text for two that are joined: engines see a pattern that is made of parts as a constant."""
    if isinstance(node, exp.Paren) and isinstance(joined := _joined(node.this), exp.Literal):
        return joined
    if isinstance(node, exp.DPipe):
        left, right = _joined(node.this), _joined(node.expression)
        if isinstance(left, exp.Literal) and isinstance(right, exp.Literal) and left.is_string and right.is_string:
            return exp.Literal.string(left.name + right.name)
    return node

"""What differs between the SQL of the engines: macros of their own, and repairs of what sqlglot does not know.

Models, macros and data tests are written once, in DuckDB's dialect. ``macros/common.sql`` holds the macros, and
``macros/NAME.sql`` those that the dialect NAME writes in its own way. A new dialect is one file there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from sqlglot import exp, parse
from sqlglot.errors import ParseError

from event_assets.models.expansion import Macro, MacroError, macro_name, read_macros

DIALECT = "duckdb"
"""The dialect that models are written in."""


class ModelError(Exception):
    """A model is invalid. The message names the file and says what to correct."""


class Macros:
    """The macros of each dialect, read when they are needed.

    Args:
        folder: Where ``common.sql`` and the files of the dialects lie.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, Mapping[str, Macro]] = {}

    @property
    def dialects(self) -> list[str]:
        """The dialects that have macros of their own."""
        return sorted(path.stem for path in self._folder.glob("*.sql") if path.stem != "common")

    def of(self, dialect: str) -> Mapping[str, Macro]:
        """Return the macros by name: those of ``common.sql``, with the dialect's in the place of some.

        Raises:
            ModelError: A file holds something else than macros, or a dialect has a macro that ``common.sql`` has not.
        """
        if dialect not in self._read:
            self._read[dialect] = self._read_files(dialect)
        return self._read[dialect]

    def _read_files(self, dialect: str) -> Mapping[str, Macro]:
        common, own = self._folder / "common.sql", self._folder / f"{dialect}.sql"
        statements = parse_file(common) if common.exists() else []
        replacing, others = {}, []
        for each in parse_file(own) if own.exists() else ():
            if name := macro_name(each):
                replacing[name] = each
            else:
                others.append(each)
        if unknown := sorted(replacing.keys() - {macro_name(each) for each in statements}):
            raise ModelError(f"{own}: common.sql has no macro {unknown[0]}. Correct the name, or add the macro there.")
        try:
            # Each in its place, as a macro may call those before it.
            return read_macros([*(replacing.get(macro_name(each) or "", each) for each in statements), *others])
        except MacroError as error:
            raise ModelError(f"{own if own.exists() else common}: {error}") from None


def parse_file(path: Path) -> list[exp.Expr | None]:
    """Return the statements of a file.

    Raises:
        ModelError: It is not SQL of DuckDB.
    """
    try:
        return parse(path.read_text(encoding="utf-8"), dialect=DIALECT)
    except ParseError as error:
        raise ModelError(f"{path}: is not valid SQL of DuckDB. {error}") from None


def translate(tree: exp.Expr, dialect: str) -> str:
    """Return a statement in a dialect. The tree is changed.

    Args:
        tree: A statement of DuckDB's dialect, or with functions of the other one that its macros call.
        dialect: One of sqlglot's.
    """
    if repair := _REPAIRS.get(dialect):
        repair(tree)
    return tree.sql(dialect=dialect, pretty=True)


def _compute_once(step: exp.Expr) -> None:
    """Have PostgreSQL compute the columns of a step of a SELECT once per row, by an OFFSET that leaves nothing out.

    It would put a step that only computes columns into the next one, and compute each as often as that one names it. A
    time that four steps read was parsed dozens of times. What it keeps apart by itself is left alone.
    """
    alone = isinstance(step, exp.Select) and not any(map(step.args.get, ("joins", "group", "distinct", "limit")))
    computed = [each for each in step.expressions if not isinstance(each.unalias(), (exp.Column, exp.Star))]
    if alone and computed and not any(each.find(exp.AggFunc, exp.Window) for each in computed):
        step.set("offset", exp.Offset(expression=exp.Literal.number(0)))


def _repair_for_postgres(tree: exp.Expr) -> None:
    r"""Write ``\x{00A0}`` as ``\u00A0``, and have each step of a SELECT computed once."""
    for call in _regular_expressions(tree):
        _rewrite_pattern(call, lambda pattern: re.sub(r"\\x\{([0-9A-F]{4})\}", r"\\u\1", pattern))
    for each in tree.find_all(exp.CTE):
        _compute_once(each.this)


def _repair_for_spark(tree: exp.Expr) -> None:
    r"""Write ``\z`` for ``$``, which Java also finds before a line break. No modifiers: all matches are replaced."""
    for call in _regular_expressions(tree):
        _rewrite_pattern(call, lambda pattern: re.sub(r"\$(?=$|[|)])", r"\\z", pattern))
        if isinstance(call, exp.RegexpReplace):
            call.set("modifiers", None)
            call.set("single_replace", None)


def _regular_expressions(tree: exp.Expr) -> list[exp.Expr]:
    return list(tree.find_all(exp.RegexpLike, exp.RegexpReplace))


def _rewrite_pattern(call: exp.Expr, rewrite: Callable[[str], str]) -> None:
    pattern = call.expression
    if isinstance(pattern, exp.Literal):
        pattern.replace(exp.Literal.string(rewrite(pattern.name)))


_REPAIRS: Mapping[str, Callable[[exp.Expr], None]] = {
    "postgres": _repair_for_postgres,
    "spark": _repair_for_spark,
}
"""What sqlglot does not know of a dialect: a repair of a statement."""

"""What the schemas and locks of an event are called in a database or lake that it shares with other events.

All code calls them ``raw``, ``staging`` and so on. An engine translates that in one place: where its session runs SQL.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from event_assets.warehouse.names import COPIES, HISTORY, MERGE, RAW, STAGING, SUMMARY, SYNC, copy_of
from event_assets.warehouse.relations import Relation

SCHEMAS = (RAW, STAGING, HISTORY, SUMMARY, SYNC, *map(copy_of, COPIES))
"""Those that each event has: no step or table of a SELECT may be called so."""
_LITERALS = {
    # In these, nothing is a name. Comments may have an odd quotation mark.
    "postgres": (
        r"(?<!\w)[eE]'(?:[^'\\]|\\.|'')*'", r"'(?:[^']|'')*'", r"(?<![\w$])\$(?P<tag>\w*)\$.*?\$(?P=tag)\$",
        r"--[^\n]*", r"/\*.*?\*/",
    ),
    "spark": (r"'(?:[^'\\]|\\.)*'", r'"(?:[^"\\]|\\.)*"', r"--[^\n]*", r"/\*.*?\*/"),
}  # fmt: skip
_QUOTES = {"postgres": '"', "spark": "`"}


@dataclass(frozen=True)
class EventNamespace:
    """The names of one event.

    Attributes:
        event: The event, as [events] lists it; empty for that of [event], whose names stay as they are.
    """

    event: str = ""

    def schema(self, schema: str) -> str:
        """Return what a schema is called there: ``graz2026_raw``. One that is of no event keeps its name."""
        return self._names.get(schema, schema)

    def relation(self, relation: Relation) -> Relation:
        """Return what a table or view is called there."""
        return Relation(self.schema(relation.schema), relation.name)

    def logical(self, relation: Relation) -> Relation:
        """Return what code calls a table or view of the event."""
        return Relation(self._logical.get(relation.schema, relation.schema), relation.name)

    def lock(self, name: str) -> str:
        """Return the name of a lock."""
        return f"{name} of {self.event}" if self.event else name

    def note(self, kind: str) -> str:
        """Return what tells people which schemas or folders are meant, in parentheses after a blank."""
        return f" ({kind} {self.event}_…)" if self.event else ""

    def statement(self, statement: str, dialect: Literal["postgres", "spark"]) -> str:
        """Return a statement with the event's schemas: before a point, and after the word ``schema``.

        What is in a literal or comment stays. No table of a statement may have an alias that is the name of a schema.

        Args:
            statement: In a dialect, with the names that code has.
            dialect: Says how names are quoted.
        """
        if not self.event:
            return statement
        return _PATTERNS[dialect].sub(self._in_place, statement)

    def _in_place(self, found: re.Match[str]) -> str:
        if not found["name"]:
            return found[0]
        return f"{found['before'] or ''}{found['quote']}{self._names[found['name']]}{found['quote']}"

    @cached_property
    def _names(self) -> dict[str, str]:
        if not self.event:
            return {}
        return {MERGE: f"_dlt_merge_{self.event}_{RAW}", **{each: f"{self.event}_{each}" for each in SCHEMAS}}

    @cached_property
    def _logical(self) -> dict[str, str]:
        return {stored: schema for schema, stored in self._names.items()}


MAIN_NAMESPACE = EventNamespace()
"""That of the event of [event], and of what is of no event."""


def _pattern(dialect: str) -> re.Pattern[str]:
    """Return what finds the names of schemas in a statement, past literals, comments and other quoted names."""
    quote, names = _QUOTES[dialect], "|".join(sorted(map(re.escape, (MERGE, *SCHEMAS)), key=len, reverse=True))
    name = rf"(?<![\w.${quote}])(?P<quote>{quote}?)(?P<name>{names})(?P=quote)(?![\w{quote}])"
    before = r"(?P<before>\bschema\s+(?:if\s+(?:not\s+)?exists\s+)?)"
    other = rf"{quote}(?:[^{quote}]|{quote}{quote})*{quote}"
    # A name counts with the word before it, or with the point after it.
    return re.compile("|".join([*_LITERALS[dialect], rf"{before}?{name}(?(before)|(?=\s*\.))", other]), re.DOTALL)


_PATTERNS = {dialect: _pattern(dialect) for dialect in _QUOTES}

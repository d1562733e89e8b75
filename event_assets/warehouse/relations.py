"""What tables and views are called, and what their columns are. How they are made is in ``engines``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from sqlglot import exp

RelationKind = Literal["table", "view"]
"""What a relation is that is built anew each time."""


@dataclass(frozen=True)
class RelationColumn:
    """A column of a relation."""

    name: str
    data_type: str


@dataclass(frozen=True)
class Relation:
    """The name of a table or view: ``summary.agenda``, which is the asset ``summary/agenda``."""

    schema: str
    name: str

    def __str__(self) -> str:
        """Return the name as a person types it."""
        return f"{self.schema}.{self.name}"

    def sql(self) -> str:
        """Return the quoted name for SQL."""
        return f"{quoted(self.schema)}.{quoted(self.name)}"


@dataclass(frozen=True)
class Dataset:
    """What OpenLineage calls a table, so that all tools mean the same one. There is no user and no password in it.

    Attributes:
        namespace: The address of the database, as openlineage.io/docs/spec/naming has it.
        name: The table within it.
    """

    namespace: str
    name: str


@lru_cache(maxsize=4096)
def quoted(name: str) -> str:
    """Return a name of a column or schema as SQL has it. A run asks a thousand times for a few hundred."""
    return exp.to_identifier(name, quoted=True).sql()

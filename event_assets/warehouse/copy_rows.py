"""Which rows of the copy for readers are wanted, and how a session reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from event_assets.warehouse.relations import Relation, quoted

CopyRows: TypeAlias = list[dict[str, Any]]
"""Rows by column. Instants have a zone."""


@dataclass(frozen=True)
class Wanted:
    """Rows of one table.

    Attributes:
        relation: The table, as the warehouse calls it.
        columns: The columns.
        where: Column → the text that it must be.
    """

    relation: Relation
    columns: Sequence[str]
    where: Mapping[str, str] = field(default_factory=dict)


class Reads(Protocol):
    """What runs SQL: a session, or a connection that is like one."""

    def execute_sql(self, statement: str, *parameters: Any) -> Sequence[Sequence[Any]] | None:
        """Return the rows of a statement, with ``%s`` for each parameter."""
        ...


def read_rows(
    session: Reads, wanted: Sequence[Wanted], tables: Mapping[Relation, object], copy_of: Callable[[str], str] = str
) -> list[CopyRows]:
    """Return the rows of tables in the order in which they are wanted; none of a table that is not there.

    Args:
        session: Reads the copy.
        wanted: The rows.
        tables: What there is, by the names that the copy has for it.
        copy_of: Returns the schema of the copy that has the tables of a schema.
    """
    found = []
    for each in wanted:
        relation = Relation(copy_of(each.relation.schema), each.relation.name)
        if relation not in tables:
            found.append([])
            continue
        where = " and ".join(f"{quoted(name)} = %s" for name in each.where)
        select = f"select {', '.join(map(quoted, each.columns))} from {relation.sql()}"  # noqa: S608  # quoted
        rows = session.execute_sql(select + (f" where {where}" if where else ""), *each.where.values())
        found.append([dict(zip(each.columns, row, strict=True)) for row in rows or []])
    return found

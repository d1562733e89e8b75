"""Puts into a SELECT what its inputs are, for engines that have them nowhere under one name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlglot import exp, parse_one

from event_assets.across.inputs import COPIES, EVENT, Input
from event_assets.models.dialects import DIALECT
from event_assets.warehouse.relations import Relation


def with_inputs(select: str, dialect: str, inputs: Mapping[Relation, exp.Query]) -> str:
    """Return a SELECT with a subquery in the place of each input.

    Args:
        select: The SELECT of a model, in a dialect.
        dialect: One of sqlglot's.
        inputs: What models call an input → its rows.
    """
    tree = parse_one(select, dialect=dialect)
    for table in [each for each in tree.find_all(exp.Table) if each.db == COPIES]:
        rows = inputs[Relation(table.db, table.name)]
        table.replace(rows.copy().subquery(table.alias_or_name))
    return tree.sql(dialect=dialect)


def rows_of(
    source: Input, relation: Relation, there: Iterable[str], event: exp.Expr, database: str | None = None
) -> exp.Select:
    """Return the SELECT of an input's rows from a table.

    Args:
        source: The input.
        relation: The table.
        there: The columns that it has. One that it lacks is null.
        event: What says of which event a row is.
        database: The database that the table is in, if it is another than that of the session.
    """
    names = {*there}
    values = [
        exp.cast(exp.column(name, quoted=True) if name in names else exp.null(), kind, dialect=DIALECT).as_(name)
        for name, kind in source.types.items()
    ]
    select = exp.select(event.as_(EVENT), *values).from_(
        exp.table_(relation.name, db=relation.schema, catalog=database, quoted=True)
    )
    for name, text in source.where.items():
        select = select.where(exp.column(name, quoted=True).eq(exp.Literal.string(text)))
    return select


def no_rows(types: Mapping[str, str]) -> exp.Select:
    """Return a SELECT of some columns without a row."""
    values = [exp.cast(exp.null(), kind, dialect=DIALECT).as_(name) for name, kind in types.items()]
    return exp.select(*values).where(exp.false())

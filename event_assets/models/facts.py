"""What stands beside a model's SELECT: description, grain, columns, owner and tests; and the queries of the tests.

How the SELECT is read is in ``project``; what Dagster makes of the tests is the assets' affair.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlglot import exp

from event_assets.warehouse.relations import Relation

Severity = Literal["error", "warn"]


class ModelTest(BaseModel):
    """One entry under ``tests``: exactly one kind of promise, for one or several columns.

    Attributes:
        not_null: Columns that are never null.
        unique: Columns that together tell rows apart (the grain is tested anyway).
        accepted_values: Column → the values it may have.
        relationships: Column → the column it refers to, as ``staging.halls.hall_id``.
        expression: Name of the promise → a condition that holds for every row, unless it is null.
        severity: ``error`` stops what is downstream; ``warn`` informs.
    """

    model_config = ConfigDict(extra="forbid")

    not_null: list[str] = []
    unique: list[str] = []
    accepted_values: dict[str, list[str]] = {}
    relationships: dict[str, str] = {}
    expression: dict[str, str] = {}
    severity: Severity = "error"

    @model_validator(mode="after")
    def _one_kind(self) -> ModelTest:
        kinds = (self.not_null, self.unique, self.accepted_values, self.relationships, self.expression)
        if sum(map(bool, kinds)) != 1:
            raise ValueError("a test has exactly one of not_null, unique, accepted_values, relationships, expression")
        if wrong := [target for target in self.relationships.values() if target.count(".") != 2]:
            raise ValueError(f"a relationship leads to schema.table.column, which these do not: {', '.join(wrong)}")
        if odd := [name for name in self.expression if not re.fullmatch(r"[a-z][a-z0-9_]*", name)]:
            raise ValueError(
                f"an expression's name has only a to z, digits and _, which these do not: {', '.join(odd)}"
            )
        return self


class ModelFacts(BaseModel):
    """What ``agenda.yml`` says of ``agenda.sql``.

    Attributes:
        description: What one row is, then what else a reader should know.
        grain: The columns that tell one row from another.
        columns: Every column of the SELECT and what it means.
        owner: The team that answers for it, as Dagster has it; the project's if not given.
        materialized: What a model becomes that would be a view: a table, where several others read it and it costs
            something to work out.
        pii: Columns that hold personal data. The published copy leaves them out.
        not_pii: Column → why it shows nothing of a person, though it is made of personal data.
        tests: What it promises beside its grain.
    """

    model_config = ConfigDict(extra="forbid")

    description: str = Field(min_length=1)
    grain: list[str] = Field(min_length=1)
    columns: dict[str, str]
    owner: str | None = None
    materialized: Literal["table"] | None = None
    pii: list[str] = []
    not_pii: dict[str, str] = {}
    tests: list[ModelTest] = []

    @property
    def not_null(self) -> frozenset[str]:
        """The columns that are never null in a table that readers see: a test of severity ``error`` says so."""
        return frozenset(name for test in self.tests if test.severity == "error" for name in test.not_null)

    @model_validator(mode="after")
    def _pii_is_of_columns(self) -> ModelFacts:
        if unknown := sorted({*self.pii, *self.not_pii} - self.columns.keys()):
            raise ValueError(f"pii and not_pii name columns that are not described: {', '.join(unknown)}")
        if both := sorted({*self.pii} & self.not_pii.keys()):
            raise ValueError(f"these columns are under pii and not_pii: {', '.join(both)}; keep one")
        return self


@dataclass(frozen=True)
class Promise:
    """One thing that can be asked of a built model.

    Attributes:
        name: Unique within the model; letters, digits and underscores.
        description: What is promised, as a sentence.
        severity: How bad it is if broken.
        broken: A SELECT of the grain of the rows that break it, in the models' dialect.
        columns: The columns of the model that it speaks of.
        target: The relation and column that a reference leads to.
    """

    name: str
    description: str
    severity: Severity
    broken: str
    columns: tuple[str, ...]
    target: tuple[Relation, str] | None = None


def promises(relation: Relation, facts: ModelFacts) -> list[Promise]:
    """Everything that a model promises: its grain, and its tests."""
    return list(_promises(relation, facts))


def _promises(relation: Relation, facts: ModelFacts) -> Iterator[Promise]:
    table = relation.sql()
    grain = _list(facts.grain)

    def rows_where(condition: str) -> str:
        return f"select {grain} from {table} as tested where {condition}"  # noqa: S608

    yield Promise(
        "grain_is_unique",
        f"There is one row for each {', '.join(facts.grain)}.",
        "error",
        _repeated(table, facts.grain),
        tuple(facts.grain),
    )
    for test in facts.tests:
        for column in test.not_null:
            condition = f"{_list([column])} is null"
            description = f"{column} is never null."
            yield Promise(f"{column}_is_not_null", description, test.severity, rows_where(condition), (column,))
        if test.unique:
            name, description = f"{'_'.join(test.unique)}_is_unique", f"{', '.join(test.unique)} is unique."
            yield Promise(name, description, test.severity, _repeated(table, test.unique), tuple(test.unique))
        for column, values in test.accepted_values.items():
            accepted = ", ".join(exp.Literal.string(value).sql() for value in values)
            yield Promise(
                f"{column}_is_accepted",
                f"{column} is one of {', '.join(values)}, or null.",
                test.severity,
                rows_where(f"{_list([column])} not in ({accepted})"),
                (column,),
            )
        for column, reference in test.relationships.items():
            schema, name, target = reference.split(".")
            other = Relation(schema, name)
            missing = f"not exists (select 1 from {other.sql()} as target where target.{target} = tested.{column})"  # noqa: S608
            yield Promise(
                f"{column}_refers_to_{name}",
                f"Every {column} is one of {reference}, or null.",
                test.severity,
                rows_where(f"tested.{column} is not null and {missing}"),
                (column,),
                (other, target),
            )
        for name, condition in test.expression.items():
            yield Promise(name, f"For every row: {condition}.", test.severity, rows_where(f"not ({condition})"), ())


def _repeated(table: str, columns: list[str]) -> str:
    names = _list(columns)
    return f"select {names} from {table} group by {names} having count(*) > 1"  # noqa: S608


def _list(columns: list[str]) -> str:
    return ", ".join(exp.to_identifier(column, quoted=True).sql() for column in columns)

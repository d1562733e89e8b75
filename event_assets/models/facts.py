"""The facts of a model, from the YAML file beside its SELECT: description, grain, columns, owner and data tests.

``project`` reads the SELECT. ``assets.models`` makes Dagster checks of the data tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from sqlglot import exp, parse_one

from event_assets.models.dialects import DIALECT, ModelError, translate
from event_assets.warehouse.relations import Relation

Severity = Literal["error", "warn"]
TestKind = Literal["unique", "not_null", "accepted_values", "relationships", "expression"]
"""What a data test asks, as the YAML files and dbt call it."""

_YAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The same loader as a C extension where there is one: it takes a tenth of the time, at every start."""


class DataTestSpec(BaseModel):
    """One entry under ``tests``: exactly one kind of test, for one or several columns.

    Attributes:
        not_null: Columns that are never null.
        unique: Columns that are unique together. The grain is always tested.
        accepted_values: Column → the values it may have.
        relationships: Column → the column that it references, as ``staging.halls.hall_id``.
        expression: Name of the test → a condition that is true or null for every row.
        severity: ``error`` blocks what is downstream; ``warn`` does not.
    """

    model_config = ConfigDict(extra="forbid")

    not_null: list[str] = []
    unique: list[str] = []
    accepted_values: dict[str, list[str]] = {}
    relationships: dict[str, str] = {}
    expression: dict[str, str] = {}
    severity: Severity = "error"

    @model_validator(mode="after")
    def _one_kind(self) -> DataTestSpec:
        kinds = (self.not_null, self.unique, self.accepted_values, self.relationships, self.expression)
        if sum(map(bool, kinds)) != 1:
            raise ValueError("a test has exactly one of not_null, unique, accepted_values, relationships, expression")
        if wrong := [target for target in self.relationships.values() if target.count(".") != 2]:
            raise ValueError(f"write a relationship as schema.table.column, unlike {', '.join(wrong)}")
        if odd := [name for name in self.expression if not re.fullmatch(r"[a-z][a-z0-9_]*", name)]:
            raise ValueError(f"an expression's name has only a to z, digits and _, unlike {', '.join(odd)}")
        return self


class ModelFacts(BaseModel):
    """The facts of one model: ``agenda.yml`` beside ``agenda.sql``.

    Attributes:
        description: What one row is, then what else a reader should know.
        grain: The columns that identify a row.
        columns: Every column of the SELECT → its meaning.
        owner: The Dagster owner; the project's if not given.
        optional_input: A relation that need not be there, as ``raw.groups``: then the SELECT reads it as empty, so cast
            what is read of it. Without it, a model is there only where all that it reads is.
        materialized: ``table`` for a staging model that is expensive and read by several others. Default: a view.
        pii: Columns that hold personal data. The published copy leaves them out.
        not_pii: Column → why it identifies nobody, though it is derived from personal data.
        tests: Data tests beside that of the grain.
    """

    model_config = ConfigDict(extra="forbid")

    description: str = Field(min_length=1)
    grain: list[str] = Field(min_length=1)
    columns: dict[str, str]
    owner: str | None = None
    optional_input: str | None = Field(default=None, pattern=r"^\w+\.\w+$")
    materialized: Literal["table"] | None = None
    pii: list[str] = []
    not_pii: dict[str, str] = {}
    tests: list[DataTestSpec] = []

    @property
    def not_null(self) -> frozenset[str]:
        """The columns that are never null in a table that readers see: a test of severity ``error`` says so."""
        return frozenset(name for test in self.tests if test.severity == "error" for name in test.not_null)

    @property
    def optional_relation(self) -> Relation | None:
        """The optional input; None where there is none."""
        return Relation(*self.optional_input.split(".")) if self.optional_input else None

    @model_validator(mode="after")
    def _pii_is_of_columns(self) -> ModelFacts:
        if unknown := sorted({*self.pii, *self.not_pii} - self.columns.keys()):
            raise ValueError(f"pii and not_pii name columns that are not described: {', '.join(unknown)}")
        if both := sorted({*self.pii} & self.not_pii.keys()):
            raise ValueError(f"these columns are under pii and not_pii: {', '.join(both)}; keep one")
        return self


def read_facts(path: Path) -> ModelFacts:
    """Read the facts of a model.

    Args:
        path: The YAML file.

    Raises:
        ModelError: It is missing, or does not hold the facts of a model.
    """
    try:
        return ModelFacts.model_validate(yaml.load(path.read_bytes(), _YAML))  # noqa: S506  # safe, either one
    except FileNotFoundError:
        raise ModelError(
            f"{path}: is missing. Say there what one row is, the grain, and what each column means."
        ) from None
    except (ValidationError, yaml.YAMLError) as error:
        raise ModelError(f"{path}: does not hold the facts of a model. {error}") from None


@dataclass(frozen=True)
class DataTest:
    """A test of a built model, as in dbt: a SELECT that returns the rows that fail it.

    Attributes:
        name: Unique within the model; letters, digits and underscores.
        description: What holds if the test passes, as a sentence.
        severity: ``error`` or ``warn``.
        failing_rows: A SELECT of the grain of the rows that fail, in the models' dialect.
        columns: The columns of the model that it tests.
        kind: What it asks; that of the grain is ``unique``.
        target: For a relationship: the relation and column that it references.
        values: For accepted values: which they are.
        condition: For an expression: what is true or null for every row.
    """

    name: str
    description: str
    severity: Severity
    failing_rows: str
    columns: tuple[str, ...]
    kind: TestKind
    target: tuple[Relation, str] | None = None
    values: tuple[str, ...] = ()
    condition: str = ""

    def render(self, dialect: str = DIALECT) -> str:
        """Return the SELECT of the failing rows in a dialect, one of sqlglot's."""
        if dialect == DIALECT:
            return self.failing_rows
        return translate(parse_one(self.failing_rows, dialect=DIALECT), dialect)


def data_tests(relation: Relation, facts: ModelFacts) -> list[DataTest]:
    """Return the data tests of a model: that of its grain, then those under ``tests``."""
    return list(_data_tests(relation, facts))


def _data_tests(relation: Relation, facts: ModelFacts) -> Iterator[DataTest]:
    yield DataTest(
        "grain_is_unique",
        f"There is one row for each {', '.join(facts.grain)}.",
        "error",
        _repeated(relation.sql(), facts.grain),
        tuple(facts.grain),
        "unique",
    )
    for test in facts.tests:
        yield from _of_spec(relation.sql(), _list(facts.grain), test)


def _of_spec(table: str, grain: str, test: DataTestSpec) -> Iterator[DataTest]:
    def rows_where(condition: str) -> str:
        return f"select {grain} from {table} as tested where {condition}"  # noqa: S608

    for column in test.not_null:
        condition = f"{_list([column])} is null"
        description = f"{column} is never null."
        rows = rows_where(condition)
        yield DataTest(f"{column}_is_not_null", description, test.severity, rows, (column,), "not_null")
    if test.unique:
        name, description = f"{'_'.join(test.unique)}_is_unique", f"{', '.join(test.unique)} is unique."
        rows = _repeated(table, test.unique)
        yield DataTest(name, description, test.severity, rows, tuple(test.unique), "unique")
    for column, values in test.accepted_values.items():
        accepted = ", ".join(exp.Literal.string(value).sql() for value in values)
        yield DataTest(
            f"{column}_is_accepted",
            f"{column} is one of {', '.join(values)}, or null.",
            test.severity,
            rows_where(f"{_list([column])} not in ({accepted})"),
            (column,),
            "accepted_values",
            values=tuple(values),
        )
    for column, reference in test.relationships.items():
        schema, name, target = reference.split(".")
        other = Relation(schema, name)
        missing = f"not exists (select 1 from {other.sql()} as target where target.{target} = tested.{column})"  # noqa: S608
        yield DataTest(
            f"{column}_refers_to_{name}",
            f"Every {column} is one of {reference}, or null.",
            test.severity,
            rows_where(f"tested.{column} is not null and {missing}"),
            (column,),
            "relationships",
            target=(other, target),
        )
    for name, condition in test.expression.items():
        description, rows = f"For every row: {condition}.", rows_where(f"not ({condition})")
        yield DataTest(name, description, test.severity, rows, (), "expression", condition=condition)


def _repeated(table: str, columns: list[str]) -> str:
    names = _list(columns)
    return f"select {names} from {table} group by {names} having count(*) > 1"  # noqa: S608


def _list(columns: list[str]) -> str:
    return ", ".join(exp.to_identifier(column, quoted=True).sql() for column in columns)

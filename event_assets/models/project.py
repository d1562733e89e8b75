"""Reads the models: parses each SELECT, finds its upstream relations and checks it against its facts.

Dependencies are never written down: they are the tables that the SELECT names. A model that is wrong fails here, when
the definitions load, with the file's name and what to do.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Literal, cast

from sqlglot import exp, parse
from sqlglot.errors import ParseError

from event_assets.models.compiled import CompiledModel, read_compiled
from event_assets.models.dialects import DIALECT, Macros, ModelError, parse_file, translate
from event_assets.models.expansion import MacroError, expand
from event_assets.models.facts import DataTest, ModelFacts, data_tests, read_facts
from event_assets.models.translated import filled, read_translated
from event_assets.warehouse import EVENTS, HISTORY, STAGING, SUMMARY
from event_assets.warehouse.namespace import SCHEMAS
from event_assets.warehouse.relations import Relation

ModelKind = Literal["view", "table", "incremental"]

KINDS: dict[str, ModelKind] = {STAGING: "view", HISTORY: "incremental", SUMMARY: "table"}
"""The folders of an event's models, which are also the schemas, and what their models become. An incremental model is a
table that only ever grows by the rows of its SELECT, which may read the table itself."""

_ALL_KINDS: dict[str, ModelKind] = {**KINDS, EVENTS: "table"}
"""The same with the folder of the models that read the copies of several events."""


@dataclass(frozen=True)
class Model:
    """A model: one SELECT and its facts. The SELECT is parsed when something needs it that is not compiled.

    Attributes:
        relation: The view or table it becomes.
        path: The SQL file.
        macros: What it may call.
        facts: The facts from its YAML file.
        compiled: What was found in the SELECT as it is.
        absent: The optional input of the SELECT, where there is none: it is read as if it were empty.
    """

    relation: Relation
    path: Path
    macros: Macros
    facts: ModelFacts
    compiled: CompiledModel | None = None
    absent: Relation | None = None

    @cached_property
    def text(self) -> str:
        """The text of the file."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def declared(self) -> str:
        """All facts as one text, for a hash."""
        return repr(self.facts)

    @cached_property
    def written(self) -> exp.Query:
        """The SELECT as the file has it."""
        statements = parse_file(self.path)
        written = statements[0] if len(statements) == 1 else None
        if not isinstance(written, exp.Query):
            raise ModelError(f"{self.path}: must hold one SELECT and nothing else.")
        return written

    @cached_property
    def query(self) -> exp.Query:
        """The SELECT with its macros expanded, in DuckDB's dialect."""
        return self._expanded(DIALECT)

    @property
    def kind(self) -> ModelKind:
        """Whether it becomes a view, a table or an incremental table."""
        kind = _ALL_KINDS[self.relation.schema]
        return (self.facts.materialized or kind) if kind == "view" else kind

    @cached_property
    def reads(self) -> frozenset[Relation]:
        """The relations that the SELECT reads, without the model itself."""
        if self.compiled:
            return self.compiled.reads
        ctes = {cte.alias_or_name for cte in self.query.find_all(exp.CTE)}
        tables = [t for t in self.query.find_all(exp.Table) if t.db or t.name not in ctes]
        unnamed = sorted({table.name for table in tables if not table.db})
        if unnamed:
            raise ModelError(f"{self.path}: write the schema before {', '.join(unnamed)}, as in raw.lectures.")
        reads = frozenset(Relation(table.db, table.name) for table in tables)
        return reads - {self.relation} if self.kind == "incremental" else reads

    @property
    def columns(self) -> list[str]:
        """The columns of the SELECT, in their order."""
        return [*self.compiled.columns] if self.compiled else self.query.named_selects

    @property
    def parameters(self) -> frozenset[str]:
        """The settings that the SELECT reads: ``$event_timezone`` → ``event_timezone``."""
        if self.compiled:
            return self.compiled.parameters
        return frozenset(parameter.name for parameter in self.query.find_all(exp.Placeholder))

    @cached_property
    def data_tests(self) -> list[DataTest]:
        """The data tests that run after each build."""
        return data_tests(self.relation, self.facts)

    @cached_property
    def first_query(self) -> exp.Query:
        """The SELECT of the first build: where it reads itself, there are no rows."""
        return self._first(self.query)

    def render(self, parameters: Mapping[str, str], dialect: str = DIALECT, *, first: bool = False) -> str:
        """Return the SELECT in a dialect, with its parameters as literals.

        Literals and not bound values, because a view keeps its text.

        Args:
            parameters: The settings by name.
            dialect: One of sqlglot's.
            first: Whether it is the one for a model that holds nothing yet.
        """
        key = (*sorted(parameters.items()), dialect, first)
        if key not in self._rendered:
            self._rendered[key] = self._render(parameters, dialect, first=first)
        return self._rendered[key]

    @cached_property
    def _rendered(self) -> dict[tuple[object, ...], str]:
        """A cache of rendered SELECTs: a process that builds a model renders it twice."""
        return {}

    def _render(self, parameters: Mapping[str, str], dialect: str, *, first: bool) -> str:
        if self.compiled and dialect == DIALECT:
            return self.compiled.render(parameters, first=first)
        if self.compiled and (kept := read_translated(self.path.parents[1], dialect).get(self.name_of(first=first))):
            return filled(kept, parameters, dialect)
        query = self.query.copy() if dialect == DIALECT else self._expanded(dialect)
        if first:
            query = self._first(query)
        for placeholder in list(query.find_all(exp.Placeholder)):
            placeholder.replace(exp.Literal.string(parameters[placeholder.name]))
        return translate(query, dialect)

    def name_of(self, *, first: bool) -> str:
        """Return the name of the SELECT, or of that for a model that holds nothing yet, among all that are kept."""
        empty = " at first" if first and self.kind == "incremental" else ""
        return f"{self.relation}{f' without {self.absent}' if self.absent else ''}{empty}"

    def without_optional_input(self) -> Model:
        """Return the model as it is built where its optional input is not there."""
        return replace(self, compiled=self.compiled and self.compiled.without, absent=self.facts.optional_relation)

    def _expanded(self, dialect: str) -> exp.Query:
        try:
            query = cast(exp.Query, expand(self.written, self.macros.of(dialect)))
        except MacroError as error:
            raise ModelError(f"{self.path}: {error}") from None
        return _emptied(query, self.absent) if self.absent else query

    def _first(self, query: exp.Query) -> exp.Query:
        return _emptied(query.copy(), self.relation, self.columns)


def _emptied(query: exp.Query, relation: Relation, columns: Collection[str] | None = None) -> exp.Query:
    """Return a query in which a relation that it reads has no rows. The query is changed.

    Args:
        query: The query.
        relation: What is empty.
        columns: Its columns; those that stand in the SELECT which reads it, if not given.
    """
    for table in list(query.find_all(exp.Table)):
        if Relation(table.db, table.name) == relation:
            reader = table.parent_select or query
            names = columns or sorted({column.name for column in reader.find_all(exp.Column)})
            nothing = exp.select(*(exp.null().as_(name, quoted=True) for name in names)).where(exp.false())
            table.replace(nothing.subquery(table.alias_or_name))
    return query


MODELS_FOLDER = Path(__file__).parent


def load_models(
    raw: Collection[Relation],
    folder: Path = MODELS_FOLDER,
    *,
    parsed: bool = False,
    schemas: Iterable[str] = tuple(KINDS),
) -> dict[Relation, Model]:
    """Read models and check them against each other.

    Args:
        raw: The tables that are there without models.
        folder: Where ``staging/``, ``history/``, ``summary/`` and ``macros/`` lie.
        parsed: Whether to parse them, whether they are compiled or not.
        schemas: The folders to read: those of an event's models, if not given.

    Returns:
        The models, each after those it reads.

    Raises:
        ModelError: A file is not one SELECT, its facts do not fit it, it reads what does not exist, or models read
            each other in a circle.
    """
    macros, compiled = Macros(folder / "macros"), {} if parsed else read_compiled(folder)
    paths = [path for schema in schemas for path in sorted((folder / schema).glob("*.sql"))]
    models = {model.relation: model for model in (_read_model(path, macros, compiled) for path in paths)}
    for model in models.values():
        missing = sorted(str(relation) for relation in model.reads - {*raw} - models.keys())
        if missing:
            what = f"reads {', '.join(missing)}, which is neither a raw table nor a model"
            raise ModelError(f"{model.path}: {what}. Correct the name, or add the model.")
    graph = {relation: model.reads & models.keys() for relation, model in models.items()}
    try:
        return {relation: models[relation] for relation in TopologicalSorter(graph).static_order()}
    except CycleError as error:
        circle = " → ".join(str(relation) for relation in error.args[1])
        raise ModelError(f"{folder}: models read each other in a circle ({circle}). Take one reference out.") from None


def available_models(models: Mapping[Relation, Model], raw: Collection[Relation]) -> dict[Relation, Model]:
    """Return the models that can be built where only some of the raw tables are there, in the same order.

    What reads a table that is not there, itself or by way of another model, is left out: a resource that is switched on
    brings all its models. Where the table is the model's optional input, the model is there, and reads it as empty.

    Args:
        models: All models, each after those that it reads.
        raw: The raw tables that are there.
    """
    available: dict[Relation, Model] = {}
    for relation, model in models.items():
        missing = {read for read in model.reads if read not in raw and read not in available}
        if missing == {model.facts.optional_relation}:
            available[relation] = model.without_optional_input()
        elif not missing:
            available[relation] = model
    return available


def _read_model(path: Path, macros: Macros, compiled: Mapping[Relation, CompiledModel]) -> Model:
    relation = Relation(path.parent.name, path.stem)
    model = Model(relation, path, macros, read_facts(path.with_suffix(".yml")), compiled.get(relation))
    if model.compiled is None:  # what is compiled was checked
        _check_columns(model)
        _check_data_tests(model)
    return model


def _check_columns(model: Model) -> None:
    facts_path = model.path.with_suffix(".yml")
    unnamed = [name for name in model.columns if not re.fullmatch(r"[a-z][a-z0-9_]*", name)]
    if unnamed:
        raise ModelError(f"{model.path}: name every column in lower case with `as`; these are not: {unnamed}.")
    if undescribed := [name for name in model.columns if name not in model.facts.columns]:
        raise ModelError(f"{facts_path}: say what these columns of the SELECT mean: {', '.join(undescribed)}.")
    described = [*model.facts.columns, *model.facts.grain]
    if unknown := sorted({name for name in described if name not in model.columns}):
        raise ModelError(f"{facts_path}: describes columns that {model.path.name} does not have: {', '.join(unknown)}.")
    named = {each.alias_or_name for each in model.query.find_all(exp.Table, exp.Subquery, exp.CTE)}
    if taken := sorted(named & {*SCHEMAS}):
        raise ModelError(f"{model.path}: calls a table or a step {taken[0]}, which is a schema. Give it another name.")
    if (optional := model.facts.optional_relation) and optional not in model.reads:
        raise ModelError(f"{facts_path}: {optional} is its optional input, which the SELECT does not read. Correct it.")


def _check_data_tests(model: Model) -> None:
    facts_path = model.path.with_suffix(".yml")
    names = [test.name for test in model.data_tests]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ModelError(f"{facts_path}: these tests are declared twice: {', '.join(twice)}. Keep one of each.")
    for test in model.data_tests:
        if unknown := [column for column in test.columns if column not in model.columns]:
            raise ModelError(f"{facts_path}: tests columns that the SELECT does not have: {', '.join(unknown)}.")
        if test.target and test.target[0] not in model.reads:
            raise ModelError(
                f"{facts_path}: {test.name} references {test.target[0]}, which the SELECT does not read, so it may "
                "not be built yet. Reference a relation that the SELECT reads."
            )
        try:
            parse(test.failing_rows, dialect=DIALECT)
        except ParseError as error:
            raise ModelError(f"{facts_path}: the test {test.name} is not valid SQL of DuckDB. {error}") from None

"""The plan of the published copy, the steps that it takes, and the notes of what the copy lacks.

What becomes of each relation is decided here, for every engine. How that is done is in ``engines``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal, TypeVar

from sqlglot import exp

from event_assets.warehouse.relations import Relation, quoted

UNDECLARED = "Not in the data dictionary."
BOOKKEEPING = "Internal to dlt and the syncs, or not part of this release."
NO_OTHER = " The previous copy does not have it."
"""Reasons of notes. The last one follows another."""

_Result = TypeVar("_Result")


@dataclass(frozen=True)
class HeldBack:
    """Why a relation stays as in the previous copy.

    Attributes:
        why: The reason, as a sentence.
        since: When it was found, with a zone.
    """

    why: str
    since: datetime


class UnreadableRelationError(Exception):
    """A relation of the warehouse cannot be read, so it is held back.

    Attributes:
        relation: The relation.
    """

    def __init__(self, relation: Relation, why: str) -> None:
        super().__init__(why)
        self.relation = relation


@dataclass(frozen=True)
class PublishPlan:
    """The plan of the published copy. Every relation becomes a table with its rows in order.

    Attributes:
        columns: By relation, each column that is published: its name → the SQL expression of its value. All other
            columns and relations are left out. None: everything is published as it is.
        left_out: By relation and column, why a declared one is left out.
        redacted: By relation and column, what is taken out of one that is published.
        held_back: The relations that are published as the copy before has them.
        setting: The setting that brings everything back.
        comments: By relation and column, what the columns mean; under "", what the relation is.
    """

    columns: Mapping[Relation, Mapping[str, str]] | None = None
    left_out: Mapping[Relation, Mapping[str, str]] = field(default_factory=dict)
    redacted: Mapping[Relation, Mapping[str, str]] = field(default_factory=dict)
    held_back: Mapping[Relation, HeldBack] = field(default_factory=dict)
    setting: str | None = None
    comments: Mapping[Relation, Mapping[str, str]] = field(default_factory=dict)

    def steps(
        self,
        there: Mapping[Relation, Sequence[str]],
        copied: Mapping[Relation, Sequence[str]],
        held_since: Mapping[Relation, datetime],
    ) -> Iterator[CopyStep]:
        """Yield what becomes of each relation, in an order of their names.

        Args:
            there: The relations of the warehouse and their columns.
            copied: Those of the previous copy. The columns count only where a relation is held back.
            held_since: Since when the previous copy has held back a relation.
        """
        gone = {*copied}
        for relation in sorted({*there, *self.held_back}, key=str):
            names = (copied if relation in self.held_back else there).get(relation, ())
            gone.discard(relation)
            yield self.step(relation, names, held_since.get(relation))
        for relation in sorted(gone, key=str):
            yield CopyStep(relation, "drop")

    def step(self, relation: Relation, names: Sequence[str], held_since: datetime | None) -> CopyStep:
        """Return what becomes of a relation.

        Args:
            relation: The relation.
            names: Its columns; if it is held back, those of the previous copy.
            held_since: Since when the previous copy has held it back.
        """
        if self.columns is not None and relation not in self.columns:
            return CopyStep(
                relation, "drop", notes=(Note(relation, None, "left out", BOOKKEEPING, None, self.setting),)
            )
        values, notes = self.values(relation, names)
        superfluous = tuple(name for name in names if name not in values)
        if held := self.held_back.get(relation):
            why = held.why + ("" if values else NO_OTHER)
            notes = [Note(relation, None, "held back", why, held_since or held.since), *notes]
        action = "drop" if not values else "keep" if held else "copy"
        return CopyStep(relation, action, values, superfluous, tuple(notes))

    def comment_statements(self, step: CopyStep, target: str, there: Mapping[str, str]) -> list[str]:
        """Return the statements that give the copy of a relation its comments, without those that it has.

        Args:
            step: What becomes of the relation.
            target: The quoted name of its copy.
            there: The comments of the copy, by column; under "", that of the table.
        """
        wanted = {
            name: text for name, text in self.comments.get(step.relation, {}).items() if name in {"", *step.values}
        }
        return [
            f"comment on {f'column {target}.{quoted(name)}' if name else f'table {target}'}"
            f" is {exp.Literal.string(text).sql()}"
            for name, text in wanted.items()
            if there.get(name) != text
        ]

    def holding_back(self, error: UnreadableRelationError) -> PublishPlan:
        """Return the plan with a relation held back that cannot be read.

        Raises:
            DatabaseException: It is held back already: its previous copy cannot be read either.
        """
        if error.relation in self.held_back:
            raise error.__cause__ or error from None
        held = HeldBack(f"It cannot be read: {error}", datetime.now(timezone.utc))
        return replace(self, held_back={**self.held_back, error.relation: held})

    def carried_out(self, publish: Callable[[PublishPlan], _Result]) -> _Result:
        """Call a function with the plan, again for each relation that it cannot read, and return its result.

        Args:
            publish: Fills the copy in one transaction, which an `UnreadableRelationError` rolls back.

        Raises:
            DatabaseException: The copy cannot be written.
        """
        plan = self
        while True:
            try:
                return publish(plan)
            except UnreadableRelationError as error:
                plan = plan.holding_back(error)

    def values(self, relation: Relation, names: Iterable[str]) -> tuple[dict[str, str], list[Note]]:
        """Return what is published of a relation's columns: name → SQL expression; and notes of what is not.

        Args:
            relation: A relation that is published.
            names: The columns that it has.
        """
        if self.columns is None:
            return {name: quoted(name) for name in names}, []
        planned, why_not = self.columns[relation], self.left_out.get(relation, {})
        values = {name: planned[name] for name in names if name in planned}
        lacking = {name: why_not.get(name, UNDECLARED) for name in names if name not in values}
        redacted = {name: why for name, why in self.redacted.get(relation, {}).items() if name in values}
        return values, [
            *(Note(relation, name, "left out", why, setting=self.setting) for name, why in lacking.items()),
            *(Note(relation, name, "redacted", why, setting=self.setting) for name, why in redacted.items()),
        ]


@dataclass(frozen=True)
class CopyStep:
    """What becomes of a relation in the published copy.

    Attributes:
        relation: The relation.
        action: ``copy`` its rows; ``keep`` those of the previous copy; ``drop`` it, if the previous copy has it.
        values: The columns that the copy has of it: name → SQL expression of its value.
        superfluous: The columns that it does not have: to be dropped where the previous copy is kept.
        notes: What the copy lacks of it, or has otherwise.
    """

    relation: Relation
    action: Literal["copy", "keep", "drop"]
    values: Mapping[str, str] = field(default_factory=dict)
    superfluous: Sequence[str] = ()
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Note:
    """A row of the copy's note table.

    Attributes:
        relation: What it is about.
        column: The column of it; None for all of it.
        status: What is done to it.
        why: The reason.
        since: Since when it is held back.
        setting: The setting that brings it back; None where none does.
    """

    relation: Relation
    column: str | None
    status: Literal["left out", "redacted", "held back"]
    why: str
    since: datetime | None = None
    setting: str | None = None

    @property
    def row(self) -> tuple[str, str | None, str, str, datetime | None, str | None]:
        """The values of its columns."""
        return str(self.relation), self.column, self.status, self.why, self.since, self.setting


@dataclass(frozen=True)
class Published:
    """The result of publishing.

    Attributes:
        where: The file, or the schemas as readers type them.
        size: The copy's size in bytes.
        notes: What it lacks, and what is not as the warehouse has it.
    """

    where: Path | str
    size: int
    notes: tuple[Note, ...]

    @property
    def held_back(self) -> list[Note]:
        """The notes of the relations that were held back."""
        return [note for note in self.notes if note.status == "held back"]

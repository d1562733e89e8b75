"""The plan of the published copy, and the notes of what it lacks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from event_assets.warehouse.relations import Relation, quoted

UNDECLARED = "Not in the data dictionary."
BOOKKEEPING = "Internal to dlt and the syncs, or not part of this release."
NO_OTHER = " The previous copy does not have it."
"""Reasons of notes. The last one follows another."""


@dataclass(frozen=True)
class HeldBack:
    """Why a relation stays as in the previous copy.

    Attributes:
        why: The reason, as a sentence.
        since: When it was found, with a zone.
    """

    why: str
    since: datetime


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
    """

    columns: Mapping[Relation, Mapping[str, str]] | None = None
    left_out: Mapping[Relation, Mapping[str, str]] = field(default_factory=dict)
    redacted: Mapping[Relation, Mapping[str, str]] = field(default_factory=dict)
    held_back: Mapping[Relation, HeldBack] = field(default_factory=dict)
    setting: str | None = None

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

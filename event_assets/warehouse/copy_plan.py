"""The plan of the published copy, and the notes of what it lacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from event_assets.warehouse.relations import Relation


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
        size: The copy's size in bytes.
        notes: What it lacks, and what is not as the warehouse has it.
    """

    size: int
    notes: tuple[Note, ...]

    @property
    def held_back(self) -> list[Note]:
        """The notes of the relations that were held back."""
        return [note for note in self.notes if note.status == "held back"]

"""What the catalogue shows, as values. ``describe`` makes them, ``page`` shows them.

A table's id is its name with the schema (``summary.agenda``), a column's is that and its own name
(``summary.agenda.speakers``): what people type in SQL, and what a link to the page ends with. The API's resources are
tables of the layer ``api``, whose columns are the fields of a record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Literal

from event_assets.warehouse import HISTORY, RAW, STAGING, SUMMARY

API = "api"
LAYERS = (API, RAW, STAGING, HISTORY, SUMMARY)
"""The layers in the order in which data passes through them."""

Freshness = Literal["fresh", "due", "overdue", "never built"]


@dataclass(frozen=True)
class TestResult:
    """A data test or another check of a table, and what it found last.

    Attributes:
        name: The name of the check.
        description: What holds if it passes.
        severity: ``error`` blocks what is downstream; ``warn`` does not.
        passed: What it found last; None if it was never evaluated.
        at: When that was, with a zone.
    """

    __test__ = False  # no class of tests, whatever pytest makes of its name

    name: str
    description: str
    severity: Literal["error", "warn"]
    passed: bool | None = None
    at: datetime | None = None


@dataclass(frozen=True)
class TableStatus:
    """What is known of a table at the moment.

    Attributes:
        built_at: When it was last built or synced, with a zone; None if it never was.
        rows: How many rows it had then.
        data_types: The type of each column then.
        warns_after: The age at which its freshness window is about to end; None if it does not warn.
        fails_after: The age at which the window ends; None if it has none.
        tests: Its tests with their last results.
    """

    built_at: datetime | None = None
    rows: int | None = None
    data_types: Mapping[str, str] = field(default_factory=dict)
    warns_after: timedelta | None = None
    fails_after: timedelta | None = None
    tests: tuple[TestResult, ...] = ()

    def freshness(self, now: datetime) -> Freshness | None:
        """Return how a table keeps its freshness window at an instant; None if it has no window."""
        if self.fails_after is None:
            return None
        if self.built_at is None:
            return "never built"
        age = now - self.built_at
        if age >= self.fails_after:
            return "overdue"
        return "due" if self.warns_after is not None and age >= self.warns_after else "fresh"


@dataclass(frozen=True)
class CatalogueColumn:
    """A column of a table, or a field of an API resource.

    Attributes:
        name: The name in the table.
        description: What a value means.
        data_type: The declared type, or that of the last build; empty if neither is known.
        pii: Whether it holds personal data.
        left_out: Why the published copy leaves it out; empty if it does not.
        not_pii: Why it identifies nobody, though it is derived from personal data; empty for most.
        sources: The ids of the columns that its values are made of.
    """

    name: str
    description: str
    data_type: str = ""
    pii: bool = False
    left_out: str = ""
    not_pii: str = ""
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class CatalogueTable:
    """A table, a view or an API resource.

    Attributes:
        layer: One of ``LAYERS``.
        name: The name within it.
        kind: ``resource``, ``table``, ``view`` or ``incremental``.
        description: What one row is, then what else a reader should know.
        columns: Its columns, in their order.
        grain: The columns that identify a row.
        owner: Who answers for it; empty if nobody is named.
        reads: The ids of the tables that it reads.
        row_sources: The columns by which it joins, filters or groups rows, each with how (``join, filter``): they
            decide which rows there are.
        sql: The SELECT as it is written; empty if there is none.
        status: What is known of it at the moment; None for what is not built by itself.
    """

    layer: str
    name: str
    kind: str
    description: str
    columns: tuple[CatalogueColumn, ...]
    grain: tuple[str, ...] = ()
    owner: str = ""
    reads: tuple[str, ...] = ()
    row_sources: Mapping[str, str] = field(default_factory=dict)
    sql: str = ""
    status: TableStatus | None = None

    @property
    def id(self) -> str:
        """The name with the schema."""
        return f"{self.layer}.{self.name}"

    @property
    def tests(self) -> tuple[TestResult, ...]:
        """Its tests."""
        return self.status.tests if self.status else ()

    @property
    def summary(self) -> str:
        """The first sentence of the description."""
        first, dot, _ = self.description.strip().partition(". ")
        return f"{first}." if dot else first


@dataclass(frozen=True)
class Catalogue:
    """Everything that the page shows.

    Attributes:
        made_at: When it was made, with the zone that times are shown in.
        timezone: The name of that zone.
        tables: All tables.
    """

    made_at: datetime
    timezone: str
    tables: tuple[CatalogueTable, ...]

    @cached_property
    def by_id(self) -> Mapping[str, CatalogueTable]:
        """The tables by id."""
        return {table.id: table for table in self.tables}

    @cached_property
    def read_by(self) -> Mapping[str, list[str]]:
        """The ids of the tables that read a table, by its id."""
        found: dict[str, list[str]] = {table.id: [] for table in self.tables}
        for table in self.tables:
            for read in table.reads:
                found[read].append(table.id)
        return found

    @cached_property
    def used_by(self) -> Mapping[str, list[str]]:
        """The ids of the columns that are made of a column directly, by its id."""
        found: dict[str, list[str]] = {}
        for table in self.tables:
            for column in table.columns:
                for source in column.sources:
                    found.setdefault(source, []).append(f"{table.id}.{column.name}")
        return found

    @cached_property
    def rows_by(self) -> Mapping[str, list[str]]:
        """The ids of the tables that join, filter or group rows by a column, by its id."""
        found: dict[str, list[str]] = {}
        for table in self.tables:
            for source in table.row_sources:
                found.setdefault(source, []).append(table.id)
        return found

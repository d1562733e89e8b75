"""The rows that the page is made of: which columns of which tables are read, and nothing that is worked out from them.

What needs more than its columns, a filter and an order is a summary. No column has personal data of participants.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from event_assets.warehouse import Session
from event_assets.warehouse.relations import Relation

Row: TypeAlias = Any
"""A row, with the names of its columns as attributes."""


@dataclass(frozen=True)
class Query:
    """The columns of a table that are read.

    Attributes:
        table: Its name with the schema.
        columns: The names of the columns, with blanks between.
        where: Which rows, as SQL of every engine; empty for all.
        expressions: The columns that are not read as they are: name → SQL of every engine.
    """

    table: str
    columns: str
    where: str = ""
    expressions: tuple[tuple[str, str], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in their order."""
        return (*self.columns.split(), *(name for name, _ in self.expressions))

    @property
    def relation(self) -> Relation:
        """The name of the table."""
        return Relation(*self.table.split("."))

    @property
    def sql(self) -> str:
        """The SELECT."""
        values = [*self.columns.split(), *(f"{sql} as {name}" for name, sql in self.expressions)]
        where = f" where {self.where}" if self.where else ""
        return f"select {', '.join(values)} from {self.table}{where}"  # noqa: S608  # names of our own


OVERVIEW = Query(
    "summary.event_overview",
    "days first_day last_day content_as_of partners_as_of participants_as_of halls lectures workshops speakers partners"
    " participants checked_in errors warnings",
)
AGENDA = Query(
    "summary.agenda",
    "entry_key kind day starts_local ends_local minutes hall title speakers tracks starts_at ends_at hall_id",
)
HALLS = Query("staging.halls", "hall_id hall list_order")
CONFLICTS = Query(
    "summary.hall_conflicts",
    "session_key other_session_key hall day overlap_starts_local overlap_minutes title other_title",
)
GAPS = Query(
    "summary.hall_gaps", "hall_id day starts_local ends_local minutes longest_free_minutes", "slot <> 'changeover'"
)
SPEAKER_CONFLICTS = Query(
    "summary.speaker_conflicts",
    "speaker day overlap_starts_local overlap_minutes title other_title hall other_hall likely_team",
)
TRANSFERS = Query(
    "summary.speaker_transfers",
    "speaker_id session_key next_session_key speaker day ends_local next_starts_local minutes_between hall next_hall"
    " title next_title is_tight",
)
FINDINGS = Query(
    "summary.data_quality",
    "severity rule resource records title day starts_local hall detail what_to_do",
    # The identifier of a participant is personal data; what is wrong is said without it.
    expressions=(("id", "case when resource <> 'participants' then id end"),),
)
CHANGES = Query(
    "summary.schedule_changes",
    "entry_key version change refresh_number seen_at kind title day old_value new_value",
)
ARRIVALS = Query(
    "summary.attendance_over_time",
    "starts_local day checkins checkins_so_far",
    "step = 'quarter_hour' and dimension = 'all'",
)
REGISTRATIONS = Query(
    "summary.attendance_over_time",
    "day days_to_opening registrations registrations_so_far",
    "step = 'day' and dimension = 'all'",
)
CHECKINS = Query("summary.checkin_rate", "dimension value registered checked_in rate", "dimension in ('all', 'role')")
UTILISATION = Query("summary.hall_utilisation", "hall_id day hall sessions busy_minutes busy_share_of_day")
WORKSHOPS = Query(
    "summary.workshop_capacity",
    "session_key title day starts_local hall capacity available booked_seats overbooked_seats fill_share is_full",
)
DEMAND = Query(
    "summary.session_demand",
    "session_key kind title day starts_local hall capacity booked_seats overbooked_seats",
    "overbooked_seats > 0",
)
SPEAKERS = Query("staging.speakers", "speaker_id speaker")
SESSION_SPEAKERS = Query("staging.session_speakers", "session_key speaker_id list_index")


class Tables:
    """What was read."""

    def __init__(self, rows: Mapping[Query, Sequence[Sequence[Any]]]) -> None:
        """Take the rows of each query, a value for each of its columns."""
        self._rows = {query: _named(query, of_query) for query, of_query in rows.items()}

    def __getitem__(self, query: Query) -> tuple[Row, ...]:
        """Return the rows of a query.

        Raises:
            KeyError: Its table is not there.
        """
        return self._rows[query]

    def lacking(self, queries: Iterable[Query]) -> list[str]:
        """Return the tables of some queries that are not there, by name."""
        return list(dict.fromkeys(query.table for query in queries if query not in self._rows))


def _named(query: Query, rows: Iterable[Sequence[Any]]) -> tuple[Row, ...]:
    make: Callable[[Iterable[Any]], Row] = namedtuple("Row", query.names)._make  # known at run time
    return tuple(map(make, rows))


def read_tables(session: Session, queries: Iterable[Query]) -> Tables:
    """Return the rows of some queries, of those whose tables and columns are there.

    A table can be missing because it was never built, or because it was switched off.

    Args:
        session: A session of the warehouse.
        queries: What to read.

    Raises:
        DatabaseException: A table cannot be read.
    """
    wanted = list(dict.fromkeys(queries))
    there = session.column_names(*sorted({query.relation.schema for query in wanted}))
    return Tables(
        {
            query: session.query(query.sql)
            for query in wanted
            if {*query.columns.split()} <= there.get(query.relation, set())
        }
    )

"""What cross-event models read: some tables of each event's published copy, and what the settings say of the events.

In a model these are ``_copies.speaker_load`` and the like: the rows of all events, with the column ``event``. Each
warehouse of ``across`` makes them in its own way, with these columns and types.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from event_assets.models import Model, load_models
from event_assets.models.compiled import Columns
from event_assets.warehouse import EVENTS, SUMMARY
from event_assets.warehouse.relations import Relation

COPIES = "_copies"
"""The schema that cross-event models read from."""
EVENT = "event"
"""The column that says which event a row is of."""


@dataclass(frozen=True, eq=False)
class Input:
    """A table of each event's copy that cross-event models read.

    Attributes:
        source: The table, as the event's warehouse calls it.
        types: The columns that are read → their types in DuckDB's SQL.
        where: Column → the text that it must be, for rows that are read.
    """

    source: Relation
    types: Mapping[str, str]
    where: Mapping[str, str] = field(default_factory=dict)

    @property
    def relation(self) -> Relation:
        """What models call it."""
        return Relation(COPIES, self.source.name)

    @property
    def all_types(self) -> dict[str, str]:
        """The columns with that of the event."""
        return {EVENT: "varchar", **self.types}


_INSTANT = "timestamp with time zone"

OVERVIEW = Input(
    Relation(SUMMARY, "event_overview"),
    {
        "event_id": "varchar",
        **dict.fromkeys(("first_day", "last_day"), "date"),
        **dict.fromkeys(("as_of", "content_as_of", "partners_as_of", "participants_as_of"), _INSTANT),
        **dict.fromkeys(
            (
                *("days", "days_to_opening", "halls", "tracks", "lectures", "workshops", "breaks", "session_minutes"),
                *("speakers", "partners", "sponsors", "exhibitors", "participants", "checked_in"),
                *("findings", "errors", "warnings"),
            ),
            "bigint",
        ),
    },
)
"""One row per event: an event without it has no copy that can be read."""

INPUTS = (
    OVERVIEW,
    Input(
        Relation(SUMMARY, "attendance_over_time"),
        {"day": "date", "registrations": "bigint", "checkins": "bigint"},
        {"step": "day", "dimension": "all"},
    ),
    Input(
        Relation(SUMMARY, "speaker_load"),
        {
            **dict.fromkeys(("speaker_id", "speaker", "company"), "varchar"),
            **dict.fromkeys(("sessions", "minutes"), "bigint"),
        },
    ),
    Input(
        Relation(SUMMARY, "partners_overview"),
        {"partner_id": "varchar", "company": "varchar", "sponsor": "boolean", "exhibitor": "boolean"},
    ),
)
"""All of them. No table with a row for each participant is among them."""

CONFIGURED = Relation(COPIES, "events")
"""One row per configured event, with what the settings say of it and whether its copy could be read."""
CONFIGURED_TYPES = {
    EVENT: "varchar",
    "opens_on": "date",
    "closes_on": "date",
    "today": "date",
    "is_archived": "boolean",
    "published_at": _INSTANT,
    "missing": "varchar",
}


def input_columns() -> Columns:
    """Return the columns of all that cross-event models read."""
    return {each.relation: [*each.all_types] for each in INPUTS} | {CONFIGURED: [*CONFIGURED_TYPES]}


@cache
def cross_event_models() -> Mapping[Relation, Model]:
    """Read the cross-event models, each after those that it reads.

    Raises:
        ModelError: A model is wrong.
    """
    return load_models(input_columns().keys(), schemas=(EVENTS,))

"""What the files are made of, as values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, Literal
from uuid import UUID, uuid5

ValueKind = Literal["text", "integer", "number", "boolean", "date", "local time", "instant"]
"""What the values of a column are: a local time has no zone, an instant has."""

NAMESPACE = UUID("8c1f4f7e-3a52-5f3b-9c0e-6a4f0b6d2f11")
"""What identifiers of the files are derived from: the same event and record have the same identifier for ever."""

_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PLAIN_ID = re.compile(r"[a-z0-9_-]{1,40}")


@dataclass(frozen=True)
class TableColumn:
    """A column of a table.

    Attributes:
        name: Its name.
        kind: What its values are.
        description: What a value means.
    """

    name: str
    kind: ValueKind
    description: str


@dataclass(frozen=True)
class Table:
    """A summary as it is in the warehouse, without columns of personal data.

    Attributes:
        name: Its name without the schema.
        description: What one row is.
        columns: Its columns, in their order.
        rows: Its rows. Instants have a zone; a null is None.
    """

    name: str
    description: str
    columns: tuple[TableColumn, ...]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Named:
    """A hall, track or speaker.

    Attributes:
        id: Its identifier in the API.
        name: Its name; empty if it has none.
        color: The colour of a track, as the API sends it; empty if it has none.
    """

    id: str
    name: str
    color: str = ""


@dataclass(frozen=True)
class Entry:
    """A session or break with a readable start.

    Attributes:
        key: Its key in the summaries: lecture:8376.
        kind: lecture, workshop or break.
        id: The identifier in the API, unique within the kind.
        guid: Identifies it among those of all events, for ever.
        day: The day of the programme that it belongs to.
        starts: The start, in the event's zone.
        ends: The end, likewise. None if it is not known or not after the start.
        minutes: Its length; 0 if it has none.
        title: Its title; empty if it has none.
        abstract: What it is about, as plain text; empty if nothing is said.
        hall: The identifier of its hall; empty if it has none.
        speakers: The identifiers of its speakers, in their order.
        tracks: The identifiers of its tracks, in their order.
        revision: How often it has changed since it was first seen, as far as the history knows.
        changed_at: When the last change was seen.
        is_cancelled: Whether it is gone from the programme; the rest are its last values.
    """

    key: str
    kind: str
    id: str
    guid: UUID
    day: date
    starts: datetime
    ends: datetime | None
    minutes: int
    title: str
    abstract: str
    hall: str
    speakers: tuple[str, ...]
    tracks: tuple[str, ...]
    revision: int
    changed_at: datetime
    is_cancelled: bool = False


@dataclass(frozen=True)
class Programme:
    """The programme of an event.

    Attributes:
        event_id: The identifier of the event in the API; empty if it is not known.
        title: The name of the event.
        timezone: The name of its zone.
        version: Says which state of the programme it is; another one has another version.
        days: The days of the event, also those without sessions.
        halls: Its halls, in the order of the event system.
        tracks: Its tracks, likewise.
        speakers: Its speakers, likewise.
        entries: Sessions and breaks by their start, cancelled ones too.
        left_out: How many sessions and breaks have no readable start, so that no calendar can show them.
    """

    event_id: str
    title: str
    timezone: str
    version: str
    days: tuple[date, ...]
    halls: tuple[Named, ...]
    tracks: tuple[Named, ...]
    speakers: tuple[Named, ...]
    entries: tuple[Entry, ...]
    left_out: int = 0

    def guid(self, kind: str, identifier: str) -> UUID:
        """Return what identifies a hall, speaker or file of this event, for ever."""
        return guid_of(self.event_id, kind, identifier)

    @cached_property
    def hall_names(self) -> Mapping[str, str]:
        """The names of the halls by identifier."""
        return {hall.id: hall.name for hall in self.halls}

    @cached_property
    def track_names(self) -> Mapping[str, str]:
        """The names of the tracks by identifier."""
        return {track.id: track.name for track in self.tracks}

    @cached_property
    def speaker_names(self) -> Mapping[str, str]:
        """The names of the speakers by identifier."""
        return {speaker.id: speaker.name for speaker in self.speakers}


@dataclass(frozen=True)
class Change:
    """A change of the programme.

    Attributes:
        guid: Identifies it for ever.
        kind: added, removed, returned, renamed, moved_day, moved_time, moved_hall or speakers_changed.
        title: The title of the session or break after it; empty if it has none.
        seen_at: When it was seen.
        old_value: The value before; None if there is none.
        new_value: The value after it; None if there is none.
    """

    guid: UUID
    kind: str
    title: str
    seen_at: datetime
    old_value: str | None
    new_value: str | None


def guid_of(*parts: str) -> UUID:
    """Return the identifier of what some identifiers of the API stand for together."""
    return uuid5(NAMESPACE, "/".join(part.replace("/", "//") for part in parts))


def xml_text(text: str) -> str:
    """Return a text without the characters that XML 1.0 has not, such as control characters."""
    return _NOT_IN_XML.sub("", text)


def file_id(identifier: str) -> str:
    """Return an identifier as a part of a file's name: as it is where it is plain, else one derived from it."""
    return identifier if _PLAIN_ID.fullmatch(identifier) else guid_of("file", identifier).hex


def calendar_name(kind: str = "all", identifier: str = "") -> str:
    """Return the file of the calendar of a hall, track or speaker, or of all."""
    return f"calendars/{'-'.join(filter(None, (kind, file_id(identifier) if identifier else '')))}.ics"

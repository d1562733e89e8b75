"""Reads what the files for people are made of: the summaries, the programme and its changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlglot import exp

from event_assets.models import Model
from event_assets.site.files.values import Change, Entry, Named, Programme, Table, TableColumn, ValueKind, guid_of
from event_assets.warehouse import HISTORY, STAGING, SUMMARY, Session
from event_assets.warehouse.relations import Relation

SESSIONS, BREAKS = Relation(STAGING, "sessions"), Relation(STAGING, "pauses")
HALLS, TRACKS, SPEAKERS, DAYS = (Relation(STAGING, name) for name in ("halls", "tracks", "speakers", "days"))
SESSION_SPEAKERS, SESSION_TRACKS = Relation(STAGING, "session_speakers"), Relation(STAGING, "session_tracks")
VERSIONS = Relation(HISTORY, "entry_versions")
CHANGES = Relation(SUMMARY, "schedule_changes")
OF_PROGRAMME = (SESSIONS, BREAKS, HALLS, TRACKS, SPEAKERS, DAYS, SESSION_SPEAKERS, SESSION_TRACKS, VERSIONS)
"""What the programme is read from."""

_NEVER = datetime(1970, 1, 1, tzinfo=timezone.utc)
_KINDS: dict[ValueKind, frozenset[Any]] = {
    "boolean": frozenset({exp.DataType.Type.BOOLEAN}),
    "date": frozenset({exp.DataType.Type.DATE, exp.DataType.Type.DATE32}),
    "instant": frozenset({exp.DataType.Type.TIMESTAMPTZ, exp.DataType.Type.TIMESTAMPLTZ}),
    "local time": frozenset(exp.DataType.TEMPORAL_TYPES),
    "number": frozenset({*exp.DataType.REAL_TYPES, exp.DataType.Type.INT128, exp.DataType.Type.UBIGINT}),
    "integer": frozenset(exp.DataType.INTEGER_TYPES),
}
"""What values of a type are: the first that has it; text, where none has."""


def read_table(session: Session, model: Model) -> Table:
    """Return a summary without its columns of personal data.

    Args:
        session: A connection to the warehouse.
        model: The summary's model.
    """
    types = {column.name: column.data_type for column in session.columns(model.relation)}
    names = [name for name in model.columns if name not in model.facts.pii]
    columns = tuple(TableColumn(name, _kind(types[name], session.dialect), model.facts.columns[name]) for name in names)
    instants = [number for number, column in enumerate(columns) if column.kind == "instant"]
    rows = [list(row) for row in _rows(session, model.relation, names)]
    for row in rows:
        for number in instants:
            row[number] = None if row[number] is None else _utc(row[number])
    return Table(model.relation.name, " ".join(model.facts.description.split()), columns, rows)


def read_programme(session: Session, title: str, zone: str) -> Programme:
    """Return the programme, with what the history knows of each session and break.

    Args:
        session: A connection to the warehouse.
        title: The name of the event.
        zone: Its time zone.
    """
    halls, tracks, speakers = (
        _named(session, relation, columns)
        for relation, columns in (
            (HALLS, ["hall_id", "hall", "list_order"]),
            (TRACKS, ["track_id", "track", "list_order", "color"]),
            (SPEAKERS, ["speaker_id", "speaker", "list_order"]),
        )
    )
    reader = _EntryReader(session, ZoneInfo(zone))
    places = {hall.id: place for place, hall in enumerate(halls)}
    entries = sorted(reader.entries(), key=lambda each: (each.starts, places.get(each.hall, -1), each.key))
    days = {day for (day,) in _rows(session, DAYS, ["day"]) if day is not None}
    return Programme(
        event_id=reader.event_id,
        title=title,
        timezone=zone,
        version=reader.version,
        days=tuple(sorted(days)),
        halls=halls,
        tracks=tracks,
        speakers=speakers,
        entries=tuple(entries),
        left_out=reader.left_out,
    )


def read_changes(session: Session, event_id: str) -> list[Change]:
    """Return the changes of the programme, the latest first.

    Args:
        session: A connection to the warehouse.
        event_id: The identifier of the event.
    """
    names = ["refresh_number", "entry_key", "version", "change", "title", "seen_at", "old_value", "new_value"]
    rows = sorted(_rows(session, CHANGES, names), key=lambda row: (-row[0], *row[1:4]))
    return [
        Change(guid_of(event_id, key, str(version), kind), kind, title or "", _utc(seen_at), old, new)
        for _, key, version, kind, title, seen_at, old, new in rows
    ]


class _EntryReader:
    """Reads sessions and breaks: those of the programme, and those that the history has as removed."""

    def __init__(self, session: Session, zone: ZoneInfo) -> None:
        self._zone = zone
        common = ["day", "starts_at", "ends_at", "minutes", "title", "event_id"]
        names = ["session_key", "kind", "session_id", "description_text", "hall_id", *common]
        self._sessions = _records(session, SESSIONS, names)
        self._breaks = _records(session, BREAKS, ["pause_id", *common])
        self._speakers = _lists(session, SESSION_SPEAKERS, "speaker_id")
        self._tracks = _lists(session, SESSION_TRACKS, "track_id")
        self._history = _latest(session)
        ids = Counter(each["event_id"] for each in (*self._sessions, *self._breaks) if each["event_id"])
        self.event_id = max(ids, key=lambda each: (ids[each], each), default="")
        self._seen_at = max((each["seen_at"] for each in self._history.values()), default=_NEVER)
        refresh = max((each["refresh_number"] for each in self._history.values()), default=0)
        self.version = f"{refresh}, {self._seen_at.astimezone(zone):%Y-%m-%d %H:%M}"
        self.left_out = 0

    def entries(self) -> Iterator[Entry]:
        """Yield the entries that have a start, and count those of the programme that have none."""
        entries = {each["session_key"]: each for each in self._sessions}
        entries |= {
            f"break:{each['pause_id']}": {"kind": "break", "session_id": each["pause_id"], **each}
            for each in self._breaks
        }
        for key, entry in entries.items():
            if entry["starts_at"] is None:
                self.left_out += 1
            else:
                yield self._entry(key, entry, self._speakers.get(key, ()), self._tracks.get(key, ()))
        for key, last in self._history.items():
            if last["is_removed"] and last["starts_at"] is not None:
                speakers = tuple(filter(None, (last["speaker_ids"] or "").split(", ")))
                yield self._entry(key, {"session_id": key.partition(":")[2], **last}, speakers, ())

    def _entry(self, key: str, entry: Mapping[str, Any], speakers: tuple[str, ...], tracks: tuple[str, ...]) -> Entry:
        starts, ends, last = entry["starts_at"], entry["ends_at"], self._history.get(key)
        local = self._local(starts)
        return Entry(
            key=key,
            kind=entry["kind"],
            id=entry["session_id"],
            guid=guid_of(self.event_id, key),
            day=entry["day"] or local.date(),
            starts=local,
            ends=self._local(ends) if ends is not None and ends > starts else None,
            minutes=max(entry.get("minutes") or 0, 0),
            title=entry["title"] or "",
            abstract=entry.get("description_text") or "",
            hall=entry.get("hall_id") or "",
            speakers=speakers,
            tracks=tracks,
            revision=last["version"] - 1 if last else 0,
            changed_at=last["seen_at"] if last else self._seen_at,
            is_cancelled=bool(entry.get("is_removed")),
        )

    def _local(self, at: datetime) -> datetime:
        return _utc(at).astimezone(self._zone)


def _latest(session: Session) -> dict[str, dict[str, Any]]:
    """Return the latest version of each entry in the history, by its key."""
    names = [
        "entry_key", "version", "refresh_number", "seen_at", "is_removed", "kind", "title", "day", "starts_at",
        "ends_at", "hall_id", "speaker_ids",
    ]  # fmt: skip
    versions = sorted(_records(session, VERSIONS, names), key=lambda each: each["version"])
    return {each["entry_key"]: {**each, "seen_at": _utc(each["seen_at"])} for each in versions}


def _named(session: Session, relation: Relation, columns: Sequence[str]) -> tuple[Named, ...]:
    rows = sorted(_rows(session, relation, columns), key=lambda row: (row[2] is None, row[2], row[0]))
    return tuple(Named(identifier, name or "", *(color or "" for color in rest)) for identifier, name, _, *rest in rows)


def _lists(session: Session, relation: Relation, value: str) -> dict[str, tuple[str, ...]]:
    """Return the lists of a link table by the session, each in its order."""
    found: dict[str, list[str]] = {}
    for key, _, identifier in sorted(_rows(session, relation, ["session_key", "list_index", value]), key=tuple):
        found.setdefault(key, []).append(identifier)
    return {key: tuple(identifiers) for key, identifiers in found.items()}


def _records(session: Session, relation: Relation, columns: Sequence[str]) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in _rows(session, relation, columns)]


def _rows(session: Session, relation: Relation, columns: Iterable[str]) -> Sequence[Sequence[Any]]:
    selected = exp.select(*(exp.column(name, quoted=True) for name in columns))
    return session.query(
        selected.from_(exp.table_(relation.name, db=relation.schema, quoted=True)).sql(session.dialect)
    )


@cache
def _kind(data_type: str, dialect: str) -> ValueKind:
    this = exp.DataType.build(data_type, dialect=dialect).this
    for kind, types in _KINDS.items():
        if this in types:
            return kind
    return "text"


def _utc(at: datetime) -> datetime:
    """Return an instant in UTC. One without a zone is in it: some engines' drivers leave it out."""
    return at.astimezone(timezone.utc) if at.tzinfo else at.replace(tzinfo=timezone.utc)

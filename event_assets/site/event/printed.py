"""What is printed: a sign for the door of each hall on each day, and a run sheet for each speaker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from event_assets.site.event.sections.now import hall_order
from event_assets.site.event.tables import AGENDA, HALLS, SESSION_SPEAKERS, SPEAKERS, TRANSFERS, Row, Tables

PRINT_READS = (AGENDA, HALLS, SESSION_SPEAKERS, SPEAKERS, TRANSFERS)


@dataclass(frozen=True)
class DoorSign:
    """What takes place in a hall on a day.

    Attributes:
        hall: The name of the hall, or its identifier.
        day: The date; None for sessions of an unknown one.
        sessions: Its sessions by time, as rows of the agenda.
    """

    hall: str
    day: date | None
    sessions: tuple[Row, ...]


@dataclass(frozen=True)
class Appearance:
    """A session of a speaker.

    Attributes:
        session: The session, as a row of the agenda.
        transfer: How the speaker gets from it to the next one, as a row of ``summary.speaker_transfers``; None if that
            was the last one of the day, or the next one begins before it ends.
    """

    session: Row
    transfer: Row | None


@dataclass(frozen=True)
class RunSheet:
    """The sessions of a speaker.

    Attributes:
        speaker: The public name, or the identifier.
        appearances: The sessions by time.
    """

    speaker: str
    appearances: tuple[Appearance, ...]


def door_signs(tables: Tables) -> tuple[DoorSign, ...]:
    """Return the signs, by day and then in the order of the halls."""
    order = {row.hall_id: row.list_order for row in tables[HALLS]}
    held: dict[tuple[date | None, str], list[Row]] = {}
    for row in tables[AGENDA]:
        if row.hall_id is not None:
            held.setdefault((row.day, row.hall_id), []).append(row)
    names = {hall: rows[0].hall or hall for (_, hall), rows in held.items()}
    ordered = sorted(
        held,
        key=lambda key: (key[0] is None, key[0] or date.max, hall_order(order.get(key[1]), names[key[1]], key[1])),
    )
    return tuple(DoorSign(names[hall], day, tuple(sorted(held[day, hall], key=_by_time))) for day, hall in ordered)


def run_sheets(tables: Tables) -> tuple[RunSheet, ...]:
    """Return the run sheet of each speaker who has a session, by name."""
    sessions = {row.entry_key: row for row in tables[AGENDA]}
    names = {row.speaker_id: row.speaker for row in tables[SPEAKERS]}
    transfers = {(row.speaker_id, row.session_key): row for row in tables[TRANSFERS]}
    theirs: dict[str, list[Row]] = {}
    for link in tables[SESSION_SPEAKERS]:
        if link.session_key in sessions:
            theirs.setdefault(link.speaker_id, []).append(sessions[link.session_key])
    sheets = [
        (
            names.get(speaker) or speaker,
            speaker,
            tuple(Appearance(row, transfers.get((speaker, row.entry_key))) for row in sorted(rows, key=_by_time)),
        )
        for speaker, rows in theirs.items()
    ]
    ordered = sorted(sheets, key=lambda sheet: (sheet[0].casefold(), sheet[1]))
    return tuple(RunSheet(name, appearances) for name, _, appearances in ordered)


def _by_time(row: Row) -> tuple[bool, object, str]:
    return (row.starts_local is None, row.starts_local or date.max, row.entry_key)

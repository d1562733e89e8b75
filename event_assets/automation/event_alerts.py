"""A look at the event itself: which of its troubles are new, and which are over. They are found in ``event_troubles``.

It reads the copy for readers, so that it waits for no writer, and only where there is a new copy. Between copies, time
goes on: a session begins, or nobody has checked in for too long.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
from pydantic import TypeAdapter

from event_assets.assets.keys import EventNames, published_copy
from event_assets.assets.versions import Materialisations
from event_assets.automation.event_troubles import WANTED, EventTrouble, event_troubles, kinds_of
from event_assets.automation.troubles import Found
from event_assets.settings import Event
from event_assets.source.tables.schema import LECTURES, PARTICIPANTS
from event_assets.warehouse.engines import configured_engine

_TABLES = (LECTURES.name, PARTICIPANTS.name)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Seen:
    """What a look keeps for the next one.

    Attributes:
        copy: The copy that was read, with all that its troubles depend on.
        warehouse: The warehouse that it is of.
        kinds: The kinds that were switched on, each with its setting.
        troubles: What is wrong in it, or will be.
        known: The names of what was there already when its kind was switched on: nobody is alerted of it.
    """

    copy: str = ""
    warehouse: str = ""
    kinds: Mapping[str, int] = field(default_factory=dict)
    troubles: tuple[EventTrouble, ...] = ()
    known: frozenset[str] = frozenset()


_STATE = TypeAdapter(_Seen)


def event_in_trouble(instance: dg.DagsterInstance, before: Found, event: Event, now: datetime) -> Found:
    """Return what is wrong with the event now.

    What is there at the first look, or when a kind is switched on or set otherwise, is known and not alerted: else who
    installs the project would get a message of each clash that the programme has. So it is in another warehouse.

    Args:
        instance: Where copies and syncs are recorded.
        before: What the last look has found.
        event: As it is configured now.
        now: The time now, with a zone.

    Raises:
        SettingsError: A setting cannot be used.
        WarehouseError: The copy cannot be read.
    """
    names = EventNames(event.name)
    readers, programme, people = published_copy(names.prefix), *map(names.raw_key, _TABLES)
    made = Materialisations(instance, [readers, programme, people])
    kinds, copied_at = kinds_of(event.alerts), made.time(readers)
    if copied_at is None or not kinds:
        return Found()
    seen = _STATE.validate_python(before.state) if before.state else _Seen()
    copy = f"{copied_at.isoformat()} {event.dates.timezone} {kinds}"
    troubles = seen.troubles if copy == seen.copy else tuple(_read(event, kinds))
    to_come = [trouble for trouble in troubles if not trouble.is_over(now)]
    synced_at = made.time(people)  # Since then, nobody knows whether somebody has checked in.
    present = [trouble for trouble in to_come if trouble.begins is None or trouble.begins <= min(now, synced_at or now)]
    warehouse = (made.version(programme) or "").partition(".")[0]
    same = seen.kinds if warehouse == seen.warehouse else {}
    new_kinds = {kind for kind, value in kinds.items() if same.get(kind) != value}
    there = {each.name for each in present if each.kind in new_kinds} - before.troubles.keys()
    if there:
        logger.info("%d troubles of the event were there already: nobody is alerted of them.", len(there))
    known = (seen.known | there) & {each.name for each in present}
    # Each look is kept for days: what nobody is alerted of goes without its sentence.
    kept = tuple(replace(each, text="") if each.name in known else each for each in to_come)
    state = _STATE.dump_python(_Seen(copy, warehouse, kinds, kept, known), mode="json")
    return Found({each.name: each.text for each in present if each.name not in known}, state=state)


def _read(event: Event, kinds: Mapping[str, int]) -> list[EventTrouble]:
    wanted = [each for kind in kinds for each in WANTED[kind]]
    found: Any = iter(configured_engine(event).read_copy(wanted))
    rows = {kind: [next(found) for _ in WANTED[kind]] for kind in kinds}
    return event_troubles(rows, event.alerts, ZoneInfo(event.dates.timezone))

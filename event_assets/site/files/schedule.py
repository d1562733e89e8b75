"""Makes schedule.xml and schedule.json of a programme: the format of Pentabarf and Frab, which conference apps read.

It is described at https://c3voc.de/wiki/schedule. Breaks are not in it: the format is of sessions in rooms.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import gcd
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import orjson

from event_assets.site.files.values import Entry, Named, Programme, xml_text

GENERATOR = "event_assets"
NO_HALL = "No hall"
"""The room of sessions without one: apps show its name."""
UNTITLED = "(no title)"
_SCHEMA = "https://c3voc.de/schedule/schema.json"
_DAY_BEGINS = time(4)
"""When a day of the programme begins: what is on after midnight belongs to the evening before."""
_LONGEST = timedelta(hours=99, minutes=59)
"""The format has two digits for the hours."""
_SLOT = 5
"""The length of a slot in minutes where there is no session."""
_ACRONYM_LENGTH = 4
_HEX_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True)
class _Day:
    index: int
    date: date
    starts: datetime
    ends: datetime
    rooms: Mapping[Named, list[Entry]]


def schedule_xml(programme: Programme) -> bytes:
    """Return the programme as schedule.xml. An event without a day has none in it, which readers take as empty.

    Args:
        programme: The programme.
    """
    days, numbers, root = _days(programme), _numbers(programme), ElementTree.Element("schedule")
    ElementTree.SubElement(root, "generator", name=GENERATOR)
    _add(root, "version", programme.version)
    conference = ElementTree.SubElement(root, "conference")
    for name, text in _conference(programme, days).items():
        _add(conference, name, str(text))
    for track in _tracks(programme):
        ElementTree.SubElement(conference, "track", {key: xml_text(text) for key, text in track.items()})
    for day in days:
        of_day = ElementTree.SubElement(
            root, "day", index=str(day.index), date=day.date.isoformat(), start=_iso(day.starts), end=_iso(day.ends)
        )
        for room, entries in day.rooms.items():
            named = {"name": xml_text(room.name), "guid": str(programme.guid("hall", room.id))}
            of_room = ElementTree.SubElement(of_day, "room", named)
            for entry in entries:
                _add_event(of_room, _event(entry, room, numbers[entry.key], programme))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def schedule_json(programme: Programme) -> bytes:
    """Return the programme as schedule.json.

    Args:
        programme: The programme.
    """
    days, numbers = _days(programme), _numbers(programme)
    conference = _conference(programme, days)
    conference["daysCount"] = conference.pop("days")
    rooms = [{"name": hall.name, "guid": str(programme.guid("hall", hall.id))} for hall in _rooms(programme)]
    of_days = [_json_day(day, numbers, programme) for day in days]
    conference |= {"rooms": rooms, "tracks": [*_tracks(programme)], "days": of_days}
    document = {
        "$schema": _SCHEMA,
        "generator": {"name": GENERATOR},
        "schedule": {"version": programme.version, "conference": conference},
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)


def _json_day(day: _Day, numbers: Mapping[str, int], programme: Programme) -> dict[str, Any]:
    rooms: dict[str, list[dict[str, Any]]] = {}
    for room, entries in day.rooms.items():  # two halls can have one name, which is the key here
        rooms.setdefault(room.name, []).extend(_event(each, room, numbers[each.key], programme) for each in entries)
    return {
        "index": day.index,
        "date": day.date.isoformat(),
        "day_start": _iso(day.starts),
        "day_end": _iso(day.ends),
        "rooms": rooms,
    }


def _conference(programme: Programme, days: Iterable[_Day]) -> dict[str, Any]:
    dates = [day.date for day in days]
    return {
        "title": programme.title,
        "acronym": _acronym(programme),
        **({"start": min(dates).isoformat(), "end": max(dates).isoformat()} if dates else {}),
        "days": len(dates),
        "timeslot_duration": _duration(_slot_minutes(programme)),
        "time_zone_name": programme.timezone,
    }


def _event(entry: Entry, room: Named, number: int, programme: Programme) -> dict[str, Any]:
    """Return a session as schedule.json has it; the XML has the same elements in another form."""
    tracks = [name for each in entry.tracks if (name := programme.track_names.get(each))]
    persons = [Named(each, name) for each in entry.speakers if (name := programme.speaker_names.get(each))]
    return {
        "guid": str(entry.guid),
        "id": number,
        "date": _iso(entry.starts),
        "start": f"{entry.starts:%H:%M}",
        "duration": _duration(entry.minutes),
        "room": room.name,
        "slug": _slug(f"{_acronym(programme)}-{entry.kind}-{number}-{entry.title}"),
        "url": "",
        "title": entry.title or UNTITLED,
        "subtitle": "",
        "track": ", ".join(tracks),
        "type": entry.kind,
        "language": "",
        "abstract": entry.abstract,
        "description": "",
        "persons": [
            {"guid": str(programme.guid("speaker", each.id)), "name": each.name, "public_name": each.name}
            for each in persons
        ],
        "links": [],
        "attachments": [],
    }


def _add_event(room: ElementTree.Element, event: Mapping[str, Any]) -> None:
    element = ElementTree.SubElement(room, "event", guid=event["guid"], id=str(event["id"]))
    for name, value in event.items():
        if name in ("guid", "id", "url"):  # no session has a page of its own
            continue
        if name == "persons":
            persons = ElementTree.SubElement(element, "persons")
            for each in value:
                ElementTree.SubElement(persons, "person", guid=each["guid"]).text = xml_text(each["name"])
        else:
            _add(element, name, value or "")


def _add(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = xml_text(text)


def _days(programme: Programme) -> list[_Day]:
    """Return the days with their rooms, in the order of the halls, and of these those with a session."""
    zone, rooms = ZoneInfo(programme.timezone), _rooms(programme)
    by_day: dict[date, dict[str, list[Entry]]] = {day: {} for day in programme.days}
    known = {room.id for room in rooms}
    for entry in _sessions(programme):
        hall = entry.hall if entry.hall in known else ""
        by_day.setdefault(entry.day, {}).setdefault(hall, []).append(entry)
    days = []
    for index, (day, by_hall) in enumerate(sorted(by_day.items()), start=1):
        entries = [each for of_hall in by_hall.values() for each in of_hall]
        starts = datetime.combine(day, _DAY_BEGINS, zone)
        ends = starts + timedelta(days=1)
        # A session of another date than its day is not cut off.
        starts = min(starts, *(each.starts for each in entries)) if entries else starts
        ends = max(ends, *(each.ends or each.starts for each in entries)) if entries else ends
        days.append(_Day(index, day, starts, ends, {each: by_hall[each.id] for each in rooms if each.id in by_hall}))
    return days


def _rooms(programme: Programme) -> list[Named]:
    halls = [Named(hall.id, hall.name or hall.id) for hall in programme.halls]
    known = {hall.id for hall in halls}
    return [*halls, *([Named("", NO_HALL)] if any(e.hall not in known for e in _sessions(programme)) else [])]


def _tracks(programme: Programme) -> Iterable[dict[str, str]]:
    for track in programme.tracks:
        if track.name:
            color = {"color": track.color} if _HEX_COLOR.fullmatch(track.color) else {}
            yield {"name": track.name, **color}


def _sessions(programme: Programme) -> list[Entry]:
    return [entry for entry in programme.entries if entry.kind != "break" and not entry.is_cancelled]


def _numbers(programme: Programme) -> dict[str, int]:
    """Return a number for each session by its key: its identifier where that is one and no other session has it.

    Of a lecture and a workshop with the same, the lecture keeps it. Others have one that is derived from their guid.
    """
    numbers: dict[str, int] = {}
    taken: set[int] = set()
    for entry in sorted(_sessions(programme), key=lambda entry: (entry.kind, entry.key)):
        number = int(entry.id) if re.fullmatch("[1-9][0-9]{0,8}", entry.id) else 0
        if number in taken | {0}:
            number = 10**9 + entry.guid.int % 10**9
            while number in taken:
                number += 1
        taken.add(number)
        numbers[entry.key] = number
    return numbers


def _slot_minutes(programme: Programme) -> int:
    """Return the longest part of an hour that all starts and lengths are multiples of."""
    minutes = [n for each in _sessions(programme) for n in (each.starts.hour * 60 + each.starts.minute, each.minutes)]
    return gcd(60, *minutes) if minutes else _SLOT


def _duration(minutes: int) -> str:
    hours, rest = divmod(min(minutes, int(_LONGEST.total_seconds()) // 60), 60)
    return f"{hours:02}:{rest:02}"


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _acronym(programme: Programme) -> str:
    plain = _slug(programme.title).replace("-", "")
    return plain if len(plain) >= _ACRONYM_LENGTH else f"event{plain}"


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")

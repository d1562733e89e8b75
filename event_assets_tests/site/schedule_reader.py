"""Reads schedule.xml as an app does, and finds what the format's schema forbids.

Written from https://c3voc.de/schedule/schema.xsd, and not from what makes the file.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from xml.etree import ElementTree

UUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
CLOCK = r"[0-2][0-9]:[0-5][0-9]"
DURATION = r"[0-9]{1,2}:[0-9]{2}"
INSTANT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)"
REQUIRED = ("room", "title", "type", "date", "start", "duration", "abstract", "track")
ALLOWED = {
    *REQUIRED, "subtitle", "slug", "logo", "persons", "language", "description", "recording", "links", "attachments",
    "url", "feedback_url", "origin_url", "video_download_url",
}  # fmt: skip


@dataclass(frozen=True)
class Read:
    """A session as an app shows it."""

    guid: str
    id: int
    day: date
    starts: datetime
    length: timedelta
    room: str
    title: str
    track: str
    kind: str
    abstract: str
    persons: tuple[str, ...]


def read_schedule(content: bytes) -> list[Read]:
    """Return the sessions of a schedule, after it was found to be as the schema wants it."""
    root = ElementTree.fromstring(content)  # noqa: S314  # our own
    assert root.tag == "schedule"
    assert [each.tag for each in root][:3] == ["generator", "version", "conference"]
    assert {each.tag for each in root[3:]} <= {"day"}
    conference = root.find("conference")
    assert conference is not None
    assert re.fullmatch("[a-z0-9_-]{4,}", conference.findtext("acronym") or "")
    assert re.fullmatch(DURATION, conference.findtext("timeslot_duration") or "")
    assert int(conference.findtext("days") or "") == len(root.findall("day"))
    assert_unique(root.iterfind("day/room/event"), "guid")
    assert_unique(root.iterfind("day/room/event"), "id")
    assert_unique(root.iterfind("day"), "index")
    slugs = [slug.text for slug in root.iterfind("day/room/event/slug")]
    assert len(slugs) == len({*slugs})
    return [*_sessions(root)]


def assert_unique(elements: Iterable[ElementTree.Element], attribute: str) -> None:
    values = [each.get(attribute) for each in elements]
    assert None not in values
    assert len(values) == len({*values})


def _sessions(root: ElementTree.Element) -> Iterator[Read]:
    for day in root.findall("day"):
        of = date.fromisoformat(day.get("date") or "")
        begins, ends = (datetime.fromisoformat(day.get(name) or "") for name in ("start", "end"))
        assert begins.tzinfo
        for room in day.findall("room"):
            assert re.fullmatch(UUID, room.get("guid") or "")
            for event in room.findall("event"):
                read = _session(event, of)
                assert read.room == room.get("name"), "of the room that it stands in"
                assert begins <= read.starts <= read.starts + read.length <= ends
                yield read


def _session(event: ElementTree.Element, day: date) -> Read:
    tags = [each.tag for each in event]
    assert len(tags) == len({*tags})
    assert {*REQUIRED} <= {*tags} <= ALLOWED
    text = {each.tag: each.text or "" for each in event}
    assert re.fullmatch(UUID, event.get("guid") or "")
    assert re.fullmatch(INSTANT, text["date"])
    assert re.fullmatch(CLOCK, text["start"])
    assert re.fullmatch(DURATION, text["duration"])
    assert re.fullmatch(r"[a-z0-9_]{4,}-[a-z0-9\-_]{4,}", text["slug"])
    starts = datetime.fromisoformat(text["date"])
    assert f"{starts:%H:%M}" == text["start"], "the clock of its own offset"
    hours, minutes = map(int, text["duration"].split(":"))
    persons = event.findall("persons/person")
    assert all(re.fullmatch(UUID, each.get("guid") or "") for each in persons)
    return Read(
        event.get("guid") or "",
        int(event.get("id") or ""),
        day,
        starts,
        timedelta(hours=hours, minutes=minutes),
        text["room"],
        text["title"],
        text["track"],
        text["type"],
        text["abstract"],
        tuple(each.text or "" for each in persons),
    )

"""schedule.xml and schedule.json: every session as it is, and nothing that the format forbids."""

import json
from datetime import date, datetime, timedelta
from xml.etree import ElementTree

import pytest

from event_assets.site.files.schedule import NO_HALL, UNTITLED, schedule_json, schedule_xml
from event_assets.site.files.values import Entry, Named, Programme, xml_text
from event_assets_tests.site.hostile import DAY, EMPTY, ZONE, entry, programme
from event_assets_tests.site.schedule_reader import Read, read_schedule


def expected(made: Programme, entries: list[Entry]) -> list[tuple[object, ...]]:
    names = made.hall_names
    return sorted(
        (str(e.guid), e.starts, e.minutes, xml_text(names[e.hall]), xml_text(e.title), xml_text(e.abstract), e.day)
        for e in entries
    )


def shown(read: list[Read]) -> list[tuple[object, ...]]:
    return sorted((r.guid, r.starts, r.length.seconds // 60, r.room, r.title, r.abstract, r.day) for r in read)


def test_hostile_texts_come_back_as_they_are():
    made = programme()
    read = read_schedule(schedule_xml(made))
    assert shown(read) == expected(made, [*made.entries])
    assert {(r.track, *r.persons) for r in read} == {(xml_text(e.name), xml_text(e.name)) for e in made.tracks}
    assert len(read) == len(made.entries) > 10


def test_json_says_the_same_as_xml():
    made = programme()
    conference = json.loads(schedule_json(made))["schedule"]["conference"]
    of_json = {
        (each["guid"], each["id"], each["date"], each["duration"], xml_text(each["room"]), xml_text(each["title"]),
         xml_text(each["track"]), tuple(xml_text(person["name"]) for person in each["persons"]), each["slug"])
        for day in conference["days"] for room, events in day["rooms"].items() for each in events
        if each["room"] == room
    }  # fmt: skip
    root = ElementTree.fromstring(schedule_xml(made))  # noqa: S314
    slugs = {event.get("guid"): event.findtext("slug") for event in root.iter("event")}
    assert of_json == {
        (r.guid, r.id, r.starts.isoformat(), f"{r.length.seconds // 3600:02}:{r.length.seconds // 60 % 60:02}", r.room,
         r.title, r.track, r.persons, slugs[r.guid])
        for r in read_schedule(schedule_xml(made))
    }  # fmt: skip
    assert conference["daysCount"] == 1
    assert [track["color"] for track in conference["tracks"]] == ["#0d7a86"] * len(made.tracks)
    assert len(conference["rooms"]) == len(made.halls)


def test_what_has_no_name_or_place_is_there_all_the_same():
    made = programme(
        entry(1, "", hall=""), entry(2, "Gone hall", hall="404"), entry(3, "Nobody", speakers=("404", "1")),
        halls=(Named("1", ""), Named("2", "Twice"), Named("3", "Twice")),
    )  # fmt: skip
    read = {each.id: each for each in read_schedule(schedule_xml(made))}
    assert (read[1].title, read[1].room) == (UNTITLED, NO_HALL)
    assert read[2].room == NO_HALL
    assert read[3].room == "1", "the identifier of a hall without a name"
    assert len(read[3].persons) == 1, "who is not listed has no name"


def test_two_halls_of_one_name_are_two_rooms():
    halls = (Named("2", "Twice"), Named("3", "Twice"))
    made = programme(entry(1, "A", hall="2"), entry(2, "B", hall="3"), halls=halls)
    root = ElementTree.fromstring(schedule_xml(made))  # noqa: S314
    assert len({room.get("guid") for room in root.iterfind("day/room")}) == 2
    days = json.loads(schedule_json(made))["schedule"]["conference"]["days"]
    assert [each["title"] for each in days[0]["rooms"]["Twice"]] == ["A", "B"], "where the name is the key"


def test_breaks_and_cancelled_sessions_are_not_in_it():
    made = programme(entry(1, "A"), entry(2, "Lunch", kind="break"), entry(3, "Gone", is_cancelled=True))
    assert [each.title for each in read_schedule(schedule_xml(made))] == ["A"]


def test_several_tracks_are_all_named():
    made = programme(entry(1, "A", tracks=("1", "2")), tracks=(Named("1", "Web"), Named("2", "Rust"), Named("3", "")))
    assert read_schedule(schedule_xml(made))[0].track == "Web, Rust"


def test_a_lecture_keeps_its_number_whatever_a_workshop_has():
    lecture = entry(7, "A")
    workshop = entry(8, "B", kind="workshop", key="workshop:7", id="7", guid=entry(99, "").guid)
    text = entry(9, "C", key="lecture:x-1", id="x-1", guid=entry(98, "").guid)
    read = {each.title: each.id for each in read_schedule(schedule_xml(programme(lecture, workshop, text)))}
    assert read["A"] == 7
    alone = {each.title: each.id for each in read_schedule(schedule_xml(programme(workshop, text)))}
    assert alone == {"B": 7, "C": read["C"]}
    assert len({*read.values()}) == 3


@pytest.mark.parametrize(
    ("starts", "minutes", "day"),
    [
        (datetime(2026, 1, 31, 23, 30, tzinfo=ZONE), 90, DAY),
        (datetime(2026, 2, 1, 1, 30, tzinfo=ZONE), 30, DAY),
        (datetime(2026, 1, 31, 0, 30, tzinfo=ZONE), 30, DAY),
        (datetime(2026, 3, 29, 1, 30, tzinfo=ZONE), 60, date(2026, 3, 29)),
        (datetime(2026, 10, 25, 2, 30, tzinfo=ZONE, fold=1), 60, date(2026, 10, 25)),
        (datetime(2026, 2, 5, 9, 0, tzinfo=ZONE), 30, DAY),
    ],
    ids=["over midnight", "after midnight", "just after midnight", "clock set forward", "clock set back", "other date"],
)
def test_at_night(starts: datetime, minutes: int, day: date):
    made = programme(entry(1, "A", starts=starts, ends=starts + timedelta(minutes=minutes), minutes=minutes, day=day))
    (read,) = read_schedule(schedule_xml(made))
    assert (read.starts.isoformat(), read.day) == (starts.isoformat(), day)


def test_lengths_that_the_format_has_not():
    made = programme(entry(1, "None", minutes=0, ends=None), entry(2, "Long", minutes=7000))
    root = ElementTree.fromstring(schedule_xml(made))  # noqa: S314
    assert [each.text for each in root.iter("duration")] == ["00:00", "99:59"]
    assert root.findtext("conference/timeslot_duration") == "00:20", "9:00, 11:00, 0 and 7000 minutes"


def test_an_empty_event():
    assert read_schedule(schedule_xml(EMPTY)) == []
    assert json.loads(schedule_json(EMPTY))["schedule"]["conference"]["days"] == []
    with_days = programme(entry(1, "A", kind="break"), days=(DAY, DAY + timedelta(days=1)))
    root = ElementTree.fromstring(schedule_xml(with_days))  # noqa: S314
    assert [(each.get("index"), each.get("date")) for each in root.iter("day")] == [
        ("1", "2026-01-31"),
        ("2", "2026-02-01"),
    ]


def test_the_reader_finds_what_is_wrong():
    right = schedule_xml(programme(entry(1, "A"), entry(2, "B")))
    for old, new in (
        (b'id="2"', b'id="1"'),
        (b"<duration>01:00", b"<duration>1 h"),
        (b"<type>lecture</type>", b""),
        (b"<start>10:00", b"<start>11:00"),
        (b"<acronym>", b"<acronym>A "),
    ):
        assert old in right
        with pytest.raises(AssertionError):
            read_schedule(right.replace(old, new))

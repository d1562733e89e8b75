"""Calendars: read by the library that makes them and by another one, every entry is as it is."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from typing import Any

import icalendar
import pytest
import vobject

from event_assets.site.files.calendar_lists import calendar_fingerprints, calendar_lists
from event_assets.site.files.calendars import SPEAKERS, UNTITLED, CalendarMaker
from event_assets.site.files.values import Named, Programme, calendar_name, xml_text
from event_assets_tests.site.hostile import EMPTY, SEEN, ZONE, entry, programme

UTC = timezone.utc


def calendar_files(made: Programme) -> dict[str, bytes]:
    """All calendars of a programme, by file."""
    maker = CalendarMaker(made)
    return {each.file: maker.calendar(each) for each in calendar_lists(made)}


def events(content: bytes) -> dict[str, Any]:
    """The events of a calendar by UID, as icalendar reads them."""
    calendar: Any = icalendar.Calendar.from_ical(content)
    found = [*calendar.walk("VEVENT")]
    assert len({str(each["UID"]) for each in found}) == len(found)
    return {str(each["UID"]): each for each in found}


def of_vobject(content: bytes) -> dict[str, Any]:
    """The same, as vobject reads them."""
    calendar: Any = vobject.readOne(content.decode())  # type: ignore[attr-defined]
    return {each.uid.value: each for each in getattr(calendar, "vevent_list", [])}


def assert_is_valid(content: bytes) -> None:
    """What RFC 5545 asks of every calendar: line ends, line lengths, what there must be and once at most."""
    assert content.endswith(b"END:VCALENDAR\r\n")
    lines = content.split(b"\r\n")
    assert all(len(line) <= 75 for line in lines)
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    assert not any(byte < 32 and byte != 9 for line in lines for byte in line)
    content.decode("utf-8")
    calendar: Any = icalendar.Calendar.from_ical(content)
    assert calendar["VERSION"] == "2.0"
    assert calendar["PRODID"]
    assert calendar.subcomponents
    zones = {str(each["TZID"]) for each in calendar.walk("VTIMEZONE")}
    for event in calendar.walk("VEVENT"):
        assert not event.errors
        for name in ("UID", "DTSTAMP", "DTSTART", "SUMMARY", "STATUS", "SEQUENCE", "LAST-MODIFIED"):
            assert not isinstance(event[name], list), name
        for name in ("DTSTART", "DTEND"):
            if name in event and "TZID" in event[name].params:
                assert event[name].params["TZID"] in zones
        if "DTEND" in event:
            assert event["DTEND"].dt > event["DTSTART"].dt


def shown(event: Any) -> tuple[object, ...]:
    return (
        event["DTSTART"].dt.astimezone(UTC), event["DTEND"].dt.astimezone(UTC), str(event["SUMMARY"]),
        str(event["LOCATION"]), str(event["DESCRIPTION"]), [str(each) for each in event["CATEGORIES"].cats],
    )  # fmt: skip


def shown_by_vobject(event: Any) -> tuple[object, ...]:
    return (
        event.dtstart.value.astimezone(UTC), event.dtend.value.astimezone(UTC), event.summary.value,
        event.location.value, event.description.value, event.categories.value,
    )  # fmt: skip


def expected(made: Programme) -> dict[str, tuple[object, ...]]:
    return {
        str(e.guid): (
            e.starts.astimezone(UTC), (e.starts + timedelta(hours=1)).astimezone(UTC), xml_text(e.title),
            xml_text(made.hall_names[e.hall]),
            xml_text(f"{SPEAKERS}: {made.speaker_names[e.speakers[0]]}\n\n{e.abstract}"),
            [xml_text(made.track_names[e.tracks[0]])],
        )
        for e in made.entries
    }  # fmt: skip


@pytest.mark.parametrize(
    ("read", "show"), [(events, shown), (of_vobject, shown_by_vobject)], ids=["icalendar", "vobject"]
)
def test_hostile_texts_come_back_as_they_are(read: Any, show: Any):
    made = programme()
    content = calendar_files(made)[calendar_name()]
    assert_is_valid(content)
    assert {uid: show(event) for uid, event in read(content).items()} == expected(made)


def test_there_is_one_for_each_hall_track_and_speaker_with_what_is_theirs():
    made = programme(
        entry(1, "A", hall="1", tracks=("1", "2"), speakers=("1",)), entry(2, "B", hall="2", tracks=("2",)),
        entry(3, "Lunch", kind="break", hall=""),
        halls=(Named("1", "Big"), Named("2", "Small"), Named("3", "Unused")),
        tracks=(Named("1", "Web"), Named("2", "Rust")), speakers=(Named("1", "Ada"), Named("2", "Silent")),
    )  # fmt: skip
    files = calendar_files(made)
    titles = {
        name: sorted(str(each["SUMMARY"]) for each in events(content).values()) for name, content in files.items()
    }
    assert titles == {
        "calendars/all.ics": ["A", "B", "Lunch"],
        "calendars/hall-1.ics": ["A"],
        "calendars/hall-2.ics": ["B"],
        "calendars/hall-3.ics": [],
        "calendars/track-1.ics": ["A"],
        "calendars/track-2.ics": ["A", "B"],
        "calendars/speaker-1.ics": ["A"],
    }
    for content in files.values():
        assert_is_valid(content)
    names = {name: str(icalendar.Calendar.from_ical(content)["X-WR-CALNAME"]) for name, content in files.items()}
    assert names["calendars/hall-1.ics"] == f"{made.title}: Big"
    assert names["calendars/all.ics"] == made.title
    (lunch,) = (each for each in events(files["calendars/all.ics"]).values() if each["SUMMARY"] == "Lunch")
    assert lunch["TRANSP"] == "TRANSPARENT"
    assert "LOCATION" not in lunch


def test_an_identifier_makes_no_path():
    made = programme(
        entry(1, "A", hall="../../x"), halls=(Named("../../x", "Hall"), Named("A b", "Other")), tracks=(), speakers=()
    )
    names = [*calendar_files(made)]
    assert len(names) == 3
    assert all(name.count("/") == 1 and ".." not in name and " " not in name for name in names)


def test_what_the_history_knows():
    gone = entry(2, "Gone", is_cancelled=True, revision=4, changed_at=SEEN + timedelta(days=1), speakers=("1",))
    made = programme(entry(1, "", revision=2), gone)
    found = {str(each["SUMMARY"]): each for each in events(calendar_files(made)[calendar_name()]).values()}
    assert {title: (int(each["SEQUENCE"]), str(each["STATUS"])) for title, each in found.items()} == {
        UNTITLED: (2, "CONFIRMED"),
        "Gone": (4, "CANCELLED"),
    }
    assert found["Gone"]["LAST-MODIFIED"].dt == found["Gone"]["DTSTAMP"].dt == SEEN + timedelta(days=1)
    assert [*events(calendar_files(made)[calendar_name("speaker", "1")])] == [str(gone.guid)]


def fingerprints(made: Programme) -> dict[str, str]:
    lists = calendar_lists(made)
    return {each.file: print_ for each, print_ in zip(lists, calendar_fingerprints(made, lists), strict=True)}


@pytest.mark.parametrize(
    "change",
    [
        lambda made: replace(made, title="Other days"),
        lambda made: replace(made, timezone="Europe/Vienna"),
        lambda made: replace(made, event_id="2"),
        lambda made: replace(made, days=(*made.days, date(2031, 1, 1))),
        lambda made: replace(made, halls=tuple(replace(each, name=f"{each.name}!") for each in made.halls)),
        lambda made: replace(made, tracks=(replace(made.tracks[0], name="Other"), *made.tracks[1:])),
        lambda made: replace(made, speakers=(replace(made.speakers[0], name=""), *made.speakers[1:])),
        lambda made: replace(made, speakers=made.speakers[1:]),
        *[
            lambda made, new=new: replace(made, entries=(replace(made.entries[0], **new), *made.entries[1:]))
            for new in (
                {"title": "Other"}, {"abstract": "Other"}, {"hall": "2"}, {"speakers": ("2", "3")}, {"tracks": ()},
                {"starts": SEEN}, {"ends": None}, {"revision": 7}, {"changed_at": SEEN + timedelta(days=1)},
                {"is_cancelled": True}, {"kind": "break"},
            )
        ],
    ],
)  # fmt: skip
def test_a_fingerprint_differs_where_the_file_does(change: Callable[[Programme], Programme]):
    before, after = programme(), change(programme())
    files, changed = calendar_files(before), calendar_files(after)
    prints, printed = fingerprints(before), fingerprints(after)
    assert prints.keys() == files.keys()
    both = files.keys() & changed.keys()
    assert {name for name in both if files[name] != changed[name]} == {
        name for name in both if prints[name] != printed[name]
    }
    assert files != changed


def test_the_same_programme_makes_the_same_bytes():
    assert calendar_files(programme()) == calendar_files(programme())


def test_local_times_have_the_zone_with_its_rules():
    summer = entry(1, "A", starts=datetime(2026, 7, 1, 9, tzinfo=ZONE), ends=datetime(2026, 7, 1, 10, tzinfo=ZONE))
    content = calendar_files(programme(entry(2, "B"), summer))[calendar_name()]
    assert b"DTSTART;TZID=Europe/Brussels:20260701T090000" in content
    assert b"BEGIN:DAYLIGHT" in content
    found = {each.summary.value: each.dtstart.value.astimezone(UTC).hour for each in of_vobject(content).values()}
    assert found == {"A": 7, "B": 10}


def test_an_hour_that_the_clock_shows_twice_is_told_apart():
    first, second = (
        entry(n, str(n), starts=datetime(2026, 10, 25, 2, 30, tzinfo=ZONE, fold=n), ends=None) for n in (0, 1)
    )
    found = events(calendar_files(programme(first, second))[calendar_name()])
    starts = [found[str(each.guid)]["DTSTART"].dt.astimezone(UTC) for each in (first, second)]
    assert starts == [datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)]


def test_without_an_end_there_is_none():
    (event,) = events(calendar_files(programme(entry(1, "A", ends=None, minutes=0)))[calendar_name()]).values()
    assert "DTEND" not in event


def test_an_empty_event_and_one_in_utc():
    (content,) = calendar_files(EMPTY).values()
    assert_is_valid(content)
    assert events(content) == {}
    starts = datetime(2026, 1, 31, 9, tzinfo=UTC)
    in_utc = programme(entry(1, "A", starts=starts, ends=None), timezone="UTC")
    assert b"DTSTART:20260131T090000Z" in calendar_files(in_utc)[calendar_name()]


def test_the_check_of_validity_finds_what_is_wrong():
    right = calendar_files(programme(entry(1, "A")))[calendar_name()]
    assert_is_valid(right)
    for old, new in (
        (b"END:VCALENDAR\r\n", b"END:VCALENDAR\n"),
        (b"SUMMARY:A", b"SUMMARY:" + b"A" * 80),
        (b"TZID:Europe/Brussels", b"TZID:Europe/Paris"),
        (b"SEQUENCE:0\r\n", b""),
        (b"SUMMARY:A", b"SUMMARY:A\x0b"),
    ):
        assert old in right
        with pytest.raises((AssertionError, KeyError, ValueError)):
            assert_is_valid(right.replace(old, new))

"""Findings: what somebody should look at."""

from datetime import date, datetime
from typing import Any

import pytest

from event_assets_tests.models.bench import build
from event_assets_tests.models.rows import GONE, SOUND, found, only, person
from event_assets_tests.models.rows import sound_session as session

pytestmark = pytest.mark.usefixtures("engine")


def test_a_sound_event_has_no_findings():
    assert found({"lectures": [session()], "workshops": [session()], "participants": [person("p")]}) == []


ODD_SESSIONS: list[tuple[dict[str, Any], str | None, str | None]] = [
    ({"hall_id": None}, "session_without_hall", None),
    ({"hall_id": " "}, "session_without_hall", None),
    ({"hall_id": "\r\n"}, "session_without_hall", None),
    ({"speakers": []}, "session_without_speaker", None),
    ({"speakers": [" ", "\n"]}, "session_without_speaker", None),
    ({"tracks": []}, "session_without_track", None),
    ({"tracks": [""]}, "session_without_track", None),
    ({"event_day_id": " "}, None, None),
    ({"hall_id": "TR212"}, "unknown_hall", "TR212"),
    ({"event_day_id": "d9"}, "unknown_day", "d9"),
    ({"speakers": ["s", "ghost", "ghost"]}, "unknown_speaker", "ghost"),
    ({"tracks": ["t", "t9"]}, "unknown_track", "t9"),
    ({"end": "2026-05-12T09:00:00"}, "end_not_after_start", "0 minutes"),
    ({"end": "2026-05-12T08:30:00"}, "end_not_after_start", "-30 minutes"),
    ({"end": "2026-05-12T15:01:00"}, "overlong_session", "361 minutes"),
    ({"end": None}, "no_readable_end", None),
    ({"end": "late"}, "no_readable_end", None),
    ({"start": ""}, "no_readable_start", None),
    # Half past one on the day itself, on the clock of the event's zone.
    ({"start": "2026-05-11T23:30:00Z", "end": "2026-05-12T00:30:00Z"}, None, None),
    (
        {"start": "2026-05-12T22:30:00Z", "end": "2026-05-12T23:00:00Z"},
        "starts_on_another_day",
        "starts on 2026-05-13, its day is 2026-05-12",
    ),
    ({"name": " "}, "blank_name", None),
    ({"name": "\t\n"}, "blank_name", None),
    ({"name": None}, "blank_name", None),
]
"""What is changed of a sound session, the rule that finds it, and its detail; None where none does."""


@pytest.mark.parametrize("resource", ["lectures", "workshops"])
def test_each_rule_finds_its_session_and_no_other(resource: str):
    # As many sound ones, or a rule that most sessions break is one finding about the event.
    sound = [session(f"sound-{number}") for number, _ in enumerate(ODD_SESSIONS)]
    odd = [session(f"GUID-{number}", **changed) for number, (changed, *_) in enumerate(ODD_SESSIONS)]
    rows = found({resource: [*sound, *odd]}, "Europe/Vienna")
    assert {key: (rule, detail) for rule, of, key, detail in rows if of == resource} == {
        f"GUID-{number}": (rule, detail) for number, (_, rule, detail) in enumerate(ODD_SESSIONS) if rule
    }
    assert len(rows) == sum(bool(rule) for _, rule, _ in ODD_SESSIONS)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, []),
        (
            {"name": " ", "start": "whenever", "event_day_id": "d9"},
            [("blank_name", None), ("no_readable_start", None), ("unknown_day", "d9")],
        ),
        ({"end": None, "event_day_id": " "}, [("no_readable_end", None)]),
        ({"end": "2026-05-12T08:30:00"}, [("end_not_after_start", "-30 minutes")]),
        ({"start": "2026-05-11T09:00:00"}, [("starts_on_another_day", "starts on 2026-05-11, its day is 2026-05-12")]),
    ],
)
def test_the_rules_of_sessions_apply_to_breaks(changed: dict, expected: list[tuple[str, str | None]]):
    pause = {"id": "p", "name": "Coffee", "start": "2026-05-12T09:00:00", "end": "2026-05-12T09:30:00"}
    rows = found({"pauses": [{**pause, "event_day_id": "d", **changed}]})
    assert rows == [(rule, "pauses", "p", detail) for rule, detail in expected]


@pytest.mark.parametrize("resource", ["lectures", "workshops"])
def test_an_impossible_number_of_seats_is_found(resource: str):
    seats: list[tuple[int, int | None, list[str]]] = [
        (2**63 - 1, -1, ["capacity and available"]),
        (-(2**63), 2**63 - 1, ["capacity", "capacity and available"]),
        (-1, None, ["capacity"]),
        (2**63 - 1, 2**63 - 2, []),
        (20, -3, []),
        (20, 25, []),
    ]
    odd = [session(f"{n}", capacity=capacity, available=free) for n, (capacity, free, _) in enumerate(seats, 2)]
    assert found({resource: [session(), *odd]}) == [
        ("impossible_number", resource, f"{n}", detail)
        for n, (*_, details) in enumerate(seats, 2)
        for detail in details
    ]


def test_a_time_of_a_participant_that_cannot_be_read_is_found():
    odd, people = ["infinity", "2026-05-12T09:00:00+99:00", "soon", "2026-02-30 09:00:00", "12/05/2026"], []
    for n, sent in enumerate(odd):
        people += [person(f"registered-{n}", registered_at=sent), person(f"checked-{n}", checked_at=sent)]
        people += [person(f"gone-{n}", registered_at=sent, **GONE), person(f"sound-{n}"), person(f"good-{n}")]
    assert found({"participants": people}) == [
        ("unreadable_time", "participants", f"{field}-{n}", f"{field}_at")
        for field in ("checked", "registered")
        for n in range(len(odd))
    ]


def test_no_time_and_a_time_are_no_unreadable_time():
    none = (None, "", " \r\n", "0", "1", "true", "False", "0000-00-00 00:00:00", "-0001-11-30T00:00:00.000000Z")
    times = ("2026-05-31T09:00:00Z", "2026-05-12", "2026-05-12 09:00 +02", "2026-05-12T24:00:00")
    people = [person(f"{n}", registered_at=sent, checked_at=sent) for n, sent in enumerate((*none, *times))]
    assert found({"participants": people}) == []


def test_a_day_without_a_date_is_found():
    odd = [{"id": f"odd-{n}", "date": sent} for n, sent in enumerate((None, "", "soon", "infinity"))]
    assert found({"days": [*SOUND["days"], *odd]}) == [
        ("no_readable_date", "days", f"odd-{n}", None) for n in range(len(odd))
    ]


def test_six_hours_are_not_too_long_also_through_a_clock_change():
    days = {"days": [{"id": "d", "date": "2026-10-24"}]}
    six = session(start="2026-10-24T22:00:00", end="2026-10-25T03:00:00")
    seven = session("2", start="2026-10-24T22:00:00", end="2026-10-25T04:00:00")
    expected = [("overlong_session", "lectures", "2", "420 minutes")]
    assert found({**days, "lectures": [six, seven]}, "Europe/Vienna") == expected


def test_where_no_days_are_sent_no_day_is_unknown():
    assert found({"days": [], "lectures": [session()]}) == []


def test_what_was_removed_is_neither_found_nor_known():
    raw = {
        "halls": [{"id": "h", "name": "Hall", **GONE}],
        "lectures": [session(), session("2", name="", **GONE)],
        "participants": [person("p", email="deleted", **GONE)],
    }
    assert found(raw) == [("unknown_hall", "lectures", "1", "h")]


@pytest.mark.parametrize("resource", ["halls", "speakers", "tracks", "partners"])
def test_a_blank_name_is_found(resource: str):
    field, blank = "company" if resource == "partners" else "name", (None, "", "  ", "\r\n", "\t", "\u3000\n\xa0")
    rows = [*SOUND.get(resource, []), *({"id": f"odd-{n}", field: name} for n, name in enumerate(blank))]
    assert found({resource: rows}) == [("blank_name", resource, f"odd-{n}", None) for n in range(len(blank))]


def test_people_without_an_address_are_found_by_their_identifier():
    people = [person("1", email="anonymous"), person("1", email="deleted-2", email_key="x"), person("2")]
    assert found({"participants": people}) == [("participant_without_address", "participants", "1", None)]


def test_records_that_were_not_loaded_are_counted_and_not_shown():
    payload = '{"email": "hidden.person@example.org"}'
    rejected = [
        {"resource": "participants", "reason": "no usable email", "payload": payload},
        {"resource": "participants", "reason": "no usable email", "payload": payload},
        {"resource": "halls", "reason": "no usable id", "payload": "{}"},
    ]
    assert found({"rejected": rejected}) == [
        ("record_not_loaded", "halls", None, "no usable id: 1"),
        ("record_not_loaded", "participants", None, "no usable email: 2"),
    ]


def test_one_record_can_have_several_findings():
    odd = session(hall_id=None, speakers=["x", "y"], tracks=[], start=None, end=None)
    assert [(rule, detail) for rule, _, _, detail in found({"lectures": [odd]})] == [
        ("no_readable_end", None),
        ("no_readable_start", None),
        ("session_without_hall", None),
        ("session_without_track", None),
        ("unknown_speaker", "x"),
        ("unknown_speaker", "y"),
    ]


def test_a_finding_says_how_bad_it_is_where_it_is_and_what_to_do():
    odd = session("7", name="Talk", tracks=["t9"], start="2026-05-12T09:00:00Z", end="2026-05-12T10:00:00Z")
    row = only(build({**SOUND, "lectures": [session(), odd]}, "summary.data_quality", "Europe/Vienna"))
    assert row == {
        "severity": "error",
        "rule": "unknown_track",
        "resource": "lectures",
        "id": "7",
        "records": 1,
        "title": "Talk",
        "day": date(2026, 5, 12),
        "starts_local": datetime(2026, 5, 12, 11, 0),
        "hall": "Hall",
        "detail": "t9",
        "what_to_do": "Choose a track of the list, or add the track to it.",
    }


def test_errors_come_before_warnings_and_notes():
    odd = session("7", tracks=[], hall_id=None, end="2026-05-12T08:00:00")
    rows = build({**SOUND, "lectures": [session(), odd]}, "summary.data_quality")
    assert [(row["severity"], row["rule"]) for row in rows] == [
        ("error", "end_not_after_start"),
        ("warning", "session_without_hall"),
        ("note", "session_without_track"),
    ]


@pytest.mark.parametrize(
    ("odd", "sound", "is_one"),
    [(10, 9, True), (10, 10, False), (9, 0, False), (10, 0, True), (11, 12, False)],
)
def test_what_is_so_for_most_of_ten_or_more_is_one_finding_about_the_event(odd: int, sound: int, is_one: bool):
    # Two unknown speakers of one session are one record.
    lectures = [session(str(number), tracks=[], speakers=["x", "y"]) for number in range(odd)]
    lectures += [session(str(number)) for number in range(odd, odd + sound)]
    other = session("1", tracks=[])
    rows = build({**SOUND, "lectures": lectures, "workshops": [other]}, "summary.data_quality")
    found = [
        (row["rule"], row["records"], row["detail"])
        for row in rows
        if row["resource"] == "lectures" and row["id"] is None
    ]
    of_all = f"most of the event: {odd} of {odd + sound}"
    assert found == ([("unknown_speaker", odd, of_all), ("session_without_track", odd, of_all)] if is_one else [])
    assert len(rows) == 1 + (2 if is_one else 3 * odd)
    assert [row["id"] for row in rows if row["resource"] == "workshops"] == ["1"]


def test_accounts_that_share_an_identifier_or_have_none_are_counted():
    people = [person(str(number), email="deleted", email_key=f"{number}") for number in range(5)]
    for account in people[:2]:
        account["id"] = None
    for account in people[2:4]:
        account["id"] = "shared"
    rows = build({"participants": [*people, person("7"), person("8")]}, "summary.data_quality")
    assert {row["id"]: row["records"] for row in rows} == {None: 2, "shared": 2, "4": 1}
    assert len(rows) == 3

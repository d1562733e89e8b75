"""When halls are free."""

from datetime import date, datetime
from typing import Any

import pytest

from event_assets_tests.models.bench import build
from event_assets_tests.models.rows import DAY, UTC, only, placed

pytestmark = pytest.mark.usefixtures("engine")


def gaps(*lectures: dict[str, Any], zone: str = "UTC", **raw: Any) -> list[tuple[str, str, int]]:
    """The keys before and after each gap, "" for none, and its minutes."""
    rows = build({"lectures": lectures, **raw}, "summary.hall_gaps", zone)
    return [
        ((row["session_before"] or "")[8:], (row["session_after"] or "")[8:], row["minutes"])
        for row in sorted(rows, key=lambda row: (row["hall_id"], row["day"], row["starts_at"]))
    ]


def test_a_gap_says_what_lies_around_it():
    raw = {
        "halls": [{"id": "h", "name": "Hall"}],
        "lectures": [placed("1", "09:00", "10:00")],
        "workshops": [placed("1", "10:30", "11:00")],
    }
    row = only(build(raw, "summary.hall_gaps", "Europe/Vienna"))
    assert [row.pop(name).astimezone(UTC) for name in ("starts_at", "ends_at")] == [
        datetime(2026, 5, 12, 8, 0, tzinfo=UTC),
        datetime(2026, 5, 12, 8, 30, tzinfo=UTC),
    ]
    assert row == {
        "hall_id": "h",
        "day": DAY,
        "starts_local": datetime(2026, 5, 12, 10, 0),
        "ends_local": datetime(2026, 5, 12, 10, 30),
        "slot": "between",
        "minutes": 30,
        "longest_free_minutes": 30,
        "hall": "Hall",
        "session_before": "lecture:1",
        "session_after": "workshop:1",
        "title_before": "Session 1",
        "title_after": "Session 1",
    }


@pytest.mark.parametrize(
    ("sessions", "expected"),
    [
        pytest.param([("a", "09:00", "10:00")], [], id="one session"),
        pytest.param([("a", "09:00", "10:00"), ("b", "10:00", "11:00")], [("a", "b", 0)], id="touching"),
        pytest.param([("a", "09:00", "10:00"), ("b", "09:30", "11:00")], [], id="overlapping"),
        pytest.param(
            [("a", "09:00", "10:00"), ("b", "10:15", "11:00"), ("c", "12:00", "13:00")],
            [("a", "b", 15), ("b", "c", 60)],
            id="two gaps",
        ),
        pytest.param(
            [("a", "09:00", "12:00"), ("b", "09:30", "10:00"), ("c", "12:30", "13:00")],
            [("a", "c", 30)],
            id="no gap within a session",
        ),
        pytest.param(
            [("a", "09:00", "10:00"), ("b", "09:30", "10:00"), ("d", "11:00", "12:00"), ("c", "11:00", "11:30")],
            [("b", "c", 60)],
            id="several around it",
        ),
        pytest.param(
            [("a", "09:00", "10:00"), ("z", "10:30", "10:30"), ("b", "11:00", "12:00")],
            [("a", "b", 60)],
            id="zero length fills nothing",
        ),
        pytest.param(
            [("a", "09:00", "10:00"), ("y", "10:40", "10:20"), ("z", "10:30", None), ("b", "11:00", "12:00")],
            [("a", "b", 60)],
            id="nor do an end before the beginning and no end",
        ),
        pytest.param(
            [("a", "09:00", "10:00"), ("b", "2026-05-13T09:00", "2026-05-13T10:00")], [], id="the night is none"
        ),
        pytest.param(
            [
                ("a", "23:00", "2026-05-13T01:00"),
                ("b", "2026-05-13T00:30", "2026-05-13T02:00"),
                ("c", "2026-05-13T03:00", "2026-05-13T04:00"),
            ],
            [("b", "c", 60)],
            id="across midnight",
        ),
        pytest.param(
            [("a", "2026-03-29T01:00", "2026-03-29T01:30"), ("b", "2026-03-29T03:30", "2026-03-29T04:00")],
            [("a", "b", 60)],
            id="into summer time",
        ),
        pytest.param(
            [("a", "2026-10-25T01:00", "2026-10-25T01:30"), ("b", "2026-10-25T03:30", "2026-10-25T04:00")],
            [("a", "b", 180)],
            id="out of summer time",
        ),
    ],
)
def test_hall_gaps(sessions: list[tuple[str, str, str | None]], expected: list[tuple[str, str, int]]):
    assert gaps(*(placed(*each) for each in sessions), zone="Europe/Vienna") == expected


def test_a_gap_after_midnight_belongs_to_the_day_of_the_event():
    raw = {
        "days": [{"id": "d1", "date": str(DAY)}],
        "lectures": [
            placed("a", "22:00", "23:30", event_day_id="d1"),
            placed("b", "2026-05-13T00:30", "2026-05-13T01:00", event_day_id="d1"),
        ],
    }
    row = only(build(raw, "summary.hall_gaps"))
    assert (row["day"], row["minutes"], row["hall"]) == (DAY, 60, None)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(("09:00", "20:00"), ("2026-05-13T10:00", "2026-05-13T11:00"), [], id="a night"),
        pytest.param(("2026-05-11T09:00", "2026-05-11T20:00"), ("10:00", "11:00"), [], id="a night before"),
        pytest.param(("2026-05-13T00:30", "2026-05-13T01:00"), ("2026-05-13T10:00", "2026-05-13T11:00"), [], id="late"),
        pytest.param(("20:00", "22:00"), ("2026-05-13T04:00", "2026-05-13T05:00"), [("a", "b", 360)], id="six hours"),
        pytest.param(("08:00", "09:00"), ("17:00", "18:00"), [("a", "b", 480)], id="eight hours of the day itself"),
    ],
)
def test_a_day_ends_at_night_whatever_day_a_session_names(before: tuple, after: tuple, expected: list):
    days = [{"id": "d1", "date": str(DAY)}]
    lectures = [placed("a", *before, event_day_id="d1"), placed("b", *after, event_day_id="d1")]
    assert gaps(*lectures, days=days) == expected


def test_what_another_day_s_session_fills_is_no_gap():
    raw = {
        "days": [{"id": "d1", "date": "2026-05-11"}],
        "lectures": [
            placed("a", "09:00", "09:30"),
            placed("b", "08:00", "11:00", event_day_id="d1"),
            placed("c", "10:00", "10:30"),
        ],
    }
    assert build(raw, "summary.hall_gaps") == []


def test_a_slot_is_not_lost_where_a_session_of_another_day_starts_at_its_end():
    lectures = [
        placed("x", "09:00", "10:00", event_day_id="d1"),
        placed("a", "11:00", "12:00"),
        placed("b", "11:00", "12:00", event_day_id="d1"),
    ]
    days = [{"id": "d1", "date": "2026-05-11"}, {"id": "d2", "date": str(DAY)}]
    assert ("x", "a", 60) in gaps(*lectures, days=days)


def test_a_hall_is_free_before_its_first_session_after_its_last_and_all_day():
    lectures = [
        placed("1", "09:00", "17:00"),
        placed("2", "10:00", "11:00", hall_id="i"),
        placed("3", "11:00", "12:00", hall_id="i"),
        placed("4", "2026-05-13T10:00", "2026-05-13T11:00"),
    ]
    rows = build({"halls": [{"id": "empty", "name": "Empty"}], "lectures": lectures}, "summary.hall_gaps")
    found = {(row["hall_id"], row["starts_local"], row["ends_local"], row["slot"], row["minutes"]) for row in rows}
    assert len(rows) == len(found)
    first, second = DAY, date(2026, 5, 13)

    def gap(hall: str, day: date, starts: int, ends: int, slot: str) -> tuple:
        local = [datetime(day.year, day.month, day.day, hour) for hour in (starts, ends)]
        return hall, *local, slot, 60 * (ends - starts)

    assert found == {
        gap("i", first, 9, 10, "before_first"),
        gap("i", first, 11, 11, "changeover"),
        gap("i", first, 12, 17, "after_last"),
        gap("empty", first, 9, 17, "all_day"),
        gap("i", second, 10, 11, "all_day"),
        gap("empty", second, 10, 11, "all_day"),
    }
    for row in rows:
        assert (row["session_before"] is None) is (row["slot"] in ("before_first", "all_day"))
        assert (row["session_after"] is None) is (row["slot"] in ("after_last", "all_day"))


def test_a_session_that_goes_on_in_a_hall_is_no_changeover():
    assert gaps(placed("a", "09:00", "10:00"), placed("b", "10:00", "11:00"), placed("c", "09:30", "10:30")) == []


@pytest.mark.parametrize(
    ("breaks", "longest"),
    [
        pytest.param([], 120, id="none"),
        pytest.param([("10:00", "12:00")], 0, id="all of it"),
        pytest.param([("09:00", "13:00")], 0, id="more than it"),
        pytest.param([("10:30", "11:00")], 60, id="within"),
        pytest.param([("10:00", "11:00"), ("10:30", "11:30")], 30, id="two that overlap"),
        pytest.param([("10:00", "11:45"), ("10:30", "11:00")], 15, id="one within another"),
        pytest.param([("10:20", "10:40"), ("11:00", "11:45")], 20, id="the longest of three"),
        pytest.param([("08:00", "10:00"), ("12:00", "13:00")], 120, id="beside it"),
        pytest.param([("11:00", "10:30"), ("11:00", "11:00"), ("soon", "11:00")], 120, id="of no length"),
    ],
)
def test_no_talk_fits_into_a_break(breaks: list[tuple[str, str]], longest: int):
    lectures = [placed("a", "09:00", "10:00"), placed("b", "12:00", "13:00")]
    pauses = [{**placed(str(number), *each), "hall_id": None} for number, each in enumerate(breaks)]
    pauses = [{name: pause[name] for name in ("id", "name", "start", "end")} for pause in pauses]
    row = only(build({"lectures": lectures, "pauses": pauses}, "summary.hall_gaps"))
    assert (row["minutes"], row["longest_free_minutes"]) == (120, longest)

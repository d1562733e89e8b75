"""Sessions that overlap in a hall."""

from datetime import date, datetime
from typing import Any

import pytest

from event_assets_tests.models.bench import build
from event_assets_tests.models.rows import UTC, only, placed

pytestmark = pytest.mark.usefixtures("engine")


def conflicts(*lectures: dict[str, Any], zone: str = "UTC") -> list[tuple[str, str, float]]:
    rows = build({"lectures": lectures}, "summary.hall_conflicts", zone)
    return [(row["session_key"][8:], row["other_session_key"][8:], row["overlap_minutes"]) for row in rows]


def test_a_hall_conflict_names_both_sessions():
    raw = {
        "days": [{"id": "d1", "date": "2026-05-11"}],
        "halls": [{"id": "h", "name": "Hall"}],
        "lectures": [placed("TR212", "09:00+02:00", "10:00+02:00", event_day_id="d1")],
        "workshops": [placed("1", "09:30", "11:00")],
    }
    assert only(build(raw, "summary.hall_conflicts", "Europe/Vienna")) == {
        "session_key": "lecture:TR212",
        "other_session_key": "workshop:1",
        "hall_id": "h",
        "hall": "Hall",
        "day": date(2026, 5, 11),
        "overlap_starts_local": datetime(2026, 5, 12, 9, 30),
        "overlap_minutes": 30,
        "title": "Session TR212",
        "other_title": "Session 1",
    }


@pytest.mark.parametrize(
    ("sessions", "expected"),
    [
        pytest.param([("b", "09:00", "10:00"), ("a", "10:00", "11:00")], [], id="touching"),
        pytest.param([("b", "09:00", "10:00"), ("a", "09:59", "11:00")], [("b", "a", 1)], id="the earlier one first"),
        pytest.param([("b", "09:00", "10:00"), ("a", "09:00", "11:00")], [("a", "b", 60)], id="together: by key"),
        pytest.param([("b", "09:00", "12:00"), ("a", "10:00", "10:20")], [("b", "a", 20)], id="one within another"),
        pytest.param(
            [("a", "09:00", "12:00"), ("b", "10:00", "11:00"), ("c", "10:30", "12:30")],
            [("a", "b", 60), ("a", "c", 90), ("b", "c", 30)],
            id="three are three pairs",
        ),
        pytest.param([("a", "09:00", "10:00"), ("b", "09:30", "09:30")], [], id="zero length"),
        pytest.param([("a", "09:30", "09:30"), ("b", "09:30", "09:30")], [], id="zero length twice"),
        pytest.param([("a", "09:00", "10:00"), ("b", "09:30", "09:15")], [], id="end before start"),
        pytest.param([("a", "09:00", "10:00"), ("b", "09:30", None)], [], id="no end"),
        pytest.param([("a", "09:00", "10:00"), ("b", "soon", "10:00")], [], id="no beginning"),
        pytest.param(
            [("a", "23:00", "2026-05-13T01:00"), ("b", "2026-05-13T00:30", "2026-05-13T02:00")],
            [("a", "b", 30)],
            id="across midnight",
        ),
        # 02:30 summer time is half an hour before 02:00 winter time.
        pytest.param(
            [("a", "2026-10-25T01:00", "2026-10-25T02:30+02:00"), ("b", "2026-10-25T02:00+01:00", "2026-10-25T04:00")],
            [],
            id="out of summer time",
        ),
        pytest.param(
            [("a", "2026-03-29T01:30", "2026-03-29T03:30"), ("b", "2026-03-29T03:00", "2026-03-29T04:00")],
            [("a", "b", 30)],
            id="into summer time",
        ),
    ],
)
def test_hall_conflicts(sessions: list[tuple[str, str, str | None]], expected: list[tuple[str, str, float]]):
    assert conflicts(*(placed(*each) for each in sessions), zone="Europe/Vienna") == expected


def test_sessions_in_different_halls_or_none_do_not_conflict():
    spans = ("09:00", "10:00")
    assert conflicts(placed("a", *spans), placed("b", *spans, hall_id="i")) == []
    assert conflicts(placed("a", *spans, hall_id=None), placed("b", *spans, hall_id=None)) == []
    removed = placed("b", *spans, removed_at=datetime(2026, 5, 1, tzinfo=UTC))
    assert conflicts(placed("a", *spans), removed) == []


@pytest.mark.parametrize("blank", ["", " "])
def test_a_blank_is_no_hall(blank: str):
    lectures = [placed("a", "09:00", "10:00", hall_id=blank), placed("b", "09:30", "11:00", hall_id=blank)]
    gap = placed("c", "12:00", "13:00", hall_id=blank)
    raw = {
        "halls": [{"id": " h", "name": "Hall"}],
        "lectures": [*lectures, gap, placed("d", "12:00", "12:30", hall_id=" h")],
    }
    assert build(raw, "summary.hall_conflicts") == []
    assert build(raw, "summary.hall_gaps") == []
    assert [(row["hall"], row["sessions"]) for row in build(raw, "summary.hall_utilisation")] == [("Hall", 1)]


def test_less_than_a_second_neither_overlaps_nor_is_a_gap_nor_a_length():
    """Spreadsheets write ten o'clock as 10:00:00.000003; a session of no minutes would fail a data test."""
    a, b, c = ("09:00", "10:00:00.500"), ("10:00:00.200", "11:00:00.100"), ("11:00:00.900", "11:00:00.999")
    lectures = [placed(key, *times, speakers=["s"]) for key, times in zip("abc", (a, b, c), strict=True)]
    assert conflicts(*lectures) == []
    assert {(row["slot"], row["minutes"]) for row in build({"lectures": lectures}, "summary.hall_gaps")} == {
        ("changeover", 0)
    }
    assert build({"lectures": lectures}, "summary.speaker_conflicts") == []
    row = only(build({"lectures": lectures[2:]}, "summary.hall_utilisation"))
    assert (row["busy_minutes"], row["span_minutes"], row["busy_share_of_span"]) == (0, None, None)

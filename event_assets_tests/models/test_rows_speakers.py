"""Double bookings of speakers, and which speakers are teams."""

from datetime import datetime
from typing import Any

import pytest

from event_assets_tests.models.bench import build
from event_assets_tests.models.rows import DAY, only, placed

pytestmark = pytest.mark.usefixtures("engine")


def double_bookings(*lectures: dict[str, Any], name: str | None = "Ada") -> list[tuple[str, str, bool]]:
    raw = {"lectures": lectures, "speakers": [{"id": "s", "name": name}]}
    return [
        (row["session_key"][8:], row["other_session_key"][8:], row["likely_team"])
        for row in build(raw, "summary.speaker_conflicts")
    ]


def test_a_double_booking_names_speaker_sessions_and_halls():
    raw = {
        "halls": [{"id": "h", "name": "Hall"}, {"id": "i", "name": "Room"}],
        "speakers": [{"id": "s", "name": "Ada"}, {"id": "t", "name": "Bo"}],
        "lectures": [placed("1", "09:00", "10:00", speakers=["t", "s", "s"])],
        "workshops": [placed("1", "09:45", "11:00", speakers=["s"], hall_id="i", name="Hands on")],
    }
    assert only(build(raw, "summary.speaker_conflicts", "Europe/Vienna")) == {
        "speaker_id": "s",
        "session_key": "lecture:1",
        "other_session_key": "workshop:1",
        "speaker": "Ada",
        "day": DAY,
        "overlap_starts_local": datetime(2026, 5, 12, 9, 45),
        "overlap_minutes": 15,
        "title": "Session 1",
        "other_title": "Hands on",
        "hall": "Hall",
        "other_hall": "Room",
        "likely_team": False,
    }


@pytest.mark.parametrize(
    ("sessions", "expected"),
    [
        pytest.param([("a", "09:00", "10:00"), ("b", "10:00", "11:00")], [], id="touching"),
        pytest.param([("a", "09:00", "10:00"), ("b", "09:30", "09:30")], [], id="zero length"),
        pytest.param([("a", "09:00", "10:00"), ("b", "09:30", "09:00")], [], id="end before start"),
        pytest.param([("b", "09:00", "10:00"), ("a", "09:00", "10:00")], [("a", "b", False)], id="two together"),
        pytest.param(
            [("a", "09:00", "11:00"), ("b", "09:30", "10:00"), ("c", "10:00", "10:30")],
            [("a", "b", False), ("a", "c", False)],
            id="three, never more than two at once",
        ),
        pytest.param(
            [("a", "09:00", "10:00"), ("b", "09:30", "10:30"), ("c", "09:59", "11:00")],
            [("a", "b", True), ("a", "c", True), ("b", "c", True)],
            id="three at once for a minute",
        ),
        pytest.param(
            [
                *[(key, "09:00", "10:00") for key in "abc"],
                ("d", "12:00", "13:00"),
                ("e", "12:30", "13:30"),
            ],
            [("a", "b", True), ("a", "c", True), ("b", "c", True), ("d", "e", True)],
            id="a team is one all day",
        ),
        pytest.param(
            [("a", "23:00", "2026-05-13T01:00"), ("b", "2026-05-13T00:30", "2026-05-13T02:00")],
            [("a", "b", False)],
            id="across midnight",
        ),
    ],
)
def test_speaker_conflicts(sessions: list[tuple[str, str, str]], expected: list[tuple[str, str, bool]]):
    assert double_bookings(*(placed(*each, speakers=["s"]) for each in sessions)) == expected


@pytest.mark.parametrize(
    ("name", "team"),
    [
        ("The Infra TEAM", True),
        ("staff", True),
        ("Programme Committee (2026)", True),
        ("Organisers", True),
        ("FOO organizers", True),
        ("camera-crew", True),
        ("Working Group B", True),
        ("Ada Teamer", False),
        ("Stafford Grouper", False),
        ("", False),
        (None, False),
    ],
)
def test_a_team_is_recognised_by_its_name(name: str | None, team: bool):
    both = [placed(key, "09:00", "10:00", speakers=["s"], hall_id=None) for key in "ab"]
    assert double_bookings(*both, name=name) == [("a", "b", team)]


def test_a_speaker_whom_only_sessions_know_can_be_double_booked():
    raw = {"lectures": [placed(key, "09:00", "10:00", speakers=["ghost"]) for key in "ab"]}
    row = only(build(raw, "summary.speaker_conflicts"))
    assert (row["speaker_id"], row["speaker"], row["likely_team"]) == ("ghost", None, False)

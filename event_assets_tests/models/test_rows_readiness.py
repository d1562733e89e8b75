"""Speakers between sessions, what speakers and sessions lack, seats, breaks, languages and sponsors."""

from datetime import datetime
from typing import Any

import pytest

from event_assets_tests.models.bench import build
from event_assets_tests.models.rows import DAY, GONE, only, placed

pytestmark = pytest.mark.usefixtures("engine")

MOST, LEAST = 2**63 - 1, -(2**63)
HALLS = [{"id": "h", "name": "Hall"}, {"id": "i", "name": "Room"}]


def held(*sessions: dict[str, Any]) -> dict[str, Any]:
    """Sessions that Ada holds all."""
    return {
        "halls": HALLS,
        "speakers": [{"id": "s", "name": "Ada"}],
        "lectures": [{"speakers": ["s"], **session} for session in sessions],
    }


# --- speaker_transfers


@pytest.mark.parametrize(
    ("start", "hall", "minutes", "changes", "tight"),
    [
        pytest.param("10:04", "i", 4, True, True, id="four minutes to another hall"),
        pytest.param("10:15", "i", 15, True, False, id="time enough"),
        pytest.param("10:00", "h", 0, False, False, id="the same hall"),
        pytest.param("10:00", None, 0, None, False, id="no hall"),
        pytest.param("10:00", "gone", 0, True, True, id="a hall that nobody knows"),
    ],
)
def test_a_transfer_is_tight_if_the_halls_differ(
    start: str, hall: str | None, minutes: int, changes: bool | None, tight: bool
):
    raw = held(placed("1", "09:00", "10:00"), placed("2", start, "11:00", hall_id=hall))
    row = only(build(raw, "summary.speaker_transfers"))
    assert (row["session_key"], row["next_session_key"], row["day"]) == ("lecture:1", "lecture:2", DAY)
    assert (row["minutes_between"], row["changes_hall"], row["is_tight"]) == (minutes, changes, tight)
    assert (row["hall"], row["next_hall"]) == ("Hall", {"h": "Hall", "i": "Room"}.get(hall or ""))
    assert (row["speaker"], row["title"], row["next_title"]) == ("Ada", "Session 1", "Session 2")
    assert row["ends_local"] == datetime(2026, 5, 12, 10)


def test_overlaps_nights_and_sessions_without_a_length_are_no_transfers():
    raw = held(
        placed("1", "09:00", "12:00"),
        placed("2", "10:00", "11:00"),  # within the first one
        placed("3", "12:00", "12:00"),
        placed("4", "13:00", "14:00"),
        placed("5", "2026-05-13T09:00", "2026-05-13T10:00"),
        placed("6", "15:00", None),
        placed("7", "16:00", "17:00", **GONE),
    )
    rows = build(raw, "summary.speaker_transfers")
    assert [(row["session_key"], row["next_session_key"]) for row in rows] == [("lecture:1", "lecture:4")]


# --- speaker_readiness and session_readiness

PROFILE = {
    "name": "Ada", "company": "Engines", "position": "Countess", "country": "GB", "language": "en", "bio": "Wrote.",
    "photo": "https://example.org/a.jpg",
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "missing"),
    [
        pytest.param({}, None, id="complete"),
        pytest.param({"bio": " ", "bio_html": "<p>Wrote.</p>"}, None, id="a biography as HTML"),
        pytest.param({"bio": None, "bio_html": "<p>&nbsp;</p>"}, "biography", id="empty HTML"),
        pytest.param({"photo": "\r\n", "company": ""}, "company, photo", id="blanks"),
        pytest.param(
            dict.fromkeys(PROFILE), "name, company, position, country, language, biography, photo", id="nothing"
        ),
    ],
)
def test_a_speaker_is_as_ready_as_the_profile(changed: dict, missing: str | None):
    raw = {"speakers": [{"id": "s", **PROFILE, **changed}], "lectures": [placed("1", "09:00", "10:00", speakers=["s"])]}
    row = only(build(raw, "summary.speaker_readiness"))
    assert (row["missing"], row["sessions"]) == (missing, 1)
    assert row["first_start_local"] == datetime(2026, 5, 12, 9)
    number = len(missing.split(", ")) if missing else 0
    assert row["profile_completeness"] == pytest.approx(1 - number / 7)


def test_a_session_lacks_what_the_api_does_not_list():
    there = {"description": "<p>About.</p>", "speakers": ["s"], "tracks": ["t"]}
    raw = {
        "halls": [*HALLS, {"id": "blank", "name": " "}],
        "speakers": [{"id": "s", **PROFILE}, {"id": "n", "name": "Nobody"}],
        "tracks": [{"id": "t", "name": "Track"}, {"id": "u", "name": ""}],
        "lectures": [
            placed("1", "09:00", "10:00", **there),
            placed("2", "09:00", None, **{**there, "description": "<p> </p>", "name": " ", "speakers": ["s", "n"]}),
            placed("3", "09:00", "10:00", **{**there, "hall_id": "gone", "speakers": ["gone"], "tracks": ["u"]}),
        ],
        "workshops": [{"id": "4", "hall_id": "blank"}, placed("5", "09:00", "10:00", **GONE)],
    }
    rows = build(raw, "summary.session_readiness")
    assert {row["session_key"]: (row["missing"], row["incomplete_speakers"]) for row in rows} == {
        "lecture:1": (None, 0),
        "lecture:2": ("title, description, end", 1),
        "lecture:3": ("hall, track, speaker", 0),
        "workshop:4": ("title, description, start, end, hall, track, speaker", 0),
    }
    assert [row["completeness"] for row in rows] == pytest.approx([0, 4 / 7, 4 / 7, 1])


# --- session_demand


@pytest.mark.parametrize(
    ("capacity", "available", "facts"),
    [
        pytest.param(20, 5, (15, 5, 0, 0.75), id="room"),
        pytest.param(20, -2, (22, 0, 2, 1.1), id="overbooked"),
        pytest.param(20, 25, (0, 25, 0, 0), id="more free than offered"),
        pytest.param(20, None, (None, None, None, None), id="seats free unknown"),
        pytest.param(0, -3, (3, 0, 3, None), id="no seats, and booked"),
        pytest.param(MOST, LEAST, (None, 0, None, 2), id="more than a number can say"),
    ],
)
def test_seats_of_a_session(capacity: int, available: int | None, facts: tuple):
    raw = {"halls": HALLS, "lectures": [placed("1", "09:00", "10:00", capacity=capacity, available=available)]}
    row = only(build(raw, "summary.session_demand"))
    found = [row[name] for name in ("booked_seats", "free_seats", "overbooked_seats", "demand_share")]
    assert found == [pytest.approx(fact) if isinstance(fact, float) else fact for fact in facts]
    assert (row["kind"], row["hall"], row["capacity"]) == ("lecture", "Hall", capacity)


def test_the_most_wanted_session_comes_first_and_none_without_a_capacity():
    seats = {"1": (20, 10), "2": (20, -1), "3": (None, 5), "4": (10, None)}
    sessions = [
        placed(key, "09:00", "10:00", capacity=offered, available=free) for key, (offered, free) in seats.items()
    ]
    rows = build({"workshops": sessions[:2], "lectures": sessions[2:]}, "summary.session_demand")
    assert [row["session_key"] for row in rows] == ["workshop:2", "workshop:1", "lecture:4"]


# --- break_pressure


def test_sessions_around_a_break():
    raw = {
        "pauses": [
            {"id": "p", "name": "Coffee", "start": "2026-05-12T10:00", "end": "2026-05-12T10:30"},
            {"id": "q", "name": "Some time"},
            {"id": "gone", "name": "Gone", "start": "2026-05-12T10:00", "end": "2026-05-12T10:30", **GONE},
        ],
        "lectures": [
            placed("1", "09:00", "10:00", capacity=20, available=5),
            placed("2", "09:00", "09:45"),
            placed("3", "09:00", "09:44", capacity=20, available=5),
            placed("4", "09:00", "10:01"),
            placed("5", "09:55", "09:55"),
            placed("6", "10:30", "11:00"),
            placed("7", "10:45", "11:00", hall_id=None),
            placed("8", "10:46", "11:00"),
            placed("9", "09:30", "09:50", hall_id=None, capacity=20, available=18),
        ],
    }
    rows = build(raw, "summary.break_pressure")
    before = ("sessions_before", "halls_before", "booked_seats_before", "uncounted_sessions_before")
    around = ("sessions_during", "sessions_after")
    assert [(row["title"], *(row[name] for name in (*before, *around))) for row in rows] == [
        ("Coffee", 3, 1, 17, 1, 1, 2),
        ("Some time", 0, 0, None, 0, 0, 0),
    ]


# --- language_mix and sponsor_levels


def test_a_session_counts_once_for_each_language_of_its_speakers():
    raw = {
        "speakers": [
            {"id": "s", "language": "en"}, {"id": "t", "language": " en\n"}, {"id": "u", "language": ""},
            {"id": "v", "language": "de"}, {"id": "w", "language": "fr", **GONE},
        ],
        "lectures": [
            placed("1", "09:00", "10:00", speakers=["s", "t", "u"]),
            placed("2", "09:00", "08:00", speakers=["s", "w"]),
        ],
    }  # fmt: skip
    rows = build(raw, "summary.language_mix")
    assert [tuple(row.values()) for row in rows] == [
        ("en", 2, 0.5, 2, 60), ("(none)", 1, 0.25, 1, 60), ("de", 1, 0.25, 0, 0)
    ]  # fmt: skip


def test_levels_are_what_the_flags_say():
    full = {"description": "x", "web": "x", "address": "x", "logo__url": "x", "photo": "x"}
    both = {"sponsor": True, "exhibitor": True}
    partners = [
        {"id": "a", **both, **full, "exhibitor_info__booth_number": "A3"}, {"id": "b", **both},
        {"id": "c", "sponsor": True}, {"id": "d", "exhibitor": True}, {"id": "e"}, {"id": "f", **both, **GONE},
    ]  # fmt: skip
    rows = build({"partners": partners}, "summary.sponsor_levels")
    assert [tuple(row.values()) for row in rows] == [
        ("sponsor and exhibitor", 2, 0.4, 1, 1, 0.5),
        ("exhibitor", 1, 0.2, 0, 0, 0),
        ("partner", 1, 0.2, 0, 0, 0),
        ("sponsor", 1, 0.2, 0, 0, 0),
    ]

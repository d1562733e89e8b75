"""Rows in, rows out: pauses, plain text, conflicts, gaps and seats."""

from datetime import date, datetime, timezone
from typing import Any

import pytest

from event_assets_tests.models.bench import build
from event_assets_tests.models.test_rows import only, session

UTC = timezone.utc
DAY = date(2026, 5, 12)
TIMES = ["starts_at", "ends_at", "starts_local", "ends_local", "local_day", "minutes"]


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        pytest.param("2026-05-12T09:00:00+02:00", "2026-05-12T09:30+02:00", 30, id="offset"),
        pytest.param("2026-05-12 09:00:00+02", "2026-05-12T09:30:00+0200", 30, id="offset otherwise"),
        pytest.param("2026-05-12T09:00Z", "2026-05-12T09:00:30.000000Z", 0.5, id="Z"),
        pytest.param("2026-05-12 09:00", "2026-05-12T08:00:00Z", 60, id="no offset: the event's zone"),
        pytest.param("2026-05-12T23:30:00", "2026-05-13T00:30:00", 60, id="across midnight"),
        pytest.param("2026-03-29T01:30:00", "2026-03-29T03:30:00", 60, id="into summer time"),
        pytest.param("2026-10-25T01:30:00", "2026-10-25T03:30:00", 180, id="out of summer time"),
        pytest.param("2026-05-12T09:00", "2026-05-12T09:00", 0, id="zero length"),
        pytest.param("2026-05-12T09:00", "2026-05-12T08:00", -60, id="end before start"),
        pytest.param("soon", "2026-13-45T99:00:00", None, id="no times"),
        pytest.param(None, "", None, id="nothing"),
    ],
)
def test_pauses_read_times_as_sessions_do(start: str | None, end: str | None, minutes: float | None):
    record = {"id": "TR212", "event_day_id": "d1", "name": "Coffee", "start": start, "end": end}
    raw = {"lectures": [record], "pauses": [record]}
    pause, lecture = (only(build(raw, f"staging.{name}", "Europe/Vienna")) for name in ("pauses", "sessions"))

    assert (pause["pause_id"], pause["day_id"], pause["title"]) == ("TR212", "d1", "Coffee")
    assert pause["minutes"] == minutes
    assert {name: pause[name] for name in TIMES} == {name: lecture[name] for name in TIMES}


def test_a_removed_pause_is_none():
    assert build({"pauses": [{"id": "1", "removed_at": datetime(2026, 5, 1, tzinfo=UTC)}]}, "staging.pauses") == []


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        pytest.param("<p>One</p><p>Two</p>", "One Two", id="blocks part words"),
        pytest.param("<b>Mo</b>dels", "Models", id="a tag within a word"),
        pytest.param(
            '<a href="https://example.org/?a=1" class="x">here</a>, <br/>there', "here, there", id="attributes"
        ),
        pytest.param("<article><section>One</section>Two</article>", "One Two", id="tags that begin like inline ones"),
        pytest.param("R&amp;D &lt;b&gt; &quot;x&quot; it&#39;s&nbsp;ok", 'R&D <b> "x" it\'s ok', id="entities"),
        pytest.param("&amp;lt; &amp;nbsp; &amp;amp;", "&lt; &nbsp; &amp;", id="entities once"),
        pytest.param(" a\r\n\r\n\tb\xa0\xa0c ", "a b c", id="white space"),
        pytest.param("1 < 2 and 3 > 2", "1 < 2 and 3 > 2", id="no tag"),
        pytest.param("a<!-- <p>\nhidden -->b", "a b", id="comment"),
        pytest.param("<P>مرحبا 🎉</P>", "مرحبا 🎉", id="other scripts"),
        pytest.param("Plain", "Plain", id="plain"),
        pytest.param("<p>&nbsp;</p>\n", None, id="nothing left"),
        pytest.param("", None, id="empty"),
        pytest.param(None, None, id="null"),
    ],
)
def test_a_description_as_plain_text(sent: str | None, text: str | None):
    row = only(build({"lectures": [session(description=sent)]}, "staging.sessions"))
    assert (row["description"], row["description_text"]) == (sent, text)


def placed(key: str, start: str, end: str | None, **fields: Any) -> dict[str, Any]:
    """A session in hall h. Times are on the event's day unless they carry a date."""
    times = {
        name: value and (value if "T" in value else f"{DAY}T{value}")
        for name, value in (("start", start), ("end", end))
    }
    return {"id": key, "name": f"Session {key}", "hall_id": "h", **times, **fields}


def conflicts(*lectures: dict[str, Any], zone: str = "UTC") -> list[tuple[str, str, float]]:
    rows = build({"lectures": lectures}, "summary.hall_conflicts", zone)
    return [(row["session_key"][8:], row["other_session_key"][8:], row["overlap_minutes"]) for row in rows]


def gaps(*lectures: dict[str, Any], zone: str = "UTC") -> list[tuple[str, str, float]]:
    rows = build({"lectures": lectures}, "summary.hall_gaps", zone)
    return [(row["session_before"][8:], row["session_after"][8:], row["minutes"]) for row in rows]


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
        "minutes": 30,
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
        pytest.param([("a", "09:00", "10:00"), ("b", "10:00", "11:00")], [], id="touching"),
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
def test_hall_gaps(sessions: list[tuple[str, str, str | None]], expected: list[tuple[str, str, float]]):
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


def test_gaps_are_of_one_hall():
    assert gaps(placed("a", "09:00", "10:00"), placed("b", "11:00", "12:00", hall_id="i")) == []
    assert gaps(placed("a", "09:00", "10:00", hall_id=None), placed("b", "11:00", "12:00", hall_id=None)) == []


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
def test_a_team_is_told_by_its_name(name: str | None, team: bool):
    both = [placed(key, "09:00", "10:00", speakers=["s"], hall_id=None) for key in "ab"]
    assert double_bookings(*both, name=name) == [("a", "b", team)]


def test_a_speaker_whom_only_sessions_know_can_be_double_booked():
    raw = {"lectures": [placed(key, "09:00", "10:00", speakers=["ghost"]) for key in "ab"]}
    row = only(build(raw, "summary.speaker_conflicts"))
    assert (row["speaker_id"], row["speaker"], row["likely_team"]) == ("ghost", None, False)


@pytest.mark.parametrize(
    ("capacity", "available", "flag", "booked", "share", "full"),
    [
        pytest.param(20, 5, False, 15, 0.75, False, id="room"),
        pytest.param(20, 20, False, 0, 0, False, id="empty"),
        pytest.param(20, 0, False, 20, 1, True, id="no seat free"),
        pytest.param(20, 5, True, 15, 0.75, True, id="closed with seats free"),
        pytest.param(20, -2, False, 22, 1, True, id="overbooked"),
        pytest.param(20, 25, None, -5, 0, False, id="more free than offered"),
        pytest.param(20, None, False, None, None, False, id="seats free unknown"),
        pytest.param(20, None, None, None, None, None, id="nothing known but the capacity"),
        pytest.param(None, None, False, None, None, False, id="nobody counts"),
        pytest.param(None, 0, False, None, None, False, id="nobody counts, none free"),
        pytest.param(0, 0, False, 0, None, False, id="no seats"),
        pytest.param(0, 0, True, 0, None, True, id="no seats, closed"),
        pytest.param(None, None, None, None, None, None, id="nothing known"),
    ],
)
def test_workshop_capacity(
    capacity: int | None,
    available: int | None,
    flag: bool | None,
    booked: int | None,
    share: float | None,
    full: bool | None,
):
    record = placed("TR212", "23:30", "2026-05-13T01:00", capacity=capacity, available=available, booked=flag)
    raw = {"halls": [{"id": "h", "name": "Hall"}], "workshops": [record], "lectures": [{**record, "id": "1"}]}
    assert only(build(raw, "summary.workshop_capacity", "Europe/Vienna")) == {
        "session_key": "workshop:TR212",
        "title": "Session TR212",
        "day": DAY,
        "starts_local": datetime(2026, 5, 12, 23, 30),
        "hall": "Hall",
        "capacity": capacity,
        "available": available,
        "booked": booked,
        "fill_share": share,
        "is_full": full,
    }


def test_a_workshop_of_which_nothing_is_known_is_kept():
    row = only(build({"workshops": [{"id": "1"}]}, "summary.workshop_capacity"))
    assert row.pop("session_key") == "workshop:1"
    assert set(row.values()) == {None}


@pytest.mark.parametrize(
    "model",
    [
        "staging.pauses",
        "summary.hall_conflicts",
        "summary.hall_gaps",
        "summary.speaker_conflicts",
        "summary.workshop_capacity",
    ],
)
def test_an_empty_event_has_none(model: str):
    assert build({}, model) == []

"""What the models make of rows, with the awkward ones that real programmes have."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from event_assets_tests.models.bench import build
from event_assets_tests.models.rows import UTC, only, session

pytestmark = pytest.mark.usefixtures("engine")


@pytest.mark.parametrize(
    ("start", "instant", "local"),
    [
        pytest.param("2026-05-12T09:00:00+02:00", (12, 7, 0), (12, 9, 0), id="offset"),
        pytest.param("2026-05-12T09:00:00+0200", (12, 7, 0), (12, 9, 0), id="offset without colon"),
        pytest.param("2026-05-12 09:00:00+02", (12, 7, 0), (12, 9, 0), id="hours only"),
        pytest.param("2026-05-12T09:00:00.000000Z", (12, 9, 0), (12, 11, 0), id="Z"),
        pytest.param("2026-05-12T09:00-05:00", (12, 14, 0), (12, 16, 0), id="west, without seconds"),
        pytest.param("2026-05-12T09:00Z", (12, 9, 0), (12, 11, 0), id="Z, without seconds"),
        pytest.param(" 2026-05-12T09:00Z ", (12, 9, 0), (12, 11, 0), id="blanks around it"),
        pytest.param("2026-05-12T09:00:00-05 ", (12, 14, 0), (12, 16, 0), id="a blank after it"),
        pytest.param("2026-05-12 09:00:00 +02:00", (12, 7, 0), (12, 9, 0), id="a blank before it"),
        pytest.param("2026-05-12 09:00:00.000  -0500 ", (12, 14, 0), (12, 16, 0), id="blanks before it, west"),
        pytest.param("2026-05-12 09:00 +02", (12, 7, 0), (12, 9, 0), id="a blank before it, without seconds"),
        pytest.param("2026-05-12T09:00+0200", (12, 7, 0), (12, 9, 0), id="offset without colon, without seconds"),
        pytest.param("2026-05-12 09:00:00 Z", (12, 9, 0), (12, 11, 0), id="a blank before Z"),
        pytest.param("2026-05-12 09:00:00 UTC", (12, 9, 0), (12, 11, 0), id="UTC"),
        pytest.param("2026-05-12T09:00utc", (12, 9, 0), (12, 11, 0), id="UTC, without seconds"),
        pytest.param("2026-05-12 09:00:00 GMT ", (12, 9, 0), (12, 11, 0), id="GMT"),
        pytest.param("2026-05-12T09:00:00Z\n", (12, 9, 0), (12, 11, 0), id="a line break after Z"),
        pytest.param("2026-05-12T09:00:00-05:00\r\n", (12, 14, 0), (12, 16, 0), id="a line break after the offset"),
        pytest.param("2026-05-12 09:00 UTC\t", (12, 9, 0), (12, 11, 0), id="a tab after UTC"),
        pytest.param("2026-05-12T09:00:00", (12, 7, 0), (12, 9, 0), id="no offset: the event's zone"),
        pytest.param("2026-05-12 09:00", (12, 7, 0), (12, 9, 0), id="no offset, no T, no seconds"),
        pytest.param("2026-05-12T23:30:00Z", (12, 23, 30), (13, 1, 30), id="another day here"),
        pytest.param("2026-05-12T23:30:00+14:00", (12, 9, 30), (12, 11, 30), id="the farthest zone in the east"),
        pytest.param("2026-05-12T00:30:00-12:00", (12, 12, 30), (12, 14, 30), id="the farthest zone in the west"),
        pytest.param("2026-05-12T20:00:00+15:59", (12, 4, 1), (12, 6, 1), id="the largest offset"),
        pytest.param("2026-05-12T00:30:00-15:59", (12, 16, 29), (12, 18, 29), id="the smallest offset"),
        pytest.param("2026-05-12T09:00:00-00:00", (12, 9, 0), (12, 11, 0), id="-00:00"),
        pytest.param("2026-05-12T24:00:00Z", (13, 0, 0), (13, 2, 0), id="the end of a day"),
        pytest.param("2026-05-12 24:00", (12, 22, 0), (13, 0, 0), id="the end of a day, on the clock"),
        pytest.param("2026-05-12T09:00:00.9999999Z", (12, 9, 0), (12, 11, 0), id="cut, and not rounded"),
        pytest.param("2026-05-12\u00a0", (11, 22, 0), (12, 0, 0), id="a date, and a blank of another kind"),
    ],
)
def test_a_time_is_an_instant_and_a_time_on_the_event_s_clock(start: str, instant: tuple, local: tuple):
    row = only(build({"lectures": [session(start=start)]}, "staging.sessions", "Europe/Vienna"))

    assert row["starts_at"].astimezone(UTC) == datetime(2026, 5, *instant, tzinfo=UTC)
    assert row["starts_local"] == datetime(2026, 5, *local)
    assert row["local_day"] == date(2026, 5, local[0])


@pytest.mark.parametrize(
    ("day", "utc_hour"), [("2026-03-28", 8), ("2026-03-29", 7), ("2026-10-24", 7), ("2026-10-25", 8)]
)
def test_both_sides_of_a_clock_change(day: str, utc_hour: int):
    row = only(build({"lectures": [session(start=f"{day}T09:00:00")]}, "staging.sessions", "Europe/Vienna"))
    assert row["starts_at"].astimezone(UTC).hour == utc_hour
    assert row["starts_local"].hour == 9


@pytest.mark.parametrize(
    ("zone", "local", "instant"),
    [
        pytest.param("Europe/Vienna", "2026-10-25T01:59:59", "2026-10-24T23:59:59", id="before"),
        pytest.param("Europe/Vienna", "2026-10-25T02:00:00", "2026-10-25T00:00:00", id="twice: the first"),
        pytest.param("Europe/Vienna", "2026-10-25T02:59:59", "2026-10-25T00:59:59", id="twice: the end of the first"),
        pytest.param("Europe/Vienna", "2026-10-25T03:00:00", "2026-10-25T02:00:00", id="after"),
        pytest.param("Europe/Vienna", "2026-10-26T01:30:00", "2026-10-26T00:30:00", id="a day later"),
        pytest.param("Europe/Vienna", "2026-03-29T02:30:00", "2026-03-29T01:30:00", id="skipped: 03:30"),
        pytest.param("Europe/Vienna", "2026-03-29T03:00:00", "2026-03-29T01:00:00", id="after what is skipped"),
        pytest.param("Europe/Vienna", "2026-03-30T02:30:00", "2026-03-30T00:30:00", id="a day after what is skipped"),
        pytest.param("Australia/Lord_Howe", "2026-04-05T01:45:00", "2026-04-04T14:45:00", id="half an hour"),
        pytest.param("America/Nuuk", "2026-10-24T23:30:00", "2026-10-25T00:30:00", id="before midnight"),
        pytest.param("America/Havana", "2026-11-01T00:30:00", "2026-11-01T04:30:00", id="after midnight"),
    ],
)
def test_a_time_that_the_clock_shows_twice_or_never(zone: str, local: str, instant: str):
    row = only(build({"lectures": [session(start=local)]}, "staging.sessions", zone))
    first = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)
    assert row["starts_at"].astimezone(UTC) == datetime.fromisoformat(instant).replace(tzinfo=UTC) == first


def test_a_session_through_the_night_of_a_clock_change_has_its_real_length():
    record = session(start="2026-10-24T22:00:00", end="2026-10-25T04:00:00")
    row = only(build({"lectures": [record]}, "staging.sessions", "Europe/Vienna"))
    assert row["minutes"] == 7 * 60


@pytest.mark.parametrize("model", ["summary.hall_utilisation", "summary.speaker_load"])
def test_what_begins_and_ends_first_does_so_also_where_the_clock_is_set_back(model: str):
    """At three it is two o'clock again: what lasts from 02:30 to 02:50 is before what lasts from 02:10 to 02:20."""
    spans = [("00:30Z", "00:50Z"), ("01:10Z", "01:20Z")]
    lectures = [
        session(str(number), hall_id="h", speakers=["s"], start=f"2026-10-25T{start}", end=f"2026-10-25T{end}")
        for number, (start, end) in enumerate(spans)
    ]
    row = only(build({"lectures": lectures}, model, "Europe/Vienna"))
    assert (row["first_start_local"], row["last_end_local"]) == (
        datetime(2026, 10, 25, 2, 30),
        datetime(2026, 10, 25, 2, 20),
    )


NO_TIMES = [
    *("soon", "2026-13-45T99:00:00", "infinity", "-infinity", "epoch", "now", "26-05-12 09:00", "+99:00"),
    *("290309-12-22 (BC) 00:00:00", "294247-01-10 04:00:54Z", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00"),
    *("9999-12-31T23:59:59Z", "10000-01-01T00:00:00", "2026-12-31T23:59:60Z", "2026-05-12T25:00:00"),
    *("2026-05-12T09:00:00+99:00", "2026-05-12T09:00+24:00", "2026-05-12 09:00:00 -16", "2026-05-12T09:00:00+02:75"),
    *("2026-05-12T09:00:00+2:00", "2026-05-12T09:00:00 Europe/Vienna", "2026-05-12T09:00:00+02:00:00"),
    # What DuckDB reads, but no ISO 8601.
    *("2026/05/12 09:00", "2026-5-12", "2026-05-12 9:00", "2026-05-12T09:00:00.", "2026-05-12T09:00:00.Z", "20260512"),
    *("2026-02-30", "2026-02-29T09:00:00Z", "2100-02-29", "2026-04-31", "2026-05-12T09:00:60", "2026-05-12T24:00:01"),
]


@pytest.mark.parametrize("start", [None, "", *NO_TIMES])
@pytest.mark.parametrize("zone", ["Europe/Vienna", "Pacific/Apia", "America/St_Johns"])
def test_a_time_that_is_none_is_null_and_the_session_stays(start: str | None, zone: str):
    row = only(build({"lectures": [session(start=start)]}, "summary.agenda", zone))
    assert (row["title"], row["starts_at"], row["minutes"], row["day"]) == ("Session 1", None, None, None)


def test_lectures_and_workshops_of_the_same_id_are_two_sessions():
    rows = build({"lectures": [session()], "workshops": [session(capacity=12)]}, "staging.sessions")
    assert {row["session_key"]: row["capacity"] for row in rows} == {"lecture:1": None, "workshop:1": 12}


def test_a_speaker_named_twice_in_a_session_counts_once():
    raw = {
        "lectures": [session(speakers=["b", "a", "b"])],
        "speakers": [{"id": "a", "name": "Ada"}, {"id": "b", "name": "Bo"}],
    }
    links = build(raw, "staging.session_speakers")
    assert sorted((row["speaker_id"], row["list_index"]) for row in links) == [("a", 1), ("b", 0)]
    assert only(build(raw, "summary.agenda"))["speakers"] == "Bo, Ada"
    assert [row["sessions"] for row in build(raw, "summary.speaker_load")] == [1, 1]


def test_a_session_across_midnight_belongs_to_its_day_of_the_event():
    raw = {
        "days": [{"id": "d1", "date": "2026-05-12"}],
        "halls": [{"id": "h", "name": "Hall"}],
        "lectures": [session(event_day_id="d1", hall_id="h", start="2026-05-12T23:00:00", end="2026-05-13T01:30:00")],
    }
    assert only(build(raw, "summary.agenda"))["day"] == date(2026, 5, 12)
    row = only(build(raw, "summary.hall_utilisation"))
    assert (row["day"], row["busy_minutes"], row["busy_share_of_span"]) == (date(2026, 5, 12), 150, 1)


def test_what_only_a_session_knows_is_kept():
    raw = {"lectures": [session(speakers=["ghost"], tracks=["t9"], hall_id="h9")]}
    assert only(build(raw, "summary.speaker_load"))["speaker_id"] == "ghost"
    assert only(build(raw, "summary.track_summary"))["sessions"] == 1
    assert only(build(raw, "summary.hall_utilisation"))["hall"] is None
    assert only(build(raw, "summary.agenda"))["speakers"] is None


def test_a_session_of_several_tracks_counts_in_each():
    raw = {
        "tracks": [{"id": "a", "name": "A"}, {"id": "b", "name": "B"}, {"id": "c", "name": "C"}],
        "lectures": [session(tracks=["b", "a"], speakers=["s", "t"], hall_id="h")],
    }
    rows = {
        row["track"]: (row["sessions"], row["minutes"], row["speakers"], row["halls"])
        for row in build(raw, "summary.track_summary")
    }
    assert rows == {"A": (1, 60, 2, 1), "B": (1, 60, 2, 1), "C": (0, 0, 0, 0)}
    assert only(build(raw, "summary.agenda"))["tracks"] == "B, A"


def test_sessions_without_a_track_have_a_row_of_their_own():
    raw = {
        "tracks": [{"id": "a", "name": "A"}, {"id": "blank", "name": " "}],
        "lectures": [
            session("1", tracks=["a"]),
            session("2", tracks=[" "], speakers=["s"], hall_id="h"),
            session("3", speakers=["s", "t"], hall_id="h", end=None),
        ],
    }
    rows = {row["track_id"]: tuple(row.values())[1:] for row in build(raw, "summary.track_summary")}
    assert rows == {"a": ("A", 1, 60, 0, 0), "blank": (None, 0, 0, 0, 0), None: ("(none)", 2, 60, 2, 1)}


def test_the_agenda_has_identifiers_where_names_are_equal_blank_or_have_commas():
    raw = {
        "halls": [{"id": "h1", "name": "Hall"}, {"id": "h2", "name": "Hall"}, {"id": "h3", "name": " "}],
        "speakers": [{"id": "b", "name": "Doe, Jo"}, {"id": "a", "name": "Ada"}, {"id": "c", "name": ""}],
        "tracks": [{"id": "t1", "name": "T1"}, {"id": "t2", "name": " "}],
        "lectures": [
            session("1", hall_id="h1", speakers=["b", "ghost", "c", "a"], tracks=["t2", "t1"]),
            session("2", hall_id="h2"),
            session("3", hall_id="h3"),
            session("4", hall_id="gone"),
        ],
        "pauses": [session("5")],
    }
    rows = {row["entry_key"]: row for row in build(raw, "summary.agenda")}
    assert {key: (row["hall_id"], row["hall"]) for key, row in rows.items()} == {
        "lecture:1": ("h1", "Hall"),
        "lecture:2": ("h2", "Hall"),
        "lecture:3": ("h3", None),
        "lecture:4": ("gone", None),
        "break:5": (None, None),
    }
    names, ids = ("speakers", "tracks"), ("speaker_ids", "track_ids")
    assert [rows["lecture:1"][name] for name in (*names, *ids)] == ["Doe, Jo, Ada", "T1", "b, ghost, c, a", "t2, t1"]
    assert [rows["lecture:2"][name] for name in (*names, *ids)] == [None] * 4


@pytest.mark.parametrize(
    ("ends", "minutes"), [(["08:00"], 0), (["08:00", "10:30"], 90), (["09:00", "09:30"], 30), ([None], 0)]
)
def test_a_session_that_ends_before_it_begins_takes_no_minutes_from_others(ends: list[str | None], minutes: float):
    lectures = [
        session(str(index), speakers=["s"], tracks=["t"], end=end and f"2026-05-12T{end}:00")
        for index, end in enumerate(ends)
    ]
    for model in ("summary.speaker_load", "summary.track_summary"):
        row = only(build({"lectures": lectures}, model))
        assert (row["sessions"], row["minutes"]) == (len(ends), minutes)


def test_the_agenda_has_breaks_between_the_sessions():
    raw = {
        "days": [{"id": "d1", "date": "2026-05-12"}],
        "halls": [{"id": "h", "name": "Hall"}],
        "lectures": [session(hall_id="h", event_day_id="d1")],
        "workshops": [session(start="2026-05-12T11:00:00", end="2026-05-12T12:30:00")],
        "pauses": [
            {"id": "1", "event_day_id": "d1", "name": "Coffee", "start": "2026-05-12T10:00", "end": "2026-05-12T11:00"},
            {"id": "2", "name": "Gone", "start": "2026-05-12T10:00", "removed_at": datetime(2026, 5, 1, tzinfo=UTC)},
        ],
    }
    day = date(2026, 5, 12)
    rows = build(raw, "summary.agenda")
    assert [(row["entry_key"], row["kind"], row["day"], row["hall"], row["title"], row["minutes"]) for row in rows] == [
        ("lecture:1", "lecture", day, "Hall", "Session 1", 60),
        ("break:1", "break", day, None, "Coffee", 60),
        ("workshop:1", "workshop", day, None, "Session 1", 90),
    ]
    assert (rows[1]["speakers"], rows[1]["tracks"]) == (None, None)


@pytest.mark.parametrize(
    "model",
    [
        "staging.pauses",
        "staging.ticket_lists",
        "summary.agenda",
        "summary.attendance_over_time",
        "summary.break_pressure",
        "summary.checkin_rate",
        "summary.data_quality",
        "summary.hall_conflicts",
        "summary.hall_gaps",
        "summary.hall_utilisation",
        "summary.language_mix",
        "summary.no_shows",
        "summary.partners_overview",
        "summary.registrations_by_day",
        "summary.session_demand",
        "summary.session_readiness",
        "summary.speaker_conflicts",
        "summary.speaker_load",
        "summary.speaker_readiness",
        "summary.speaker_transfers",
        "summary.sponsor_levels",
        "summary.ticket_types",
        "summary.track_summary",
        "summary.workshop_capacity",
    ],
)
def test_an_empty_event_has_none(model: str):
    assert build({}, model) == []

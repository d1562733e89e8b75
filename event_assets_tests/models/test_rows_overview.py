"""The overview of the event."""

from datetime import date, datetime

import pytest

from event_assets_tests.models.bench import build
from event_assets_tests.models.rows import GONE, UTC, only, person
from event_assets_tests.models.rows import sound_session as session

pytestmark = pytest.mark.usefixtures("engine")

NOT_SYNCED = ("as_of", "content_as_of", "partners_as_of", "participants_as_of", "days_to_opening")


def test_an_empty_event_has_an_overview_of_noughts():
    row = only(build({}, "summary.event_overview"))
    unknown = {"event_id", "first_day", "last_day", *NOT_SYNCED}
    assert {name for name, value in row.items() if value is None} == unknown
    assert {value for name, value in row.items() if name not in unknown} == {0}


@pytest.mark.parametrize("table", ["halls", "days", "lectures", "workshops", "speakers", "pauses"])
def test_the_event_is_called_as_any_of_its_records_says(table: str):
    raw = {"halls": [{"id": "1"}, {"id": "2", "event_id": " "}]}
    named = {"id": "3", "event_id": "7"}
    assert only(build({**raw, table: [*raw.get(table, []), named]}, "summary.event_overview"))["event_id"] == "7"


def test_the_overview_counts_what_is_there():
    raw = {
        "halls": [{"id": "h", "name": "Hall", "event_id": "7"}, {"id": "h2", "name": "Hall 2"}],
        "days": [{"id": "d", "date": "2026-05-12"}, {"id": "d2", "date": "someday"}],
        "speakers": [{"id": "s", "name": "Ada"}, {"id": "idle", "name": "Bo"}, {"id": "gone", **GONE}],
        "tracks": [{"id": "t", "name": "Track"}],
        "lectures": [
            session("1", speakers=["s", "s", "ghost"]),
            # Past midnight, and still of its day; then one without a day of the event.
            session("2", start="2026-05-13T00:30:00", end="2026-05-13T01:00:00"),
            session("3", event_day_id=None, start="2026-05-14T09:00:00", end="2026-05-14T08:00:00", speakers=[]),
            session("4", hall_id=None, start=None, event_day_id=None),
            session("5", **GONE),
        ],
        "workshops": [session("1")],
        "pauses": [{"id": "p", "name": "Coffee"}, {"id": "p2", **GONE}],
        "partners": [
            {"id": "1", "company": "A", "sponsor": True, "exhibitor": True},
            {"id": "2", "company": "B", "exhibitor": True},
            {"id": "3", "company": "C"},
        ],
        "participants": [person("1", checked_at="2026-05-12T08:00:00Z"), person("2"), person("3", **GONE)],
    }
    assert only(build(raw, "summary.event_overview")) == {
        "event_id": "7",
        "days": 2,
        "first_day": date(2026, 5, 12),
        "last_day": date(2026, 5, 14),
        # Nothing was loaded; the sync that found records gone was on the first of May.
        **dict.fromkeys(("as_of", "content_as_of", "participants_as_of"), datetime(2026, 5, 1, tzinfo=UTC)),
        "partners_as_of": None,
        "days_to_opening": 11,
        "halls": 2,
        "tracks": 1,
        "lectures": 4,
        "workshops": 1,
        "breaks": 1,
        "session_minutes": 60 + 30 + 60,
        "sessions_without_hall": 1,
        "sessions_without_speaker": 1,
        "speakers": 2,
        "speakers_with_session": 1,
        "partners": 3,
        "sponsors": 1,
        "exhibitors": 2,
        "participants": 2,
        "checked_in": 1,
        "findings": 9,
        "errors": 6,
        "warnings": 3,
    }


def test_the_overview_says_as_of_when_its_numbers_are():
    loaded = {"_dlt_load_id": "1777629600.9876"}  # 2026-05-01T10:00:00Z
    raw = {
        "days": [{"id": "d", "date": "2026-05-12", **loaded}],
        "halls": [{"id": "h", **loaded}, {"id": "g", **loaded, "removed_at": datetime(2026, 5, 2, 18, 30, 0, 7, UTC)}],
        "partners": [{"id": "1", "_dlt_load_id": "1777716000"}],
        "tracks": [{"id": "t", "_dlt_load_id": "made by hand"}],
    }
    changes = {row.pop("resource"): tuple(row.values()) for row in build(raw, "staging.table_changes")}
    assert len(changes) == 9
    assert changes["days"] == ("content", 1, 0, datetime(2026, 5, 1, 10, tzinfo=UTC))
    assert changes["halls"] == ("content", 1, 1, datetime(2026, 5, 2, 18, 30, tzinfo=UTC))
    assert changes["tracks"] == ("content", 1, 0, None)
    assert changes["participants"] == ("participants", 0, 0, None)
    row = only(build(raw, "summary.event_overview", "Asia/Kathmandu"))
    assert [row[name] for name in NOT_SYNCED] == [
        datetime(2026, 5, 2, 18, 30, tzinfo=UTC),
        datetime(2026, 5, 2, 18, 30, tzinfo=UTC),
        datetime(2026, 5, 2, 10, tzinfo=UTC),
        None,
        9,  # It is the third of May in Nepal by then.
    ]

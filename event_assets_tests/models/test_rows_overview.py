"""The overview of the event."""

from datetime import date

import pytest

from event_assets_tests.models.bench import build
from event_assets_tests.models.rows import GONE, only, person
from event_assets_tests.models.rows import sound_session as session

pytestmark = pytest.mark.usefixtures("engine")


def test_an_empty_event_has_an_overview_of_noughts():
    row = only(build({}, "summary.event_overview"))
    unknown = {"event_id", "first_day", "last_day"}
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
    }

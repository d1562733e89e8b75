"""Busy time, overlaps and gaps of invented sessions, against minutes that are counted one by one."""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from event_assets.sandbox import Event
from event_assets_tests.models.bench import build
from event_assets_tests.truth_summaries import OF_THE_PROGRAMME

# Midnight is in the middle: some sessions begin on the next day, some run across.
EVENING = datetime(2026, 5, 12, 23, 30, tzinfo=timezone.utc)
HALLS = [{"id": "h", "name": "Hall"}, {"id": "i", "name": "Room"}]
SPEAKERS = [{"id": "s", "name": "Ada"}, {"id": "t", "name": "The crew"}]
DAYS = [{"id": "d1", "date": "2026-05-12"}]


def _record(start: int, length: int, hall: str | None, day: str | None, speakers: list[str]) -> dict[str, Any]:
    begins, ends = (EVENING + timedelta(minutes=minute) for minute in (start, start + length))
    times = {"start": begins.isoformat(), "end": ends.isoformat()}
    return {**times, "hall_id": hall, "event_day_id": day, "speakers": speakers, "tracks": []}


INTERVALS = {"hall_utilisation", "hall_conflicts", "hall_gaps", "speaker_conflicts"}

records = st.builds(
    _record,
    start=st.integers(0, 60),
    length=st.integers(-2, 25),
    hall=st.sampled_from(["h", "h", "i", None]),
    day=st.sampled_from(["d1", None, None]),
    speakers=st.lists(st.sampled_from(["s", "s", "t"]), max_size=2),
)


@pytest.mark.parametrize(("model", "grain", "compute"), [each for each in OF_THE_PROGRAMME if each.table in INTERVALS])
@settings(max_examples=25, deadline=None)
@given(sessions=st.lists(records, max_size=7))
def test_intervals_are_what_counting_minutes_finds(
    model: str, grain: list[str], compute: Callable[[Event], dict[tuple, dict]], sessions: list[dict[str, Any]]
):
    named = [{**session, "id": str(index), "name": f"Session {index}"} for index, session in enumerate(sessions)]
    # Every third is a workshop, so that keys do not follow the order of the list.
    raw = {
        "halls": HALLS,
        "days": DAYS,
        "speakers": SPEAKERS,
        "lectures": [session for index, session in enumerate(named) if index % 3],
        "workshops": [session for index, session in enumerate(named) if not index % 3],
    }
    expected = compute(_event(raw))
    rows = build(raw, f"summary.{model}")

    found = {tuple(row[column] for column in grain): row for row in rows}
    assert len(found) == len(rows)
    assert found.keys() == expected.keys()
    for key, facts in expected.items():
        assert {fact: found[key][fact] for fact in facts} == facts, key


def _event(raw: dict[str, list[dict[str, Any]]]) -> Event:
    return Event(content={"pauses": [], "tracks": [], **raw}, partners=[], participants=[], timezone="UTC")

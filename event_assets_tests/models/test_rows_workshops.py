"""Seats of workshops."""

from datetime import datetime

import pytest

from event_assets_tests.models.bench import build
from event_assets_tests.models.rows import DAY, only, placed

pytestmark = pytest.mark.usefixtures("engine")

MOST, LEAST = 2**63 - 1, -(2**63)


@pytest.mark.parametrize(
    ("capacity", "available", "flag", "taken", "share", "full"),
    [
        pytest.param(20, 5, False, 15, 0.75, False, id="room"),
        pytest.param(20, 20, False, 0, 0, False, id="empty"),
        pytest.param(20, 0, False, 20, 1, True, id="no seat free"),
        pytest.param(20, 5, True, 15, 0.75, True, id="closed with seats free"),
        pytest.param(20, -2, False, 22, 1, True, id="overbooked"),
        pytest.param(20, 25, None, 0, 0, False, id="more free than offered"),
        pytest.param(20, None, False, None, None, False, id="seats free unknown"),
        pytest.param(20, None, None, None, None, None, id="nothing known but the capacity"),
        pytest.param(None, None, False, None, None, False, id="nobody counts"),
        pytest.param(None, 0, False, None, None, False, id="nobody counts, none free"),
        pytest.param(0, 0, False, 0, None, False, id="no seats"),
        pytest.param(0, 0, True, 0, None, True, id="no seats, closed"),
        pytest.param(0, 0, None, 0, None, None, id="no seats, and nothing said"),
        pytest.param(0, -3, False, 3, None, False, id="no seats, three taken"),
        pytest.param(None, None, None, None, None, None, id="nothing known"),
        pytest.param(MOST, -1, None, None, 1, True, id="more taken than a number can say"),
        pytest.param(MOST, LEAST, None, None, 1, True, id="far more taken than a number can say"),
        pytest.param(MOST, MOST - 7, None, 7, 7 / MOST, False, id="seats without end"),
        pytest.param(LEAST, MOST, None, 0, None, None, id="fewer than none"),
        pytest.param(LEAST, LEAST, None, 0, None, None, id="fewer than none, as few free"),
    ],
)
def test_workshop_capacity(
    capacity: int | None,
    available: int | None,
    flag: bool | None,
    taken: int | None,
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
        "booked_seats": taken,
        "overbooked_seats": None if available in (None, LEAST) else max(0, -available),
        "fill_share": share,
        "is_full": full,
    }


def test_a_workshop_of_which_nothing_is_known_is_kept():
    row = only(build({"workshops": [{"id": "1"}]}, "summary.workshop_capacity"))
    assert row.pop("session_key") == "workshop:1"
    assert set(row.values()) == {None}

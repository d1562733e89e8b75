"""How busy halls are, and which stand empty."""

from datetime import date, datetime
from typing import Any

import pytest

from event_assets_tests.models.bench import build
from event_assets_tests.models.rows import DAY, only, placed

pytestmark = pytest.mark.usefixtures("engine")

NEXT_DAY = date(2026, 5, 13)
HALLS = [{"id": "h", "name": "Hall"}, {"id": "i", "name": "Empty"}]


def utilisation(*lectures: dict[str, Any], **raw: Any) -> dict[tuple[str, date | None], dict[str, Any]]:
    rows = build({"lectures": lectures, **raw}, "summary.hall_utilisation")
    found = {(row["hall_id"], row["day"]): row for row in rows}
    assert len(found) == len(rows)
    return found


@pytest.mark.parametrize(
    ("spans", "busy", "span", "share"),
    [
        pytest.param([("09:00", "10:00"), ("10:00", "11:00")], 120, 120, 1, id="one after the other"),
        pytest.param([("09:00", "10:00"), ("11:00", "12:00")], 120, 180, 2 / 3, id="with a gap"),
        pytest.param([("09:00", "10:00"), ("09:30", "10:30")], 90, 90, 1, id="overlapping"),
        pytest.param(
            [("09:00", "12:00"), ("09:30", "10:00"), ("10:30", "11:00")], 180, 180, 1, id="one within another"
        ),
        pytest.param(
            [("09:00", "12:00"), ("09:30", "10:00"), ("11:30", "12:30")], 210, 210, 1, id="over the end of the first"
        ),
        pytest.param([("09:00", "10:00"), ("09:00", "10:00")], 60, 60, 1, id="the same twice"),
        pytest.param([("09:00", "10:00"), ("09:30", "09:30")], 60, 60, 1, id="zero length"),
        pytest.param([("09:00", "09:00")], 0, None, None, id="nothing but zero length"),
        pytest.param([("09:00", "10:00"), ("11:00", "10:30")], 60, 60, 1, id="an end before its beginning"),
        pytest.param([("12:00", "09:00")], 0, None, None, id="nothing but an end before its beginning"),
        pytest.param([("12:00", "09:00"), ("10:00", "10:30"), ("11:00", None)], 30, 30, 1, id="and no end"),
        pytest.param([("09:00", "09:00:30")], 1, 1, 1, id="a minute that has begun"),
    ],
)
def test_a_hall_is_busy_for_the_union_of_its_sessions(
    spans: list[tuple[str, str]], busy: int, span: int | None, share: float | None
):
    lectures = [placed(str(index), *each) for index, each in enumerate(spans)]
    row = only(build({"halls": HALLS[:1], "lectures": lectures}, "summary.hall_utilisation"))
    assert (row["sessions"], row["busy_minutes"], row["span_minutes"]) == (len(spans), busy, span)
    assert row["busy_share_of_span"] == (pytest.approx(share) if share is not None else None)
    assert (row["first_start_local"] is None) is (row["last_end_local"] is None) is (span is None)
    if span is not None:
        assert row["first_start_local"] < row["last_end_local"]


def test_every_hall_has_a_row_for_every_day_of_the_event_or_of_a_session():
    rows = utilisation(
        placed("1", "09:00", "09:10", hall_id="ghost"),
        halls=HALLS,
        days=[{"id": "d", "date": str(NEXT_DAY)}, {"id": "odd", "date": "soon"}],
    )
    assert {key: (row["hall"], row["sessions"], row["busy_minutes"]) for key, row in rows.items()} == {
        ("h", DAY): ("Hall", 0, 0),
        ("i", DAY): ("Empty", 0, 0),
        ("ghost", DAY): (None, 1, 10),
        ("h", NEXT_DAY): ("Hall", 0, 0),
        ("i", NEXT_DAY): ("Empty", 0, 0),
        ("ghost", NEXT_DAY): (None, 0, 0),
    }
    unused = rows["h", DAY]
    assert (unused["first_start_local"], unused["span_minutes"], unused["busy_share_of_span"]) == (None, None, None)
    assert (unused["day_span_minutes"], unused["busy_share_of_day"]) == (10, 0)
    assert {row["busy_share_of_day"] for (_, day), row in rows.items() if day == NEXT_DAY} == {None}


def test_the_day_s_span_is_that_of_all_halls():
    rows = utilisation(
        placed("1", "09:00", "12:00"),
        placed("2", "10:00", "10:10", hall_id="i"),
        placed("3", "13:00", "14:00", hall_id="i"),
        placed("without a hall", "06:00", "22:00", hall_id=None),
        placed("of no length", "07:00", "07:00"),
    )
    assert {row["day_span_minutes"] for row in rows.values()} == {5 * 60}
    assert (rows["h", DAY]["busy_share_of_span"], rows["h", DAY]["busy_share_of_day"]) == (1, pytest.approx(3 / 5))
    assert rows["i", DAY]["busy_share_of_span"] == pytest.approx(70 / 240)
    assert rows["i", DAY]["busy_share_of_day"] == pytest.approx(70 / 300)


@pytest.mark.parametrize(
    ("start", "end", "span", "share"),
    [
        pytest.param("2026-05-13T05:59", "2026-05-13T06:29", 21 * 60 + 29, 60 / (21 * 60 + 29), id="a long night"),
        pytest.param("2026-05-13T06:00", "2026-05-13T06:30", 60, 0.5, id="the morning after"),
        pytest.param("2026-05-11T23:00", "2026-05-11T23:30", 60, 0.5, id="the evening before"),
    ],
)
def test_a_session_on_another_date_does_not_widen_its_day(start: str, end: str, span: int, share: float):
    rows = utilisation(
        placed("1", "09:00", "09:30", event_day_id="d"),
        placed("2", start, end, event_day_id="d"),
        placed("3", "09:00", "10:00", event_day_id="d", hall_id="i"),
        days=[{"id": "d", "date": str(DAY)}],
    )
    row = rows["h", DAY]
    assert (row["sessions"], row["busy_minutes"], row["day_span_minutes"]) == (2, 60, span)
    assert row["busy_share_of_day"] == pytest.approx(share)


def test_where_all_sessions_are_on_another_date_they_make_the_day_s_span():
    rows = utilisation(
        placed("1", "09:00", "10:00", event_day_id="d"),
        placed("2", "11:00", "13:00", event_day_id="d"),
        days=[{"id": "d", "date": "2025-05-12"}],
    )
    row = rows["h", date(2025, 5, 12)]
    assert (row["day_span_minutes"], row["busy_share_of_day"]) == (240, pytest.approx(0.75))


def test_a_session_without_a_beginning_keeps_no_hall_busy():
    lectures = [
        placed("0", "soon", "23:00", event_day_id="d"),
        placed("1", "09:00", "10:00", event_day_id="d"),
        placed("2", "soon", "10:00"),
    ]
    rows = utilisation(*lectures, days=[{"id": "d", "date": str(DAY)}])
    assert {key: (row["sessions"], row["busy_minutes"]) for key, row in rows.items()} == {
        ("h", DAY): (2, 60),
        ("h", None): (1, 0),
    }


def test_the_first_start_is_by_the_instant():
    row = only(build({"lectures": [placed("1", "09:00+02:00", "11:00")]}, "summary.hall_utilisation", "Europe/Vienna"))
    assert (row["first_start_local"], row["last_end_local"]) == (
        datetime(2026, 5, 12, 9, 0),
        datetime(2026, 5, 12, 11, 0),
    )

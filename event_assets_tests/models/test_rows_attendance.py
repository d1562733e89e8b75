"""Tickets, no-shows, and when people registered and came."""

from datetime import date, datetime
from typing import Any

import pytest

from event_assets_tests.models.bench import build
from event_assets_tests.models.rows import GONE, person

pytestmark = pytest.mark.usefixtures("engine")

THERE = {"checked_at": "2026-05-12T06:14:59Z"}
DAYS = [{"id": "d", "date": "2026-05-12"}, {"id": "e", "date": "2026-05-13"}]


def table(rows: list[dict[str, Any]], *key: str) -> dict[Any, tuple]:
    """The rows by some of their columns; a share is the other columns' quotient, and left out."""
    left_out = {"no_show_share", "share_of_people", "checkin_rate"}
    found = {
        tuple(row[name] for name in key): tuple(v for name, v in row.items() if name not in {*key, *left_out})
        for row in rows
    }
    assert len(found) == len(rows)
    return found


# --- staging.ticket_lists


@pytest.mark.parametrize(
    ("sent", "names"),
    [
        pytest.param(
            '[{"name":"A, \\"x\\""},{"name":" B "},{"name":"B"}]', {'A, "x"', "B"}, id="several, and one twice"
        ),
        pytest.param('{"name":"Z"}', {"Z"}, id="one object instead of a list"),
        pytest.param('[{"name":null},{"price":1},{"name":" "},{"name":5}]', {"5"}, id="no name, and a number as one"),
        pytest.param('["VIP", null, 7, [{"name":"in"}]]', set(), id="no objects"),
        pytest.param('"VIP"', set(), id="a text"),
        pytest.param("[]", set(), id="none"),
        pytest.param(None, set(), id="null"),
    ],
)
def test_tickets_have_names_or_do_not_count(sent: str | None, names: set[str]):
    rows = build({"participants": [person("1", tickets=sent), person("2", tickets=sent)]}, "staging.ticket_lists")
    assert [row["tickets"] for row in rows] == [sent] * len(names)
    assert {row["ticket"] for row in rows} == names


# --- ticket_types


def test_holders_of_several_tickets_count_for_each():
    people = [
        person("1", tickets='[{"name":"Day"},{"name":"Dinner"}]', registered_at="2026-03-01T23:30:00Z", **THERE),
        person("2", tickets='[{"name":"Day"}]', registered_at="2026-03-09T12:00:00Z"),
        person("3", tickets="[]", registered_at=None, **THERE),
        person("4", tickets='[{"name":"Gone"}]', **GONE),
    ]
    rows = build({"participants": people}, "summary.ticket_types", "Europe/Vienna")
    # Holders, without another ticket, checked in, first and last registration.
    assert table(rows, "ticket") == {
        ("Day",): (2, 1, 1, date(2026, 3, 2), date(2026, 3, 9)),
        ("Dinner",): (1, 0, 1, date(2026, 3, 2), date(2026, 3, 2)),
        ("(none)",): (1, 1, 1, None, None),
    }
    assert [row["ticket"] for row in rows] == ["Day", "(none)", "Dinner"]
    assert [row["share_of_people"] for row in rows] == pytest.approx([2 / 3, 1 / 3, 1 / 3])
    assert [row["checkin_rate"] for row in rows] == [0.5, 1, 1]


# --- no_shows


def test_who_is_not_there_by_role_group_company_ticket_and_time_of_registration():
    people = [
        person("1", role="e", company="Three Ltd", group_id="g", tickets='[{"name":"Day"},{"name":"Dinner"}]'),
        person("2", role="e", company="Three Ltd", registered_at="2026-04-12T12:00:00Z"),
        person("3", role="l", company="Three Ltd", registered_at="2026-05-04T12:00:00Z", **THERE),
        person("4", role="e", company="Ada's own", registered_at="2026-05-05T12:00:00Z", checked_at="yes"),
        person("5", role="e", company=" ", registered_at="2026-05-12T12:00:00Z"),
        person("6", role="", company=None, registered_at="soon"),
        person("7", role="e", company="Ada's own", **GONE),
    ]
    rows = build({"participants": people, "days": DAYS}, "summary.no_shows")
    assert table(rows, "dimension", "value") == {
        ("all", "(all)"): (6, 2, 4),
        ("role", "attendee"): (4, 1, 3),
        ("role", "lecturer"): (1, 1, 0),
        ("role", "(none)"): (1, 0, 1),
        ("group", "g"): (1, 0, 1),
        ("group", "(none)"): (5, 2, 3),
        ("company", "Three Ltd"): (3, 1, 2),
        ("company", "(other)"): (1, 1, 0),
        ("company", "(none)"): (2, 0, 2),
        ("ticket", "Day"): (1, 0, 1),
        ("ticket", "Dinner"): (1, 0, 1),
        ("ticket", "(none)"): (5, 2, 3),
        ("registered", "over 30 days before"): (1, 0, 1),
        ("registered", "8 to 30 days before"): (2, 1, 1),
        ("registered", "1 to 7 days before"): (1, 1, 0),
        ("registered", "from the first day on"): (1, 0, 1),
        ("registered", "(none)"): (1, 0, 1),
    }
    assert all(row["no_show_share"] == pytest.approx(row["no_shows"] / row["registered"]) for row in rows)


# --- attendance_over_time


def test_each_period_has_all_values_and_quarters_go_on_from_the_days_before():
    people = [
        person("1", role="e", registered_at="2026-05-09T12:00:00Z", checked_at="2026-05-12T06:14:59Z"),
        person("2", role="e", registered_at="2026-05-12T06:05:00Z", checked_at="2026-05-12T06:15:00Z"),
        person("3", role="l", registered_at="2026-05-09T22:30:00Z", checked_at="2026-05-12T21:59:00Z"),
        person("4", role="l", registered_at="soon", checked_at="yes"),
        person("5", role="l", registered_at="2026-05-09T12:00:00Z", **GONE),
    ]
    rows = build({"participants": people, "days": DAYS}, "summary.attendance_over_time", "Europe/Vienna")

    def of(step: str, dimension: str, value: str) -> dict[Any, tuple]:
        shown = [row for row in rows if (row["step"], row["dimension"], row["value"]) == (step, dimension, value)]
        return {row["starts_local"]: tuple(row.values())[5:] for row in shown}

    # Days to the opening, registrations, check-ins, both so far.
    assert of("day", "all", "(all)") == {
        datetime(2026, 5, 9): (3, 1, 0, 1, 0),
        datetime(2026, 5, 10): (2, 1, 0, 2, 0),
        datetime(2026, 5, 12): (0, 1, 3, 3, 3),
    }
    assert of("quarter_hour", "role", "attendee") == {
        datetime(2026, 5, 12, 8): (0, 1, 1, 2, 1),
        datetime(2026, 5, 12, 8, 15): (0, 0, 1, 2, 2),
        datetime(2026, 5, 12, 23, 45): (0, 0, 0, 2, 2),
    }
    assert of("quarter_hour", "role", "lecturer")[datetime(2026, 5, 12, 8)] == (0, 0, 0, 1, 0)
    assert {(row["dimension"], row["value"]) for row in rows} == {
        ("all", "(all)"), ("role", "attendee"), ("role", "lecturer"), ("group", "(none)"), ("ticket", "(none)")
    }  # fmt: skip
    assert len(rows) == (3 + 3) * 5


def test_without_a_programme_nobody_knows_how_many_days_are_left():
    rows = build({"participants": [person("1")]}, "summary.attendance_over_time")
    assert {row["days_to_opening"] for row in rows} == {None}


def test_the_thirty_most_frequent_values_are_named_and_the_others_counted_together():
    groups = [*(f"g{number:02}" for number in range(32)), "g31"]
    people = [person(str(number), group_id=group) for number, group in enumerate(groups)]
    rows = build({"participants": people}, "summary.attendance_over_time")
    counted = {row["value"]: row["registrations"] for row in rows if row["dimension"] == "group"}
    assert counted == {**{f"g{number:02}": 1 for number in range(29)}, "g31": 2, "(other)": 2}

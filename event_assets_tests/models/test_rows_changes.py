"""What the history keeps of an entry, and what is told as a change between two of its versions."""

from datetime import date, datetime
from typing import Any

import pytest

from event_assets.warehouse.relations import Relation
from event_assets_tests.engines.databases import Database
from event_assets_tests.models.bench import build, models
from event_assets_tests.models.rows import DAY, UTC, only, session

VERSIONS, CHANGES = Relation("history", "entry_versions"), Relation("summary", "schedule_changes")
TYPES = {
    **dict.fromkeys(
        ("entry_key", "kind", "title", "hall_id", "hall", "speaker_ids", "speakers", "times_sent"), "VARCHAR"
    ),
    **dict.fromkeys(("version", "refresh_number"), "BIGINT"),
    **dict.fromkeys(("seen_at", "starts_at", "ends_at"), "TIMESTAMP WITH TIME ZONE"),
    **dict.fromkeys(("starts_local", "ends_local"), "TIMESTAMP"),
    "is_removed": "BOOLEAN",
    "day": "DATE",
}
FIRST = {
    "entry_key": "lecture:1",
    "kind": "lecture",
    "title": "A talk",
    "day": DAY,
    "starts_at": datetime(2026, 5, 12, 7, tzinfo=UTC),
    "ends_at": datetime(2026, 5, 12, 8, tzinfo=UTC),
    "starts_local": datetime(2026, 5, 12, 9),
    "ends_local": datetime(2026, 5, 12, 10),
    "hall_id": "h",
    "hall": "Hall",
    "speaker_ids": "s",
    "speakers": "Ada",
    "times_sent": "d | 9 | 10",
    "is_removed": False,
}


def told(database: Database, *versions: dict[str, Any]) -> list[tuple[str, str | None, str | None]]:
    """The changes between versions, each of which names what is other than in the first one."""
    seen = datetime(2026, 5, 1, tzinfo=UTC)
    rows = [
        {**FIRST, "version": number, "refresh_number": number, "seen_at": seen, **version}
        for number, version in enumerate(({}, *versions), 1)
    ]
    with database.fresh():
        database.put(VERSIONS, TYPES, rows)
        database.make(CHANGES, "table", models()[CHANGES].render({"event_timezone": "UTC"}, database.dialect))
        found = database.rows("select change, old_value, new_value from summary.schedule_changes")
    return sorted((row["change"], row["old_value"], row["new_value"]) for row in found)


def test_the_types_of_the_history_are_those_of_its_columns():
    assert TYPES.keys() == {*models()[VERSIONS].columns}


NOON = {
    "starts_at": datetime(2026, 5, 12, 10, tzinfo=UTC),
    "starts_local": datetime(2026, 5, 12, 12),
    "ends_at": datetime(2026, 5, 12, 11, tzinfo=UTC),
    "ends_local": datetime(2026, 5, 12, 13),
}
MOVED = ("moved_time", "2026-05-12 09:00:00 to 2026-05-12 10:00:00", "2026-05-12 12:00:00 to 2026-05-12 13:00:00")


@pytest.mark.parametrize(
    ("other", "sent", "expected"),
    [
        pytest.param(NOON, "d | 12 | 13", [MOVED], id="another time"),
        pytest.param(NOON, "d | 9 | 10", [], id="what is sent is the same: another zone"),
        pytest.param(NOON, None, [MOVED], id="a release that did not keep what was sent"),
        pytest.param({"day": date(2026, 5, 11)}, "d | 9 | 10", [], id="a day in another zone"),
        pytest.param(
            {"day": date(2026, 5, 11)}, "c | 9 | 10", [("moved_day", "2026-05-12", "2026-05-11")], id="another day"
        ),
    ],
)
def test_what_is_sent_as_before_moves_nothing(
    engine: Database, other: dict[str, Any], sent: str | None, expected: list[tuple]
):
    assert told(engine, {**other, "times_sent": sent}) == expected
    assert told(engine, {**other, "times_sent": sent, "title": "B"}) == [*expected, ("renamed", "A talk", "B")]


@pytest.mark.parametrize("blank", [None, "", " \r\n"])
def test_an_identifier_stands_where_a_name_is_blank(engine: Database, blank: str | None):
    other = {"hall_id": "i", "hall": blank, "speaker_ids": "s, t", "speakers": blank}
    assert told(engine, other) == [("moved_hall", "Hall", "i"), ("speakers_changed", "Ada", "s, t")]
    assert told(engine, other, {}) == [
        ("moved_hall", "Hall", "i"),
        ("moved_hall", "i", "Hall"),
        ("speakers_changed", "Ada", "s, t"),
        ("speakers_changed", "s, t", "Ada"),
    ]


def test_blanks_around_a_title_and_a_blank_one_are_no_change(engine: Database):
    assert told(engine, {"title": " A talk\n"}) == []
    assert told(engine, {"title": "  "}, {"title": None}) == [("renamed", "A talk", None)]


@pytest.mark.parametrize("resource", ["lectures", "workshops", "pauses"])
@pytest.mark.usefixtures("engine")
def test_the_history_keeps_the_times_as_sent_whatever_the_zone(resource: str):
    days = [{"id": "d", "date": "2026-05-11T22:00Z "}]
    raw = {"days": days, resource: [session(event_day_id="d", start=" 2026-03-29T02:30:00", end=None)]}
    rows = {zone: only(build(raw, "history.entry_versions", zone)) for zone in ("Europe/Vienna", "UTC")}
    assert {row["times_sent"] for row in rows.values()} == {"2026-05-11T22:00Z | 2026-03-29T02:30:00 | "}
    assert rows["UTC"]["day"] != rows["Europe/Vienna"]["day"]
    assert rows["UTC"]["starts_local"] != rows["Europe/Vienna"]["starts_local"]

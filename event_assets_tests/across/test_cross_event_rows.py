"""Cross-event tables say what a computation in plain Python finds in the JSON of the events."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from event_assets.across.copies import EventCopy
from event_assets.across.duckdb_file import FILE_NAME, CrossEventFile
from event_assets.across.inputs import cross_event_models
from event_assets_tests.across import truth
from event_assets_tests.across.conftest import NOW, Published
from event_assets_tests.running import Reader

TODAY = NOW.date()


def build(copies: list[EventCopy], path: Path, now: datetime = NOW) -> dict[str, str]:
    """Build all cross-event tables into a file; return which events are missing."""
    with CrossEventFile(path).building(copies, now) as building:
        for model in cross_event_models().values():
            building.build(model)
            for test in model.data_tests:
                if test.severity == "error":
                    assert building.session.query(test.render("duckdb")) == [], test.name
        return {**building.missing}


@pytest.fixture(scope="module")
def reader(published: Published, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    path = tmp_path_factory.mktemp("across") / FILE_NAME
    assert build(published.copies, path) == {}
    return Reader(path)


def rows(reader: Reader, table: str, *grain: str) -> dict[Any, dict[str, Any]]:
    found = reader.records(f"from events.{table}")
    keyed = {tuple(row.pop(name) for name in grain): row for row in found}
    assert len(keyed) == len(found)
    return keyed


def by_name(reader: Reader, table: str, name: str) -> dict[str, dict[str, Any]]:
    return {key: row for (key,), row in rows(reader, table, name).items()}


def test_the_overview_has_the_numbers_of_each_event(published: Published, reader: Reader):
    expected = truth.overview(published.events, TODAY)
    found = by_name(reader, "events_overview", "event")
    assert found.keys() == expected.keys()
    for name, row in found.items():
        facts = {fact: value for fact, value in expected[name].items() if fact in row}
        assert len(facts) >= 19
        assert {fact: row[fact] for fact in facts} == facts, name
        assert row["missing"] is None
        assert row["is_archived"] is (name == "vienna2025")
        assert row["as_of"].astimezone().tzinfo
    assert {name: row["is_over"] for name, row in found.items()}["graz2026"] is False


def test_the_pace_has_registrations_and_check_ins_by_days_before_the_opening(published: Published, reader: Reader):
    expected = truth.pace(published.events, published.changed_on, TODAY)
    found = rows(reader, "registration_pace", "event", "day")
    assert found.keys() == expected.keys()
    assert len(found) > 100
    for key, row in found.items():
        assert row == {name: pytest.approx(v) if isinstance(v, float) else v for name, v in expected[key].items()}, key
    over = [row["share_of_registrations"] for (name, _), row in found.items() if name == "vienna2025"]
    assert over == sorted(over)
    assert over[-1] == 1


def test_speakers_are_one_where_their_names_say_so(published: Published, reader: Reader):
    expected = truth.speakers(published.events)
    found = by_name(reader, "speakers_across", "speaker_key")
    assert found == expected
    assert {row["events"] for row in found.values()} == {1, 2}
    assert sum(row["is_ambiguous"] for row in found.values()) >= 2


def test_partners_are_one_where_their_names_say_so(published: Published, reader: Reader):
    expected = truth.partners(published.events)
    found = by_name(reader, "partners_across", "partner_key")
    assert found == expected
    assert {row["events"] for row in found.values()} == {1, 2}

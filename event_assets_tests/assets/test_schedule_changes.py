"""What changes in the programme between two refreshes, read back from the history and its summary."""

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from event_assets.sandbox import Event, Sandbox, generate_event
from event_assets_tests.assets.programme import PROGRAMME, Refresh, refresh_programme
from event_assets_tests.code_location import configured, shared_definitions
from event_assets_tests.running import Reader, Run

CHANGES = "select entry_key, change, old_value, new_value from summary.schedule_changes order by all"
VERSIONS = "select entry_key, version, is_removed from history.entry_versions where version > 1 order by all"


def small_event() -> Event:
    """The same each time, so that one first refresh of it is that of all tests."""
    event = generate_event(lectures=24, participants=50, seed=7)
    event.content["lectures"][0].update(
        name="Before", start="2026-12-01T09:00:00+01:00", end="2026-12-01T09:45:00+01:00"
    )
    return event


@pytest.fixture
def event() -> Event:
    return small_event()


@pytest.fixture(scope="module")
def refreshed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the warehouse after the first refresh."""
    folder = tmp_path_factory.mktemp("refreshed")
    with configured(small_event(), folder):
        Run(shared_definitions())(*PROGRAMME)
    return folder


@pytest.fixture
def lecture(api: Sandbox, refreshed: Path, warehouse: Reader) -> dict[str, Any]:
    """A lecture of the event, as the API sends it, after the first refresh."""
    shutil.copytree(refreshed, warehouse.path.parent, dirs_exist_ok=True)
    return api.event.content["lectures"][0]


@pytest.fixture
def refresh(api: Sandbox, warehouse: Reader) -> Refresh:
    return lambda timezone=api.event.timezone: refresh_programme(api, warehouse.path, timezone)


def key(lecture: dict[str, Any]) -> str:
    return f"lecture:{lecture['id']}"


def test_the_first_refresh_is_no_change(lecture: dict, api: Sandbox, run: Run, warehouse: Reader):
    entries = sum(len(api.event.content[name]) for name in ("lectures", "workshops", "pauses"))
    assert warehouse.rows("select version, is_removed, count(*) from history.entry_versions group by all") == [
        (1, False, entries)
    ]
    assert warehouse.count("summary.schedule_changes") == 0


def test_the_same_data_adds_nothing(lecture: dict, run: Run, warehouse: Reader):
    before = warehouse.rows("from history.entry_versions order by all")
    run(*PROGRAMME)
    run("history/entry_versions")
    assert warehouse.rows("from history.entry_versions order by all") == before
    assert warehouse.count("summary.schedule_changes") == 0


def test_what_is_no_change_of_the_programme_adds_nothing(lecture: dict, refresh: Refresh, warehouse: Reader):
    lecture["description"] = "Another description"
    lecture["speakers"] = lecture["speakers"][::-1]
    refresh()
    assert warehouse.rows(VERSIONS) == []


def test_a_change_of_each_kind_is_told_with_what_was_before(lecture: dict, api: Sandbox, run: Run, warehouse: Reader):
    halls = {str(hall["id"]): hall["name"] for hall in api.event.content["halls"]}
    names = {str(speaker["id"]): speaker for speaker in api.event.content["speakers"]}
    old_hall = halls[str(lecture["hall_id"])]
    new_hall_id = next(hall_id for hall_id in halls if hall_id != str(lecture["hall_id"]))
    old_speakers = warehouse.rows(f"select speakers from summary.agenda where entry_key = '{key(lecture)}'")[0][0]
    speaker_id = next(speaker_id for speaker_id in names if speaker_id not in map(str, lecture["speakers"]))
    lecture.update(name="After", hall_id=new_hall_id, speakers=[speaker_id])
    lecture.update(start="2026-12-01T10:00:00+01:00", end="2026-12-01T10:45:00+01:00")
    run(*PROGRAMME)

    new_speakers = warehouse.rows(f"select speakers from summary.agenda where entry_key = '{key(lecture)}'")[0][0]
    assert api.event.timezone == "Europe/Vienna"  # as the local times below
    assert warehouse.rows(CHANGES) == [
        (key(lecture), "moved_hall", old_hall, halls[new_hall_id]),
        (
            key(lecture),
            "moved_time",
            "2026-12-01 09:00:00 to 2026-12-01 09:45:00",
            "2026-12-01 10:00:00 to 2026-12-01 10:45:00",
        ),
        (key(lecture), "renamed", "Before", "After"),
        (key(lecture), "speakers_changed", old_speakers, new_speakers),
    ]
    assert old_speakers != new_speakers


@pytest.mark.parametrize(
    ("field", "change"),
    [("name", "renamed"), ("hall_id", "moved_hall"), ("end", "moved_time"), ("speakers", "speakers_changed")],
)
def test_each_change_is_seen_without_the_others(
    lecture: dict, api: Sandbox, refresh: Refresh, warehouse: Reader, field, change
):
    other = {
        "name": "After",
        "hall_id": next(hall["id"] for hall in api.event.content["halls"] if hall["id"] != lecture["hall_id"]),
        "end": "2026-12-01T09:50:00+01:00",
        "speakers": [],
    }
    lecture[field] = other[field]
    refresh()
    assert warehouse.rows("select entry_key, change from summary.schedule_changes") == [(key(lecture), change)]


def test_the_same_hours_on_another_day_are_another_day(
    lecture: dict, api: Sandbox, refresh: Refresh, warehouse: Reader
):
    days = api.event.content["days"]
    old = next(day for day in days if day["id"] == lecture["event_day_id"])
    new = next(day for day in days if day["id"] != lecture["event_day_id"])
    lecture.update(event_day_id=new["id"], start="2026-12-02T09:00:00+01:00", end="2026-12-02T09:45:00+01:00")
    refresh()
    assert warehouse.rows(CHANGES) == [(key(lecture), "moved_day", str(old["date"])[:10], str(new["date"])[:10])]


@pytest.mark.parametrize(
    ("start", "end", "other", "change"),
    [
        pytest.param("2026-12-01T09:00:00+01:00", "2026-12-01T09:45Z", {"name": "After"}, "renamed", id="offset"),
        pytest.param("2026-12-01T23:30Z", "2026-12-02T00:15Z", {"end": "2026-12-02T02:00Z"}, "moved_time", id="night"),
        pytest.param("2026-12-01T23:30:00", "2026-12-02T00:15:00", {"name": "After"}, "renamed", id="no offset"),
    ],
)
def test_another_zone_in_the_settings_moves_nothing(
    lecture: dict, refresh: Refresh, warehouse: Reader, start: str, end: str, other: dict, change: str
):
    lecture.update(start=start, end=end, event_day_id=None)
    refresh()
    lecture.update(other)
    refresh(timezone="America/New_York")
    latest = "seen_at = (select max(seen_at) from history.entry_versions)"
    changes = warehouse.rows(f"select entry_key, change from summary.schedule_changes where {latest}")
    assert changes == [(key(lecture), change)]


def test_what_is_removed_comes_back_and_goes_again(lecture: dict, api: Sandbox, refresh: Refresh, warehouse: Reader):
    lectures = api.event.content["lectures"]
    lectures.remove(lecture)
    refresh()
    refresh()
    lectures.append(lecture | {"name": "Back"})
    refresh()
    lectures.pop()
    refresh()

    assert warehouse.rows(VERSIONS) == [(key(lecture), 2, True), (key(lecture), 3, False), (key(lecture), 4, True)]
    assert warehouse.rows(
        "select version, change, old_value, new_value from summary.schedule_changes order by version, change"
    ) == [
        (2, "removed", "Before", None),
        (3, "renamed", "Before", "Back"),
        (3, "returned", None, "Back"),
        (4, "removed", "Back", None),
    ]
    seen = warehouse.rows("select distinct version, seen_at from history.entry_versions order by seen_at")
    assert [version for version, _ in seen] == [1, 2, 3, 4]


def test_a_new_session_is_added(lecture: dict, api: Sandbox, refresh: Refresh, warehouse: Reader):
    api.event.content["lectures"].append(lecture | {"id": 990001, "name": "One more"})
    refresh()
    assert warehouse.rows(CHANGES) == [("lecture:990001", "added", None, "One more")]


CLOCK_SET_BACK = "update history.entry_versions set seen_at = seen_at + interval '2 days'"
"""As after a first refresh by a clock that was two days ahead."""
EARLY_RELEASE = "alter table history.entry_versions drop column refresh_number"


def change_stored(warehouse: Reader, *statements: str) -> None:
    with duckdb.connect(str(warehouse.path)) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.mark.parametrize("statements", [[CLOCK_SET_BACK], [EARLY_RELEASE], [CLOCK_SET_BACK, EARLY_RELEASE]])
def test_where_the_history_begins_is_no_matter_of_the_clock(
    statements: list[str], lecture: dict, api: Sandbox, refresh: Refresh, warehouse: Reader
):
    change_stored(warehouse, *statements)
    before = warehouse.rows("select columns(c -> c <> 'refresh_number') from history.entry_versions order by all")
    api.event.content["lectures"].append(lecture | {"id": 990001, "name": "One more"})
    lecture["name"] = "After"
    refresh()
    assert warehouse.rows(CHANGES) == [
        (key(lecture), "renamed", "Before", "After"),
        ("lecture:990001", "added", None, "One more"),
    ]
    after = (
        "select columns(c -> c <> 'refresh_number') from history.entry_versions where refresh_number = 1 order by all"
    )
    assert warehouse.rows(after) == before
    numbers = "select refresh_number, count(*) from history.entry_versions group by all order by all"
    assert warehouse.rows(numbers) == [(1, len(before)), (2, 2)]


def test_an_early_history_in_which_the_clock_was_set_back_is_put_in_order(
    lecture: dict, api: Sandbox, refresh: Refresh, warehouse: Reader
):
    """Two refreshes of a release that did not number them, the first one by a clock that was ahead."""
    api.event.content["lectures"].append(lecture | {"id": 990001, "name": "One more"})
    refresh()
    change_stored(warehouse, f"{CLOCK_SET_BACK} where refresh_number = 1", EARLY_RELEASE)
    lecture["name"] = "After"
    refresh()
    latest_first = "select refresh_number, entry_key, change from summary.schedule_changes"
    assert warehouse.rows(latest_first) == [(3, key(lecture), "renamed"), (2, "lecture:990001", "added")]


def test_an_early_history_may_hold_times_without_end(lecture: dict, refresh: Refresh, warehouse: Reader):
    for time in ("infinity", "-infinity"):
        columns = ", ".join(
            f"{name} = '{time}'" for name in ("starts_at", "ends_at", "starts_local", "ends_local", "day")
        )
        change_stored(warehouse, f"update history.entry_versions set times_sent = null, {columns}")
        lecture["name"] = f"After {time}"
        refresh()
        moved = "select count(*) from summary.schedule_changes where change = 'moved_time' and version > 1"
        assert warehouse.rows(moved)[0][0] > 0


def test_an_empty_programme_removes_what_was_there(lecture: dict, api: Sandbox, refresh: Refresh, warehouse: Reader):
    entries = warehouse.count("summary.agenda")
    for resource in ("lectures", "workshops", "pauses"):
        api.event.content[resource].clear()
    refresh()
    assert warehouse.rows("select change, count(*) from summary.schedule_changes group by all") == [
        ("removed", entries)
    ]


def test_a_time_without_the_other_one_is_told(lecture: dict, refresh: Refresh, warehouse: Reader):
    lecture["end"] = None
    refresh()
    lecture["start"] = "2026-12-01T10:00:00+01:00"
    refresh()
    lecture["start"] = None
    refresh()
    moves = "select old_value, new_value from summary.schedule_changes where change = 'moved_time' order by version"
    assert warehouse.rows(moves) == [
        ("2026-12-01 09:00:00 to 2026-12-01 09:45:00", "2026-12-01 09:00:00 to ?"),
        ("2026-12-01 09:00:00 to ?", "2026-12-01 10:00:00 to ?"),
        ("2026-12-01 10:00:00 to ?", None),
    ]


def test_what_has_the_same_name_is_told_by_its_identifier(
    lecture: dict, api: Sandbox, refresh: Refresh, warehouse: Reader
):
    hall = next(hall for hall in api.event.content["halls"] if hall["id"] == lecture["hall_id"])
    api.event.content["halls"].append(hall | {"id": 990002})
    api.event.content["speakers"].append(api.event.content["speakers"][0] | {"id": 990003, "name": " "})
    old_speakers = sorted(map(str, lecture["speakers"]))
    lecture.update(hall_id=990002, speakers=[*lecture["speakers"], 990003])
    refresh()
    assert warehouse.rows(CHANGES) == [
        (key(lecture), "moved_hall", str(hall["id"]), "990002"),
        (key(lecture), "speakers_changed", ", ".join(old_speakers), ", ".join(sorted([*old_speakers, "990003"]))),
    ]

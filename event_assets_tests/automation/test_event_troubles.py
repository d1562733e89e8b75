"""What is found in rows of the copy: both ways, kind by kind, and never anything of a participant."""

from datetime import date, datetime, timedelta, timezone
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_assets.automation.event_troubles import (
    CONFLICTS,
    FULL_WORKSHOPS,
    LATE_CHANGES,
    SILENCE,
    WANTED,
    EventTrouble,
    event_troubles,
    kinds_of,
)
from event_assets.settings import AlertSettings, SettingsError

VIENNA, UTC = ZoneInfo("Europe/Vienna"), timezone.utc
TEN = datetime(2030, 5, 6, 10)
"""On the clock of the event."""
ALL = AlertSettings(late_change_hours=2, full_workshops=True, silent_checkin_minutes=30)


def at(hour: int, minute: int = 0) -> datetime:
    """An instant of the event's day."""
    return datetime(2030, 5, 6, hour, minute, tzinfo=VIENNA)


def found(kind: str, *rows: list[dict[str, Any]], settings: AlertSettings = ALL) -> list[EventTrouble]:
    return event_troubles({kind: rows}, settings, VIENNA)


def test_only_clashes_are_alerted_unless_more_is_set():
    assert kinds_of(AlertSettings()) == {CONFLICTS: 1}
    assert kinds_of(AlertSettings(conflicts=False)) == {}
    assert kinds_of(ALL) == {CONFLICTS: 1, LATE_CHANGES: 2, FULL_WORKSHOPS: 1, SILENCE: 30}
    assert kinds_of(ALL).keys() == WANTED.keys()


@pytest.mark.parametrize(
    ("name", "value"), [("late_change_hours", -1), ("late_change_hours", 721), ("silent_checkin_minutes", 14)]
)
def test_settings_that_cannot_be_used_are_refused(name: str, value: int):
    with pytest.raises(SettingsError, match=rf"`{name}` in the section \[alerts\] of \.dlt/config\.toml must be"):
        AlertSettings(**cast(Any, {name: value}))


# --- clashes and double bookings


def clash(**fields: Any) -> dict[str, Any]:
    return {
        "session_key": "lecture:1", "other_session_key": "workshop:2", "title": "Keynote", "other_title": "Rust",
        "hall": "Aula", "hall_id": "7", "overlap_starts_local": TEN, "overlap_minutes": 15, **fields,
    }  # fmt: skip


def booking(**fields: Any) -> dict[str, Any]:
    row = {**clash(), "speaker": "Ada", "speaker_id": "s1", "other_hall": None, "likely_team": False, **fields}
    return {name: value for name, value in row.items() if name != "hall_id"}


def test_a_clash_is_named_by_its_sessions_and_its_hall_and_is_over_when_they_are():
    assert found(CONFLICTS, [clash()], []) == [
        EventTrouble(
            CONFLICTS,
            "“Keynote” and “Rust” in the hall Aula",
            "“Keynote” and “Rust” overlap in the hall Aula by 15 minutes, from 2030-05-06 10:00 on.",
            ends=at(10, 15),
        )
    ]
    assert found(CONFLICTS, [], []) == []


def test_without_names_there_are_identifiers():
    [trouble] = found(CONFLICTS, [clash(title=None, hall=None)], [])
    assert trouble.name == "“lecture:1” and “Rust” in the hall 7"


def test_a_double_booking_names_the_speaker_and_no_group():
    [trouble] = found(CONFLICTS, [], [booking(), booking(likely_team=True)])
    assert trouble.name == "Ada in “Keynote” and “Rust”"
    assert trouble.text == "Ada is in “Keynote” (Aula) and in “Rust” at once, from 2030-05-06 10:00 on."
    assert trouble.ends == at(10, 15)


# --- late changes


def change(**fields: Any) -> dict[str, Any]:
    return {
        "entry_key": "lecture:1", "version": 2, "change": "moved_hall", "seen_at": at(9, 15).astimezone(UTC),
        "kind": "lecture", "title": "Keynote", "old_value": "Aula", "new_value": "Saal", **fields,
    }  # fmt: skip


def version(number: int, starts_at: datetime | None, *, removed: bool = False) -> dict[str, Any]:
    starts_at = starts_at and starts_at.astimezone(UTC)
    return {"entry_key": "lecture:1", "version": number, "starts_at": starts_at, "is_removed": removed}


def test_a_session_that_is_moved_shortly_before_its_start_is_told_until_it_begins():
    rows = [change(), change(change="moved_time", old_value="10:00 to 11:00", new_value="10:30 to 11:30")]
    assert found(LATE_CHANGES, rows, [version(1, at(10)), version(2, at(10, 30))]) == [
        EventTrouble(
            LATE_CHANGES,
            "change 2 of “Keynote” (lecture:1)",
            "“Keynote” was moved (hall: Aula → Saal; time: 10:00 to 11:00 → 10:30 to 11:30), seen 45 minutes before "
            "its start at 2030-05-06 10:00.",
            ends=at(10, 30),
        )
    ]


@pytest.mark.parametrize(
    ("before", "after", "is_late"),
    [
        pytest.param(at(11, 15), at(15), True, id="two hours before the old start"),
        pytest.param(at(15), at(11, 15), True, id="two hours before the new start"),
        pytest.param(at(11, 16), at(15), False, id="earlier"),
        pytest.param(at(9), at(15), False, id="it had begun"),
        pytest.param(at(9, 15), None, True, id="as it begins"),
        pytest.param(None, None, False, id="nobody knows when"),
    ],
)
def test_late_is_what_is_seen_within_the_hours_before_either_start(
    before: datetime | None, after: datetime | None, is_late: bool
):
    versions = [version(1, before), version(2, after)]
    assert bool(found(LATE_CHANGES, [change()], versions)) is is_late


def test_a_removed_session_is_told_unless_it_is_back():
    removed = change(change="removed", old_value="Keynote", new_value=None)
    gone = [version(1, at(10)), version(2, at(10), removed=True)]
    [trouble] = found(LATE_CHANGES, [removed], gone)
    assert trouble.text == "“Keynote” was removed, seen 45 minutes before its start at 2030-05-06 10:00."
    assert found(LATE_CHANGES, [removed], [*gone, version(3, at(10))]) == []


@pytest.mark.parametrize("fields", [{"kind": "break"}, {"change": "renamed"}, {"change": "speakers_changed"}])
def test_other_changes_are_not_told(fields: dict[str, Any]):
    assert found(LATE_CHANGES, [change(**fields)], [version(1, at(10)), version(2, at(10))]) == []


# --- full workshops


def workshop(**fields: Any) -> dict[str, Any]:
    return {
        "session_key": "workshop:2", "title": "Rust", "starts_local": TEN, "hall": "Aula", "capacity": 20,
        "booked_seats": 21, "is_full": True, **fields,
    }  # fmt: skip


def test_a_workshop_that_is_full_is_told_until_it_begins():
    assert found(FULL_WORKSHOPS, [workshop(), workshop(is_full=False), workshop(is_full=None)]) == [
        EventTrouble(
            FULL_WORKSHOPS,
            "the workshop “Rust” (workshop:2)",
            "The workshop “Rust” in the hall Aula at 2030-05-06 10:00 is full: 21 of 20 seats are taken.",
            ends=at(10),
        )
    ]
    [unknown] = found(FULL_WORKSHOPS, [workshop(starts_local=None, hall=None, capacity=None)])
    assert (unknown.text, unknown.ends) == ("The workshop “Rust” is full.", None)


# --- check-ins that stop

HALLS = [
    {"day": date(2030, 5, 6), "first_start_local": TEN, "last_end_local": TEN + timedelta(hours=2)},
    {"day": date(2030, 5, 6), "first_start_local": TEN - timedelta(hours=1), "last_end_local": TEN},
    {"day": date(2030, 5, 6), "first_start_local": None, "last_end_local": None},
    {"day": None, "first_start_local": TEN, "last_end_local": TEN},
]


def quarter(starts_local: datetime, checkins: int = 1) -> dict[str, Any]:
    return {"day": starts_local.date(), "starts_local": starts_local, "checkins": checkins}


@pytest.mark.parametrize(
    ("quarters", "since"),
    [
        pytest.param([], (9, 0), id="nobody yet: since the first session"),
        pytest.param([quarter(TEN - timedelta(hours=3))], (9, 0), id="only before it"),
        pytest.param([quarter(TEN), quarter(TEN - timedelta(hours=1))], (10, 15), id="since the last quarter's end"),
        pytest.param([quarter(TEN), quarter(TEN + timedelta(hours=1), 0)], (10, 15), id="none is none"),
        pytest.param([quarter(TEN - timedelta(days=1))], (9, 0), id="of another day"),
    ],
)
def test_check_ins_have_stopped_for_so_long_while_sessions_go_on(quarters: list[dict[str, Any]], since: tuple):
    [trouble] = found(SILENCE, HALLS, quarters)
    assert (trouble.begins, trouble.ends) == (at(*since) + timedelta(minutes=30), at(12))
    assert trouble.name == "no check-ins on 2030-05-06"
    assert trouble.text == f"Nobody has checked in since 2030-05-06 {since[0]:02}:{since[1]:02}, while sessions go on."


def test_at_the_end_of_the_day_nobody_has_to_check_in():
    assert found(SILENCE, HALLS, [quarter(TEN + timedelta(hours=1, minutes=15))]) == []


# --- whatever is in the rows

TEXTS = st.none() | st.text(max_size=200) | st.just("Ask ada@example.org\nor Bob")


@given(
    titles=st.lists(TEXTS, min_size=2, max_size=2),
    hall=TEXTS,
    minutes=st.integers(1, 10_000),
    starts=st.datetimes(datetime(1000, 1, 2), datetime(8999, 12, 1)),
    settings=st.builds(AlertSettings, late_change_hours=st.integers(1, 720)),
)
def test_any_text_makes_a_sentence_on_one_line_without_an_address(
    titles: list[str | None], hall: str | None, minutes: int, starts: datetime, settings: AlertSettings
):
    fields = {"title": titles[0], "other_title": titles[1], "hall": hall, "overlap_minutes": minutes}
    row = clash(**fields, overlap_starts_local=starts)
    moved = change(title=titles[0], old_value=hall, new_value=titles[1])
    troubles = [
        *found(CONFLICTS, [row], [booking(**fields, overlap_starts_local=starts)]),
        *found(LATE_CHANGES, [moved], [version(1, at(10)), version(2, at(10))], settings=settings),
        *found(FULL_WORKSHOPS, [workshop(title=titles[0], hall=hall, starts_local=starts)]),
    ]
    assert len(troubles) == 4
    for trouble in troubles:
        assert trouble.name
        assert len(trouble.text.splitlines()) == 1
        assert "ada@example.org" not in trouble.text + trouble.name
        assert len(trouble.text) < 600

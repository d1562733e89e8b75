"""Each question of docs/questions.md: its SQL gives what plain Python finds, of an invented and of a real event."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

from event_assets.models import build
from event_assets.sandbox import Event, Sandbox, generate_event
from event_assets.sandbox.more import MORE
from event_assets.settings import RemovalSettings
from event_assets.source.api.resources import resources_by_endpoint
from event_assets.source.tables.more import tables_of
from event_assets_tests import truth, truth_attendance, truth_more, truth_people, truth_programme, truth_readiness
from event_assets_tests.conftest import CHECKOUT
from event_assets_tests.models.bench import models_of
from event_assets_tests.source.syncing import run_sync
from event_assets_tests.warehouses import file_warehouse

WRITTEN = "2026-05-12 14:30"
TIMES = {"invented": WRITTEN, "fosdem": "2026-01-31 12:00"}
Rows = Iterable[tuple]


class Asked(NamedTuple):
    """An event, its warehouse, and the time at which the questions are asked."""

    event: Event
    path: Path
    at: datetime


def refresh(event: Event, path: Path) -> None:
    """Sync an event into a DuckDB file, and build all models."""
    warehouse = file_warehouse(path)
    with Sandbox(event) as api:
        for resources in resources_by_endpoint(event.more).values():
            run_sync(api, warehouse, *resources, removals=RemovalSettings(allowed=True))
    with warehouse.connect() as client:
        for model in models_of(tables_of(event.more)).values():
            build(client, model, {"event_timezone": event.timezone})


def sections() -> dict[int, tuple[str, str]]:
    """The questions of the page by number: each with its SQL, or "" where the API does not say."""
    page = (CHECKOUT / "docs" / "questions.md").read_text(encoding="utf-8")
    found = {}
    for number, question, body in re.findall(r"^### (\d+)\. (.+?)\n(.*?)(?=^##|\Z)", page, re.MULTILINE | re.DOTALL):
        sql = re.search(r"```sql\n(.*?)```", body, re.DOTALL)
        assert bool(sql) is not body.strip().startswith("The API does not say."), question
        found[int(number)] = (question, sql[1] if sql else "")
    return found


@pytest.fixture(scope="module", params=TIMES)
def asked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Asked:
    if request.param == "fosdem":
        event = request.getfixturevalue("fosdem")
    else:
        event = generate_event(lectures=60, participants=200, seed=3, more=MORE)
        event.content["workshops"][0] |= {"available": 0, "booked": True}
    path = tmp_path_factory.mktemp("questions") / "warehouse.duckdb"
    refresh(event, path)
    return Asked(event, path, datetime.fromisoformat(TIMES[request.param]))


def facts(table: dict[Any, dict[str, Any]], *names: str, where: Callable[[dict[str, Any]], Any] = bool) -> Rows:
    return [tuple(row[name] for name in names) for row in table.values() if where(row)]


def next_in_each_hall(asked: Asked) -> Rows:
    placed = [s for s in truth.sessions(asked.event) if s.hall and s.start_local and s.start_local >= asked.at]
    for hall in {session.hall for session in placed}:
        first = min((s for s in placed if s.hall == hall), key=lambda session: (session.start_local, session.key))
        yield hall, first.start_local, first.title


def free_halls(asked: Asked) -> Rows:
    held = [session for session in truth.sessions(asked.event) if session.hall and session.start_local]
    until = asked.at + timedelta(hours=1)
    busy = {s.hall for s in held if s.end_local and s.start_local and s.start_local < until and s.end_local > asked.at}
    return [(hall,) for hall in {session.hall for session in held} - busy]


def fullest_break(asked: Asked) -> Rows:
    breaks = truth_readiness.break_pressure(asked.event)
    most = max((row["sessions_before"] for row in breaks.values()), default=0)
    names = ("title", "day", "sessions_before", "halls_before")
    return facts(breaks, *names, where=lambda row: row["sessions_before"] == most)


def without_photo(asked: Asked) -> Rows:
    speaking = {speaker for session in truth.sessions(asked.event) for speaker in session.speaker_ids}
    speakers = asked.event.content["speakers"]
    return [(s["name"].strip() or None,) for s in speakers if s["id"] in speaking and not s.get("photo")]


def who_is_absent(asked: Asked) -> Rows:
    roles = truth_attendance.no_shows(asked.event)
    return [(value, row["no_shows"], row["registered"]) for (kind, value), row in roles.items() if kind == "role"]


def arrivals(asked: Asked) -> Rows:
    periods = truth_attendance.attendance_over_time(asked.event)
    return [
        (start, row["checkins"], row["checkins_so_far"])
        for (step, start, dimension, _), row in periods.items()
        if (step, dimension) == ("quarter_hour", "all")
    ]


ANSWERS: dict[int, Callable[[Asked], Rows]] = {
    1: who_is_absent,
    2: arrivals,
    3: next_in_each_hall,
    4: free_halls,
    5: fullest_break,
    7: lambda asked: facts(
        truth_programme.workshop_capacity(asked.event), "title", "day", "starts_local", where=lambda w: w["is_full"]
    ),
    8: lambda asked: [
        (session.title, session.start_local, row["free_seats"])
        for session in truth.sessions(asked.event)
        if (row := truth_readiness.session_demand(asked.event).get((session.key,))) and row["free_seats"] > 0
    ],
    9: lambda asked: facts(
        truth_readiness.session_demand(asked.event), "title", "capacity", "booked_seats",
        where=lambda row: row["booked_seats"] >= 0.9 * row["capacity"],
    ),
    12: lambda asked: facts(
        truth_programme.hall_conflicts(asked.event), "hall", "title", "other_title", "overlap_minutes"
    ),
    13: lambda asked: facts(
        truth_programme.speaker_conflicts(asked.event), "speaker", "title", "other_title",
        where=lambda row: not row["likely_team"],
    ),
    14: lambda asked: [
        (_name(asked.event, speaker), row["hall"], row["next_hall"], row["minutes_between"])
        for (speaker, _, _), row in truth_readiness.speaker_transfers(asked.event).items()
        if row["is_tight"]
    ],
    15: lambda asked: facts(
        truth_programme.hall_gaps(asked.event), "hall", "starts_local", "ends_local",
        where=lambda row: row["minutes"] >= 45,
    ),
    16: lambda asked: [
        (key, row["missing"])
        for (key,), row in truth_readiness.session_readiness(asked.event).items()
        if row["missing"]
    ],
    17: without_photo,
    18: lambda asked: [
        (language, row["speakers"], row["sessions"])
        for (language,), row in truth_readiness.language_mix(asked.event).items()
    ],
    19: lambda asked: [
        (ticket, row["holders"], row["checked_in"])
        for (ticket,), row in truth_attendance.ticket_types(asked.event).items()
    ],
    20: lambda asked: facts(
        truth_people.partners_overview(asked.event), "company", "missing",
        where=lambda row: row["sponsor"] and row["missing"],
    ),
    21: lambda asked: facts(
        truth_more.session_ratings(asked.event), "title", "average_stars", "reviews",
        where=lambda row: row["reviews"] >= 3,
    ),
    22: lambda asked: [
        (status, row["registrations"])
        for (dimension, _, status), row in truth_more.registration_funnel(asked.event).items()
        if dimension == "all"
    ],
}  # fmt: skip
"""The rows that answer a question, in any order."""

OF_OPTIONAL_RESOURCES = {21, 22}
"""The questions that reviews and registrations answer."""


def _name(event: Event, speaker: str) -> str | None:
    return next((s["name"].strip() or None for s in event.content["speakers"] if str(s["id"]) == speaker), None)


def test_there_are_twenty_questions_and_two_of_optional_resources_and_each_has_an_answer_or_none():
    found = sections()
    assert [*found] == [*range(1, 23)]
    assert {number for number, (_, sql) in found.items() if sql} == ANSWERS.keys()


@pytest.mark.parametrize("number", ANSWERS)
def test_the_sql_answers_the_question(asked: Asked, number: int):
    question, sql = sections()[number]
    if number in OF_OPTIONAL_RESOURCES and not asked.event.more:
        pytest.skip("the event has no optional resources")
    assert set(re.findall(r"(?:from|join) (\w+)\.", sql)) == {"summary"}
    with duckdb.connect(str(asked.path), read_only=True) as connection:
        rows = connection.sql(sql.replace(WRITTEN, f"{asked.at:%Y-%m-%d %H:%M}")).fetchall()
    assert Counter(rows) == Counter(ANSWERS[number](asked)), question


def test_the_answers_are_of_something(asked: Asked):
    empty = {number for number, answer in ANSWERS.items() if not [*answer(asked)]}
    # FOSDEM publishes no breaks and no partners; its one workshop is not full, and no hall is taken twice.
    assert empty <= ({5, 7, 9, 12, 20, *OF_OPTIONAL_RESOURCES} if asked.event.content["pauses"] == [] else set())

"""A DuckLake as the warehouse: a whole run, changes, removals and what readers see, with DuckDB's rows as the truth."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import dagster as dg
import pytest

from event_assets.sandbox import Event, Sandbox, generate_event
from event_assets_tests.code_location import shared_definitions
from event_assets_tests.engines.lakes import Lake
from event_assets_tests.running import Reader, Run, RunResult

SCHEMAS = ("raw", "staging", "history", "summary")
_BY_LOT = ("_dlt_id", "_dlt_parent_id", "_dlt_root_id", "_dlt_load_id", "load_id", "seen_at", "removed_at")
"""Columns that differ from run to run: drawn by lot, or the time of the run."""


class Course(NamedTuple):
    """What became of an event, on one warehouse."""

    reader: Reader
    published: Reader
    runs: list[RunResult]


def change(event: Event) -> None:
    """Change, add, remove and break records of an event."""
    lectures, people = event.content["lectures"], event.participants
    lectures[0] |= {"title": "Changed, with a 'quote' and a \\ and 💡", "start": "soon"}
    lectures[1] |= {"speakers": lectures[1].get("speakers", [])[:1], "description": None}
    lectures.append({**lectures[2], "id": 999_001, "note": "undeclared", "start": "2026-10-25T02:30:00+02:00"})
    lectures.append({"title": "without a key"})
    del lectures[3]
    people.append({"id": "new", "email": "new.person@example.org", "name": "New\u00a0Person"})
    del people[0]


def restore(event: Event, removed: dict[str, object]) -> None:
    """Bring back a record that was removed."""
    event.participants.insert(0, removed)


def course(event: Event, api: Sandbox, reader: Reader, published: Reader) -> Course:
    """Run everything three times: the event as it is, changed, and with a removed person back."""
    run = Run(shared_definitions(), dg.DagsterInstance.ephemeral())
    first, runs = event.participants[0], [run()]
    change(event)
    runs.append(run())
    restore(event, first)
    runs.append(run())
    return Course(reader, published, runs)


@contextmanager
def environment(settings: dict[str, str]) -> Iterator[None]:
    """Set the environment in a block."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module", params=["postgres", "sqlite"])
def lake(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, extensions: Path) -> Iterator[Lake]:
    folder = tmp_path_factory.mktemp("lake")
    if request.param == "sqlite":
        yield Lake(folder, extensions)
        return
    server = request.getfixturevalue("postgres")
    with server.database() as name:
        yield Lake(folder, extensions, server.url(name))


def configuration(api: Sandbox, event: Event) -> dict[str, str]:
    return {
        "SOURCES__EVENT_API__BASE_URL": api.base_url,
        "SOURCES__EVENT_API__API_TOKEN": api.token,
        "EVENT__TIMEZONE": event.timezone,
    }


@pytest.fixture(scope="module")
def of_duckdb(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """What DuckDB makes of it."""
    event, folder = generate_event(lectures=24, participants=50, seed=7), tmp_path_factory.mktemp("duckdb")
    files = folder / "warehouse.duckdb", folder / "published.duckdb"
    settings = {"DESTINATION__DUCKDB__CREDENTIALS": str(files[0]), "WAREHOUSE__PUBLISHED": str(files[1])}
    with Sandbox(event, token="token") as api, environment({**configuration(api, event), **settings}):
        return course(event, api, *map(Reader, files))


@pytest.fixture(scope="module")
def of_lake(lake: Lake) -> Course:
    """What a DuckLake makes of it."""
    event = generate_event(lectures=24, participants=50, seed=7)
    with Sandbox(event, token="token") as api, environment({**configuration(api, event), **lake.settings()}):
        return course(event, api, lake.reader(), lake.published())


def contents(reader: Reader, table: str) -> list[str]:
    """The rows of a table without what differs from run to run."""
    there = reader.columns(table)
    names = sorted(f'rows."{name}"' for name in there if name not in _BY_LOT)
    source = f"{table} as rows"
    if "removed_at" in there:
        names.append("rows.removed_at is not null")
    if "_dlt_parent_id" in there:  # an entry of a list, which belongs to a row
        parents = table.partition("__")[0]
        names.append("parents.id")
        source += f" join {parents} as parents on parents._dlt_id = rows._dlt_parent_id"
    return sorted(map(repr, reader.rows(f"select {', '.join(names)} from {source}")))


def tables(reader: Reader) -> list[str]:
    query = (
        "select distinct table_schema || '.' || table_name from information_schema.tables"
        f" where table_schema in {SCHEMAS} and not starts_with(table_name, '_dlt') order by 1"
    )
    return [name for (name,) in reader.rows(query)]


def test_every_table_has_the_rows_that_duckdb_has(of_lake: Course, of_duckdb: Course):
    assert tables(of_lake.reader) == tables(of_duckdb.reader)
    assert len(tables(of_lake.reader)) >= 40
    different = [
        name for name in tables(of_duckdb.reader) if contents(of_lake.reader, name) != contents(of_duckdb.reader, name)
    ]
    assert different == []


def test_the_content_versions_are_those_of_duckdb(of_lake: Course, of_duckdb: Course):
    query = "select resource, version, received, rejected from _sync.checkpoints order by all"
    assert of_lake.reader.rows(query) == of_duckdb.reader.rows(query)
    assert len(of_lake.reader.rows(query)) == 9


def test_the_lake_for_readers_has_what_the_published_file_has(of_lake: Course, of_duckdb: Course):
    assert tables(of_lake.published) == tables(of_duckdb.published)
    for name in tables(of_duckdb.published):
        assert of_lake.published.columns(name) == of_duckdb.published.columns(name)
        assert contents(of_lake.published, name) == contents(of_duckdb.published, name), name
    notes = "select relation, column_name, status, why, setting from main.about_this_copy order by all"
    assert of_lake.published.rows(notes) == of_duckdb.published.rows(notes)


def test_the_checks_find_what_they_find_on_duckdb(of_lake: Course, of_duckdb: Course):
    for mine, truth in zip(of_lake.runs, of_duckdb.runs, strict=True):
        assert mine.checks == truth.checks
        assert mine.materialised == truth.materialised

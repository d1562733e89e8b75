"""Syncs into Delta tables that are killed at a commit: the next sync puts the tables right."""

import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from event_assets.sandbox import Event, Sandbox, generate_event
from event_assets.source.tables.schema import TABLES
from event_assets.warehouse.engines.spark.lake import Lake
from event_assets_tests.engines.delta import LakeReader, lake_warehouse
from event_assets_tests.source import crash
from event_assets_tests.source.courses import change
from event_assets_tests.source.syncing import run_sync

CONTENT = ("lectures", "halls", "tracks")


class Killed(BaseException):
    """Stands for the end of a process: nothing in this project catches it."""


def contents(lake: LakeReader) -> dict[str, list[str]]:
    """What the tables hold of live rows, without dlt's identifiers."""
    found = {}
    for name in (*CONTENT, "participants"):
        if f"raw.{name}" in lake.tables():
            columns = ", ".join(f'"{column.name}"' for column in TABLES[name].columns)
            query = f"select {columns}, record_hash from raw.{name} where removed_at is null"
            found[name] = sorted(map(repr, lake.rows(query)))
            for link in TABLES[name].link_tables:
                query = f"select p.id, l.value, l._dlt_list_idx from raw.{link} l left join raw.{name} p"
                on = "on p._dlt_id = l._dlt_parent_id where p.removed_at is null"
                found[link] = sorted(map(repr, lake.rows(f"{query} {on}")))
    return found


@contextmanager
def killed_at(commit: int, *, after: bool) -> Iterator[list[str]]:
    """Kill what runs at a commit, before or after it is made; yield the tables committed so far."""
    made: list[str] = []
    overwrite = Lake.overwrite

    def counted(lake: Lake, relation: Any, *rest: Any) -> None:
        if len(made) == commit and not after:
            raise Killed
        overwrite(lake, relation, *rest)
        made.append(str(relation))
        if len(made) == commit + 1 and after:
            raise Killed

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Lake, "overwrite", counted)
        yield made


def events() -> Iterator[Event]:
    """An event as it is at each of its syncs."""
    event, numbers = generate_event(lectures=24, participants=50, seed=7), random.Random("killed")
    yield event
    for _ in range(2):
        change(event, numbers)
        yield event


class Undisturbed(NamedTuple):
    """What comes of the syncs where none is killed: the folder after the first, the tables, and each one's commits."""

    begun: Path
    contents: dict[str, list[str]]
    commits: list[int]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Sequence[str]], Undisturbed]:
    @cache
    def go(resources: Sequence[str]) -> Undisturbed:
        folder, commits = tmp_path_factory.mktemp("undisturbed"), []
        begun = folder.with_name(f"{folder.name} begun")
        for event in events():
            with Sandbox(event) as api, killed_at(-1, after=True) as made:
                run_sync(api, lake_warehouse(folder), *resources)
            commits.append(len(made))
            if not begun.exists():
                shutil.copytree(folder, begun)
        return Undisturbed(begun, contents(LakeReader(folder)), commits)

    return go


ALL_COMMITS = [pytest.mark.slow, pytest.mark.nightly]


@pytest.mark.parametrize("place", [0.0, 0.5, 0.8, 1.0, pytest.param(None, marks=ALL_COMMITS)])
@pytest.mark.parametrize("first", [True, False], ids=["first sync", "later sync"])
@pytest.mark.parametrize("resources", [CONTENT, ("participants",)], ids=["content", "participants"])
def test_a_sync_that_is_killed_at_a_commit_is_put_right_by_the_next(
    tmp_path: Path,
    undisturbed: Callable[[Sequence[str]], Undisturbed],
    resources: Sequence[str],
    first: bool,
    place: float | None,
):
    begun, expected, commits = undisturbed(resources)
    number = commits[0 if first else 1]
    assert number > 2
    for commit in range(number) if place is None else [round(place * (number - 1))]:
        folder, states = tmp_path / f"killed {commit}", events()
        if not first:
            next(states)
            shutil.copytree(begun, folder)
        with Sandbox(next(states)) as api, killed_at(commit, after=bool(commit % 2)) as committed:
            with pytest.raises(Killed):
                run_sync(api, lake_warehouse(folder), *resources)
            assert "_sync.checkpoints" not in committed[:-1]
        rest = [*states]
        for event in rest:
            with Sandbox(event) as api:
                run_sync(api, lake_warehouse(folder), *resources)
        assert contents(LakeReader(folder)) == expected, commit
        before = LakeReader(folder).versions()
        with Sandbox(rest[-1]) as api:
            run_sync(api, lake_warehouse(folder), *resources)
        assert LakeReader(folder).versions() == before


@pytest.mark.parametrize("commit", [1, 4])
def test_a_process_that_is_killed_leaves_no_lock_and_nothing_in_the_way(api: Sandbox, tmp_path: Path, commit: int):
    lake = LakeReader(tmp_path)
    assert crash.killed(partial(lake_warehouse, tmp_path), api, f"commit {commit}", "content", CONTENT)
    assert len([table for table in lake.tables() if table != "_sync.checkpoints"]) == commit
    run_sync(api, lake_warehouse(tmp_path, wait_seconds=0), *CONTENT)
    assert lake.rows("select count(*), count(distinct id) from raw.lectures") == [(24, 24)]
    before = lake.versions()
    run_sync(api, lake_warehouse(tmp_path), *CONTENT)
    assert lake.versions() == before

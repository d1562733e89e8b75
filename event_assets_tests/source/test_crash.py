"""Killed at every stage: the next sync puts the tables right, without duplicates and without a hand."""

import random
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from event_assets.sandbox import Event, Sandbox
from event_assets.source.schema import TABLES
from event_assets.warehouse import Warehouse
from event_assets_tests.running import Warehouse as Reader
from event_assets_tests.source.syncing import bring

ENDPOINTS = {"content": ("lectures", "halls", "tracks"), "participants": ("participants",)}

SYNC = """
import os, signal, sys, threading
from pathlib import Path

import dlt
from event_assets.settings import EventApiSettings
from event_assets.source import ledger, sync as module
from event_assets.source.records import Intake
from event_assets.warehouse import Warehouse

path, base_url, token, stage, endpoint, resources = sys.argv[1:]

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def dying_after(function):
    def call(*args, **kwargs):
        function(*args, **kwargs)
        die()
    return call

def dying_soon(function, seconds):
    def call(*args, **kwargs):
        threading.Timer(seconds, die).start()
        return function(*args, **kwargs)
    return call

pipeline = dlt.Pipeline
name, _, when = stage.partition(" ")
if name == "extract":
    Intake.__call__ = die
elif name in ("normalize", "load"):
    function = getattr(pipeline, name)
    setattr(pipeline, name, dying_after(function) if when == "after" else dying_soon(function, float(when)))
elif name == "schema":
    pipeline.sync_schema = dying_after(pipeline.sync_schema)
elif name == "settle":
    ledger.settle = dying_after(ledger.settle)
module.sync(EventApiSettings(base_url, token), Warehouse(Path(path)), endpoint, resources.split())
"""

STAGES = [
    "extract",
    "normalize 0.01",
    "normalize after",
    "schema",
    "load 0.02",
    "load 0.05",
    "load 0.1",
    "load 0.2",
    "load after",
    "settle",
]


def killed(place: Warehouse, api: Sandbox, stage: str, endpoint: str) -> bool:
    """Sync in a process that dies at a stage; whether it did."""
    arguments = [str(place.path), api.base_url, api.token, stage, endpoint, " ".join(ENDPOINTS[endpoint])]
    return (
        subprocess.run(
            [sys.executable, "-c", SYNC, *arguments], check=False, capture_output=True, timeout=60
        ).returncode
        == -signal.SIGKILL
    )


def table_contents(path: Path, resources: Sequence[str]) -> dict[str, list[str]]:
    """What the tables hold, without dlt's identifiers and the times of removal."""
    reader, contents = Reader(path), {}
    for name in resources:
        columns = ", ".join(f'"{column.name}"' for column in TABLES[name].columns)
        query = f"select {columns}, record_hash, removed_at is not null from raw.{name}"
        contents[name] = sorted(map(repr, reader.rows(query)))
        for link in TABLES[name].link_tables:
            query = (
                f"select p.id, l.value, l._dlt_list_idx from raw.{link} l"
                f" left join raw.{name} p on p._dlt_id = l._dlt_parent_id"
            )
            contents[link] = sorted(map(repr, reader.rows(query)))
    return contents


def change(event: Event, numbers: random.Random) -> None:
    """Move, add and cancel some of the programme."""
    lectures, halls = event.content["lectures"], event.content["halls"]
    for lecture in numbers.sample(lectures, 5):
        lecture.update(hall_id=numbers.choice(halls)["id"], speakers=[numbers.randint(7001, 7010)])
    lectures.append({**lectures[0], "id": numbers.randint(90000, 99999), "tracks": []})
    lectures.remove(numbers.choice(lectures))
    event.content["tracks"][0]["name"] = f"Renamed {numbers.random()}"
    people = event.participants
    for place in numbers.sample(range(len(people)), 5):
        people[place] = {**people[place], "position": f"Promoted {numbers.random()}"}
    people.append({**people[0], "id": numbers.randint(90000, 99999), "email": f"{numbers.random()}@example.org"})
    people.append({**people[1], "email": f"{numbers.random()}@example.org", "shoe_size": 40})
    people.remove(numbers.choice(people))


@pytest.fixture
def api(event: Event) -> Iterator[Sandbox]:
    with Sandbox(event) as sandbox:
        yield sandbox


@pytest.mark.slow
@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("first", [True, False], ids=["first sync", "later sync"])
def test_a_killed_sync_is_put_right_by_the_next(tmp_path: Path, api: Sandbox, first: bool, endpoint: str):
    numbers, died, resources = random.Random(1), [], ENDPOINTS[endpoint]
    for round_number, stage in enumerate(STAGES):
        disturbed, undisturbed = (Warehouse(tmp_path / f"{round_number}" / name) for name in ("a.duckdb", "b.duckdb"))
        if not first:
            bring(api, disturbed, *resources)
            bring(api, undisturbed, *resources)
            change(api.event, numbers)
        died.append(killed(disturbed, api, stage, endpoint))
        if numbers.random() < 0.5:
            change(api.event, numbers)
        bring(api, disturbed, *resources)
        bring(api, undisturbed, *resources)
        expected = table_contents(undisturbed.path, resources)
        seen = table_contents(disturbed.path, resources)
        # What came and went while the sync was dying may be there as removed, and never have come to the other one.
        extra = {name: [row for row in seen[name] if row not in expected[name]] for name in seen}
        assert all(row.endswith("True)") for name in resources for row in extra[name]), (stage, extra)
        assert all(row in seen[name] for name in seen for row in expected[name]), stage
        for name in resources:
            key = TABLES[name].key
            keys = Reader(disturbed.path).rows(f"select count(*), count(distinct {key}) from raw.{name}")[0]
            assert keys[0] == keys[1], stage
        assert not [path for path in disturbed.path.parent.iterdir() if path.name.endswith(".dlt")], stage
    # Timers may come too late on a quick machine, the other stages not.
    hit = {stage for stage, dead in zip(STAGES, died, strict=True) if dead}
    assert {"extract", "normalize after", "schema", "load after", "settle"} <= hit
    assert any(stage.startswith("load 0.") for stage in hit), "never killed while loading"

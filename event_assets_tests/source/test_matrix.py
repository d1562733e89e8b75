"""Each fault at each endpoint: what is loaded or refused, what is said, how often is asked, what the tables hold."""

import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import requests

from event_assets.sandbox import Event, Sandbox, faults, generate_event
from event_assets.sandbox.faults import Fault
from event_assets.sandbox.responses import BASE_PATH, answer
from event_assets.source.api.resources import resources_by_endpoint
from event_assets.source.api.responses import read_content, read_listing
from event_assets.source.errors import InvalidResponseError, SyncError
from event_assets.source.tables.schema import TABLES
from event_assets.warehouse import Warehouse
from event_assets_tests.conftest import CHECKOUT
from event_assets_tests.running import Reader
from event_assets_tests.source.matrix import MATRIX, Case
from event_assets_tests.source.matrix_page import page
from event_assets_tests.source.syncing import run_sync
from event_assets_tests.warehouses import file_warehouse

RESOURCES = {"content": ("halls", "lectures"), "partners": ("partners",), "participants": ("participants",)}
VALUES = {"top_level", "data_value", "replace_resource"}
"""Faults that put any value into an answer."""


def _cells() -> tuple[list, list]:
    """Each fault at each endpoint: those to sync, and the values that are read as one of these is, and refused there.

    A list is another way than what is none: its entries are looked at one by one.
    """
    to_sync, to_read, ways = [], [], set()
    for case in MATRIX:
        for fault, endpoint in case.cells:
            kind, _, value = fault.name.partition("=")
            way = (case.what, endpoint, kind, value.rpartition("=")[2].startswith("["))
            known = kind in VALUES and case.outcome == "refused" and way in ways
            ways.add(way)
            cell = pytest.param(case, fault, endpoint, id=f"{endpoint}: {case.what} ({fault.name})")
            (to_read if known else to_sync).append(cell)
    return to_sync, to_read


CELLS, VALUES_TO_READ = _cells()


def patience(case: Case, fault: Fault) -> float:
    """Seconds to wait for an answer: few where none comes at all, some where the next attempt is answered."""
    if fault.name not in ("hang", "stalled"):
        return 10
    return 1 if case.once else 0.5


def event_of(records: int | None) -> Event:
    """An event of which the lists have so many records."""
    event = generate_event(lectures=12, participants=30, seed=3)
    if records is not None:
        del event.partners[records:], event.participants[records:]
    return event


def changed(event: Event) -> Event:
    """The event after somebody has worked on it; the same number of records."""
    event.content["lectures"][0]["name"] = "Changed"
    event.content["halls"][0]["name"] = "Changed"
    event.partners[0]["company"] = "Changed"
    event.participants[0] = {**event.participants[0], "company": "Changed"}
    return event


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> dict[int | None, Path]:
    """Warehouses after a sync without fault, by the number of records."""
    folder, made = tmp_path_factory.mktemp("templates"), {}
    for records in {case.records for case in MATRIX}:
        warehouse = file_warehouse(folder / f"{records}.duckdb")
        with Sandbox(event_of(records)) as api:
            for resources in RESOURCES.values():
                run_sync(api, warehouse, *resources)
        made[records] = warehouse.path
    return made


@pytest.fixture(scope="module")
def held(templates: dict[int | None, Path]) -> Callable[[int | None, str], dict[str, list[tuple]]]:
    """What the tables of an endpoint hold in a template; read once."""
    return cache(lambda records, endpoint: contents(file_warehouse(templates[records]), endpoint))


def contents(warehouse: Warehouse, endpoint: str) -> dict[str, list[tuple]]:
    """What the tables of an endpoint hold."""
    reader = Reader(warehouse.path)
    return {name: reader.rows(f"select * from raw.{name} order by id") for name in RESOURCES[endpoint]}


def names(warehouse: Warehouse, table: str) -> dict[str, str]:
    """What shows whether a table holds the event before or after the change."""
    column = "company" if table in ("partners", "participants") else "name"
    return dict(Reader(warehouse.path).rows(f"select id, {column} from raw.{table} where removed_at is null"))


def said(event: Event, table: str) -> dict[str, str]:
    """The same, of the event."""
    field = "company" if table in ("partners", "participants") else "name"
    records = getattr(event, table) if table in ("partners", "participants") else event.content[table]
    return {str(record["id"]): record[field] for record in records}


@pytest.mark.parametrize(("case", "fault", "endpoint"), CELLS)
def test_fault(
    case: Case,
    fault: Fault,
    endpoint: str,
    templates: dict[int | None, Path],
    held: Callable[[int | None, str], dict[str, list[tuple]]],
    tmp_path: Path,
):
    warehouse = file_warehouse(tmp_path / "warehouse.duckdb")
    shutil.copy(templates[case.records], warehouse.path)
    before = held(case.records, endpoint)
    event = changed(event_of(case.records))
    logged: list[str] = []
    message = ""
    with Sandbox(event) as api:
        api.fail(endpoint, fault, times=1 if case.once else None)
        try:
            run_sync(api, warehouse, *RESOURCES[endpoint], logged=logged, timeout=patience(case, fault))
        except SyncError as refusal:
            message = str(refusal)
        asked = api.requests[f"/public/v1/{endpoint}"]

    assert asked == case.requests
    assert set(api.requests) == {f"/public/v1/{endpoint}"}
    assert bool(message) is (case.outcome == "refused"), message
    if case.outcome == "refused":
        assert case.says in message
        assert message.endswith("The tables are unchanged.")
        assert f"/public/v1/{endpoint}" in message or "raw." in message
        assert contents(warehouse, endpoint) == before
    elif case.outcome == "unchanged":
        assert logged == [case.says]
        assert names(warehouse, "lectures") == said(event, "lectures")
        assert contents(warehouse, endpoint)["halls"] == before["halls"]
    else:
        assert len(logged) == (case.requests - 1 if case.outcome == "loaded after a retry" else 0)
        assert all(case.says in line for line in logged)
        for table in RESOURCES[endpoint]:
            assert names(warehouse, table) == said(event, table)
            assert "Changed" in names(warehouse, table).values()
    everything = message + "".join(logged)
    assert api.token not in everything
    assert "@" not in everything


def read(came: requests.Response, endpoint: str) -> None:
    """Read an answer to its last record."""
    if endpoint == "content":
        read_content(came, resources_by_endpoint()["content"])
    else:
        for batch in read_listing(came, "participants")["data"][0].batches():
            batch.records()


@pytest.mark.parametrize(("case", "fault", "endpoint"), VALUES_TO_READ)
def test_another_value_is_refused_as_it_is_read(case: Case, fault: Fault, endpoint: str):
    path = f"{BASE_PATH}/{endpoint}"
    right = answer(event_of(case.records), path, envelope="data", page_size=5000, base_url="")
    faulty, came = fault.apply(right, f"http://127.0.0.1{path}"), requests.Response()
    came.status_code, came.url, came._content = faulty.status, f"http://127.0.0.1{path}", b"".join(faulty.chunks)
    with pytest.raises(InvalidResponseError) as refusal:
        read(came, endpoint)
    message = str(refusal.value)
    assert message.startswith(f"GET {path} returned ")
    assert case.says in message
    assert "@" not in message


def test_the_matrix_is_large():
    assert len(CELLS) + len(VALUES_TO_READ) >= 170
    assert len(VALUES_TO_READ) >= 20
    assert {endpoint for _, endpoint in (cell for case in MATRIX for cell in case.cells)} == set(RESOURCES)


def test_the_page_in_the_docs_is_that_of_the_matrix():
    written = (CHECKOUT / "docs" / "what-happens-when.md").read_text(encoding="utf-8")
    assert written == page(), "write it anew: make docs"


def test_every_raw_table_stays_as_it_is_when_an_answer_is_refused(tmp_path: Path):
    """What the matrix shows of some holds for all, also where the rest of the answer is right and has changed."""
    warehouse, event, endpoints = file_warehouse(tmp_path / "warehouse.duckdb"), event_of(None), resources_by_endpoint()
    wrong = {
        "content": faults.replace_resource("tracks", "x"),
        "partners": faults.data_value([*event.partners[1:], None]),
        "participants": faults.data_value([*event.participants[1:], None]),
    }
    links = [link for table in TABLES.values() for link in table.link_tables]

    def tables() -> dict[str, list[str]]:
        return {
            name: sorted(map(repr, Reader(warehouse.path).rows(f"from raw.{name}")))
            for name in [*TABLES, *links, "rejected"]
        }

    with Sandbox(event) as api:
        for resources in endpoints.values():
            run_sync(api, warehouse, *resources)
        before = tables()
        assert all(before[name] for name in TABLES)
        for records in event.content.values():
            records[0] = {**records[0], "name": "Changed"}
        for endpoint, resources in endpoints.items():
            api.fail(endpoint, wrong[endpoint])
            with pytest.raises(SyncError, match=r"The tables are unchanged\.$"):
                run_sync(api, warehouse, *resources)
    assert tables() == before
    assert {name for resources in endpoints.values() for name in resources} == TABLES.keys()
    assert RESOURCES.keys() == endpoints.keys()

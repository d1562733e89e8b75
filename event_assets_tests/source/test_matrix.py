"""Each fault at each endpoint: what is loaded or refused, what is said, how often is asked, what the tables hold."""

import shutil
from pathlib import Path

import pytest

from event_assets.sandbox import Event, Sandbox, generate_event
from event_assets.sandbox.faults import Fault
from event_assets.source.failures import SyncError
from event_assets.source.schema import TABLES
from event_assets.warehouse import Warehouse
from event_assets_tests.conftest import CHECKOUT
from event_assets_tests.running import Warehouse as Reader
from event_assets_tests.source.matrix import MATRIX, Case, page
from event_assets_tests.source.syncing import bring

RESOURCES = {"content": ("halls", "lectures"), "partners": ("partners",), "participants": ("participants",)}
CELLS = [
    pytest.param(case, fault, endpoint, id=f"{endpoint}: {case.what} ({fault.name})")
    for case in MATRIX
    for fault, endpoint in case.cells
]


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
        place = Warehouse(folder / f"{records}.duckdb")
        with Sandbox(event_of(records)) as api:
            for resources in RESOURCES.values():
                bring(api, place, *resources)
        made[records] = place.path
    return made


def contents(place: Warehouse, endpoint: str) -> dict[str, list[tuple]]:
    """What the tables of an endpoint hold."""
    reader = Reader(place.path)
    return {name: reader.rows(f"select * from raw.{name} order by id") for name in RESOURCES[endpoint]}


def names(place: Warehouse, table: str) -> dict[str, str]:
    """What tells whether a table holds the event before or after the change."""
    column = "company" if table in ("partners", "participants") else "name"
    return dict(Reader(place.path).rows(f"select id, {column} from raw.{table} where removed_at is null"))


def said(event: Event, table: str) -> dict[str, str]:
    """The same, of the event."""
    field = "company" if table in ("partners", "participants") else "name"
    records = getattr(event, table) if table in ("partners", "participants") else event.content[table]
    return {str(record["id"]): record[field] for record in records}


@pytest.mark.parametrize(("case", "fault", "endpoint"), CELLS)
def test_fault(case: Case, fault: Fault, endpoint: str, templates: dict[int | None, Path], tmp_path: Path):
    place = Warehouse(tmp_path / "warehouse.duckdb")
    shutil.copy(templates[case.records], place.path)
    before = contents(place, endpoint)
    event = changed(event_of(case.records))
    told: list[str] = []
    message = ""
    with Sandbox(event) as api:
        api.fail(endpoint, fault, times=1 if case.once else None)
        try:
            bring(api, place, *RESOURCES[endpoint], told=told)
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
        assert contents(place, endpoint) == before
    elif case.outcome == "left as it is":
        assert told == [case.says]
        assert names(place, "lectures") == said(event, "lectures")
        assert contents(place, endpoint)["halls"] == before["halls"]
    else:
        assert len(told) == case.requests - 1
        assert all(case.says in line for line in told)
        for table in RESOURCES[endpoint]:
            assert names(place, table) == said(event, table)
            assert "Changed" in names(place, table).values()
    everything = message + "".join(told)
    assert api.token not in everything
    assert "@" not in everything


def test_the_matrix_is_large():
    assert len(CELLS) >= 60
    assert {endpoint for _, endpoint in (cell for case in MATRIX for cell in case.cells)} == set(RESOURCES)


def test_the_page_in_the_docs_is_that_of_the_matrix():
    written = (CHECKOUT / "docs" / "what-happens-when.md").read_text(encoding="utf-8")
    assert written == page(), "write it anew: python -m event_assets_tests.source.matrix > docs/what-happens-when.md"


def test_every_raw_table_is_covered_by_the_page_s_promise():
    assert {name for names in RESOURCES.values() for name in names} <= TABLES.keys()

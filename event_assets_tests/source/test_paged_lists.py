"""Lists in pages, taken in batches, with records of the fast way among others: in their order, and whole."""

import json
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st

from event_assets.sandbox import Event, Sandbox, generate_event
from event_assets.sandbox.faults import Fault
from event_assets.sandbox.responses import Envelope, Response, json_response
from event_assets.settings import EventApiSettings, RemovalSettings
from event_assets.source.api.pages import Expectation, Page
from event_assets.source.errors import SyncError
from event_assets.source.load.changes import Upserts
from event_assets.source.load.row_file import RowFile
from event_assets.source.probe import ProbeError, probe
from event_assets.source.sync import SyncSettings
from event_assets.source.tables.schema import TABLES
from event_assets.warehouse import Warehouse
from event_assets_tests.examples import LARGE, examples
from event_assets_tests.running import Reader
from event_assets_tests.source.diffing import compared_pages
from event_assets_tests.source.syncing import run_sync
from event_assets_tests.warehouses import file_warehouse

people = st.lists(
    st.fixed_dictionaries(
        {"email": st.sampled_from([f"p{number}@example.org" for number in range(12)])},
        optional={"shoe_size": st.integers(30, 50)},
    ),
    min_size=4,
    max_size=20,
)


def first_of_each(said: list[dict[str, Any]]) -> dict[str, tuple[str, str | None]]:
    """What the table should hold: the first record of each address, an undeclared field as text."""
    rows: dict[str, tuple[str, str | None]] = {}
    for record in said:
        size = record.get("shoe_size")
        rows.setdefault(record["email"], (str(record["id"]), None if size is None else str(size)))
    return rows


def held(warehouse: Warehouse) -> dict[str, tuple[str, str | None]]:
    reader = Reader(warehouse.path)
    size = "shoe_size" if "shoe_size" in reader.columns("raw.participants") else "null"
    rows = reader.rows(f"select email_key, id, {size} from raw.participants where removed_at is null")
    return {key: (identifier, size) for key, identifier, size in rows}


def odd_at(*indexes: int, of: int) -> list[dict[str, Any]]:
    """Records of different people, those at some indexes with a field that nobody has declared."""
    return [
        {"email": f"q{index}@example.org", **({"shoe_size": 40} if index in indexes else {})} for index in range(of)
    ]


@pytest.mark.slow
@examples(2, *LARGE)
@given(a=people, b=people, page_size=st.integers(1, 6), batch=st.integers(1, 4))
@example(a=odd_at(0, 10, 20, of=34), b=odd_at(20, of=34), page_size=10, batch=7)
@example(a=odd_at(1, of=5), b=[], page_size=4, batch=1)
def test_the_first_record_of_each_key_is_held_and_every_one(
    a: list[dict[str, Any]], b: list[dict[str, Any]], page_size: int, batch: int
):
    event = generate_event(lectures=0, participants=0)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("event_assets.source.api.pages.BATCH_RECORDS", batch)
        warehouse = file_warehouse(Path(folder) / "w.duckdb")
        with Sandbox(event, envelope="pages", page_size=page_size) as api:
            for said in (a, b, a):
                said = [{"id": index, **record} for index, record in enumerate(said)]  # no page is the one before again
                event.participants = said
                result = run_sync(api, warehouse, "participants", removals=RemovalSettings(allowed=True))[
                    "participants"
                ]
                assert held(warehouse) == first_of_each(said)
                assert result.received - result.rejected == len(first_of_each(said))
                again = run_sync(api, warehouse, "participants")["participants"]
                assert (again.loaded, again.removed, again.version) == (0, 0, result.version)


@examples(100)
@given(said=people, page_size=st.integers(1, 6), batch=st.integers(1, 4))
def test_the_first_record_of_each_key_counts_however_a_list_is_cut(
    said: list[dict[str, Any]], page_size: int, batch: int
):
    said = [{"id": index, **record} for index, record in enumerate(said)]
    cut = [said[first : first + page_size] for first in range(0, len(said), page_size)]
    pages = [
        Page("participants", Expectation("/x", "a list"), json.dumps(records).encode(), next_url=f"?page={number}")
        for number, records in enumerate(cut, 2)
    ]
    pages[-1] = replace(pages[-1], next_url=None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("event_assets.source.api.pages.BATCH_RECORDS", batch)
        rows, changes = compared_pages("participants", pages)
    taken = {row["email_key"]: (row["id"], row.get("shoe_size")) for row in rows}
    assert taken == first_of_each(said)
    assert (changes.received, changes.taken) == (len(said), len(rows)) == (len(said), len(taken))


def test_a_file_that_is_finished_takes_no_more_rows(tmp_path: Path):
    file = RowFile(TABLES["participants"], tmp_path / "rows.parquet")
    file.finished()
    with pytest.raises(ValueError, match="participants is finished, and 1 more rows came"):
        file.add(Upserts(["p@example.org"], [""], [None], [object()]))


def going_round(pages: list[list[dict[str, Any]]], back_to: int, *, changing: bool) -> Fault:
    """Pages that begin again at one of them after the last, under ever new addresses."""

    def answer(_: Response, address: str) -> Response:
        number = int(parse_qs(urlsplit(address).query).get("page", ["1"])[0]) - 1
        page = pages[number if number < len(pages) else back_to + (number - back_to) % (len(pages) - back_to)]
        records = [{**record, "position": f"{number}"} for record in page] if changing else page
        return json_response(200, {"data": records, "links": {"next": f"?page={number + 2}"}})

    return Fault("going_round", answer)


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, Warehouse]]:
    """An API and a warehouse that holds its lists: for tests after which it holds the same."""
    warehouse = file_warehouse(tmp_path_factory.mktemp("synced") / "w.duckdb")
    with Sandbox(generate_event(lectures=0, participants=5)) as api:
        run_sync(api, warehouse, "partners")
        run_sync(api, warehouse, "participants")
        yield api, warehouse


@pytest.mark.parametrize("resource", ["partners", "participants"])
@examples(6, HealthCheck.too_slow)
@given(sizes=st.lists(st.integers(1, 3), min_size=1, max_size=4), changing=st.booleans(), data=st.data())
def test_pages_that_go_round_are_refused_and_come_to_an_end(
    synced: tuple[Sandbox, Warehouse], resource: str, sizes: list[int], changing: bool, data: st.DataObject
):
    api, warehouse = synced
    back_to = data.draw(st.integers(0, len(sizes) - 1))
    numbers = iter(range(100))
    pages = [[{"id": n, "email": f"p{n}@example.org"} for n in islice(numbers, size)] for size in sizes]
    before = Reader(warehouse.path).rows(f"select * from raw.{resource} order by all")
    assert before
    api.fail(resource, going_round(pages, back_to, changing=changing))
    api.reset_requests()
    loops = "already read|previous page again|of earlier pages only"
    with pytest.raises(SyncError, match=rf"({loops}).*The tables are unchanged"):
        run_sync(api, warehouse, resource)
    assert api.requests[f"/public/v1/{resource}"] <= 2 * len(pages) + 1
    assert Reader(warehouse.path).rows(f"select * from raw.{resource} order by all") == before
    with pytest.raises(ProbeError, match=loops):
        probe(EventApiSettings(api.base_url, api.token), resource, None, SyncSettings())


def test_accounts_that_share_a_placeholder_are_loaded_from_pages_of_nothing_else(warehouse: Warehouse):
    event = generate_event(lectures=0, participants=0)
    event.participants = [
        {"id": number, "email": "anonymous" if number >= 5 else f"p{number}@example.org"} for number in range(21)
    ]
    with Sandbox(event, envelope="pages", page_size=5) as api:
        result = run_sync(api, warehouse, "participants")["participants"]
    assert (result.received, result.loaded, result.rejected) == (21, 21, 0)


def test_pages_of_accounts_that_share_an_address_do_not_go_round(warehouse: Warehouse):
    event = generate_event(lectures=0, participants=0)
    event.participants = [
        {"id": number, "email": f"p{number if number < 5 else 0}@example.org"} for number in range(21)
    ]
    with Sandbox(event, envelope="pages", page_size=5) as api:
        result = run_sync(api, warehouse, "participants")["participants"]
    assert (result.received, result.loaded, result.rejected) == (21, 5, 16)


def moving(event: Event, *, first: int) -> Fault:
    """The right answer; after it, the list begins later by one record, or earlier."""

    def answer(response: Response, _: str) -> Response:
        sent = json_response(200, json.loads(b"".join(response.chunks)))
        event.participants = (
            event.participants[1:] if first else [{"id": 99, "email": "new@example.org"}, *event.participants]
        )
        return sent

    return Fault("moving", answer)


@pytest.mark.parametrize(("first", "missed", "rejected"), [(1, {"p5@example.org"}, 0), (0, {"new@example.org"}, 1)])
def test_a_record_that_moves_while_pages_are_read_is_there_again_with_the_next_sync(
    warehouse: Warehouse, first: int, missed: set[str], rejected: int
):
    """The API does not say that a list has changed since its first page was sent."""
    event = generate_event(lectures=0, participants=0)
    event.participants = [{"id": number, "email": f"p{number}@example.org"} for number in range(12)]
    with Sandbox(event, envelope="pages", page_size=5) as api:
        run_sync(api, warehouse, "participants")
        api.fail("participants", moving(event, first=first), times=1)
        result = run_sync(api, warehouse, "participants")["participants"]
        now = {person["email"] for person in event.participants}
        assert now - held(warehouse).keys() == missed
        assert result.rejected == rejected

        run_sync(api, warehouse, "participants")
        assert held(warehouse).keys() == now


def counted(total: Any, *, over: int = 0) -> Fault:
    """The right answer, with a count of all records beside it: of an envelope's top level and of its `meta`."""

    def answer(right: Response, _: str) -> Response:
        envelope = json.loads(b"".join(right.chunks))
        return json_response(200, {**envelope, "total": total, "meta": {"total": over}})

    return Fault("counted", answer)


@pytest.mark.parametrize("total", [21, "21", 20, 0, None, "many", 21.5])
@pytest.mark.parametrize("envelope", ["data", "pages"])
def test_a_list_that_is_as_long_as_it_says_or_longer_is_loaded(warehouse: Warehouse, envelope: Envelope, total: Any):
    event = generate_event(lectures=0, participants=21)
    with Sandbox(event, envelope=envelope, page_size=5) as api:
        api.fail("participants", counted(total))
        for loaded in (21, 0):
            result = run_sync(api, warehouse, "participants")["participants"]
            assert (result.received, result.loaded) == (21, loaded)


def test_a_list_that_is_shorter_than_it_says_is_refused_after_its_last_page(warehouse: Warehouse):
    event = generate_event(lectures=0, participants=21)
    with Sandbox(event, envelope="pages", page_size=5) as api:
        run_sync(api, warehouse, "participants")
        del event.participants[13:]
        api.fail("participants", counted(13, over=21))
        with pytest.raises(SyncError, match="returned 13 of 21 records, without the address of the next page"):
            run_sync(api, warehouse, "participants")
    assert len(held(warehouse)) == 21


def headed(total: int) -> Fault:
    """The right answer, with a header that says how many records there are."""

    def answer(right: Response, _: str) -> Response:
        return json_response(200, json.loads(b"".join(right.chunks)), {"X-Total-Count": str(total)})

    return Fault("headed", answer)


def test_the_same_body_is_refused_once_a_header_says_that_it_is_a_part(warehouse: Warehouse):
    event = generate_event(lectures=0, participants=21)
    with Sandbox(event) as api:
        api.fail("participants", headed(21), times=2)
        for loaded in (21, 0):
            assert run_sync(api, warehouse, "participants")["participants"].loaded == loaded
        api.fail("participants", headed(4000))
        with pytest.raises(SyncError, match="returned 21 of 4,000 records"):
            run_sync(api, warehouse, "participants")
    assert len(held(warehouse)) == 21

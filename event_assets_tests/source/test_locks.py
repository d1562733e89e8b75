"""A sync holds up nobody while it waits for the server, and no second one of its endpoint runs beside it."""

import sys
import threading
from collections.abc import Callable

import duckdb
import pytest
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

from event_assets.sandbox import Event, Sandbox
from event_assets.settings import EventApiSettings
from event_assets.source.sync import sync
from event_assets.warehouse import Warehouse, WarehouseBusyError
from event_assets_tests.locks import is_open_here, somebody_else_can_write
from event_assets_tests.running import Reader, Run
from event_assets_tests.source.syncing import run_sync
from event_assets_tests.warehouses import file_warehouse

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows which files a process has open")


@pytest.fixture
def on_request(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[str], object]], None]:
    """Call something with the address of each request before it is sent."""
    send = HTTPAdapter.send

    def set_up(call: Callable[[str], object]) -> None:
        def calling(self: HTTPAdapter, request: PreparedRequest, *args: object, **options: object) -> Response:
            call(str(request.url))
            return send(self, request, *args, **options)  # pyright: ignore[reportArgumentType]

        monkeypatch.setattr(HTTPAdapter, "send", calling)

    return set_up


@linux
@pytest.mark.parametrize("kept_open", [False, True], ids=["alone", "in a run"])
def test_nobody_is_held_up_while_the_server_is_waited_for(
    warehouse: Warehouse, reader: Reader, event: Event, on_request: Callable, kept_open: bool
):
    seen: list[tuple[bool, bool]] = []
    on_request(lambda _: seen.append((somebody_else_can_write(warehouse.path), is_open_here(warehouse.path))))

    def sync_all(api: Sandbox) -> None:
        run_sync(api, warehouse, "halls", "lectures", "speakers")
        run_sync(api, warehouse, "partners")
        run_sync(api, warehouse, "participants")

    with Sandbox(event, envelope="pages", page_size=20) as api:
        for change in ("loads", "repeats", "changes"):
            if change == "changes":
                event.content["halls"][0]["name"] = "Another Hall"
                event.participants[45] = {**event.participants[45], "company": "Another Company"}
            if kept_open:
                with warehouse.kept_open():
                    sync_all(api)
            else:
                sync_all(api)
    assert len(seen) == 3 * (1 + 1 + 3), "each page is a request"
    assert set(seen) == {(True, False)}
    assert reader.rows("select count(*) from raw.halls where name = 'Another Hall'") == [(1,)]
    assert reader.rows("select count(*) from raw.participants where company = 'Another Company'") == [(1,)]


@linux
def test_a_run_gives_the_warehouse_back_while_it_waits_and_has_it_otherwise(
    run: Run, warehouse: Warehouse, use_api: Callable[..., Sandbox], event: Event, on_request: Callable
):
    use_api(event)
    seen: list[tuple[str, bool, bool]] = []
    on_request(
        lambda url: seen.append(
            (url.rpartition("/")[2], somebody_else_can_write(warehouse.path), is_open_here(warehouse.path))
        )
    )
    run()
    assert sorted(seen) == [(endpoint, True, False) for endpoint in ("content", "participants", "partners")]


def test_what_others_write_meanwhile_stays(warehouse: Warehouse, reader: Reader, event: Event, on_request: Callable):
    with Sandbox(event) as api, warehouse.kept_open():
        run_sync(api, warehouse, "partners")
        event.content["halls"][0]["name"] = "Another Hall"

        def write(_: str) -> None:
            with file_warehouse(warehouse.path).writing(), duckdb.connect(str(warehouse.path)) as other:
                other.execute("create table main.written_meanwhile as select 1 as id")

        on_request(write)
        run_sync(api, warehouse, "halls")
    assert reader.rows("select count(*) from raw.halls where name = 'Another Hall'") == [(1,)]
    assert reader.rows("from main.written_meanwhile") == [(1,)]


def test_a_second_sync_of_an_endpoint_waits_and_then_says_so(
    warehouse: Warehouse, reader: Reader, event: Event, on_request: Callable, caplog: pytest.LogCaptureFixture
):
    logged: list[str] = []

    def sync_as_well(url: str) -> None:
        def second() -> None:
            try:
                sync(
                    EventApiSettings(api.base_url, api.token),
                    file_warehouse(warehouse.path, 0.05),
                    "partners",
                    ["partners"],
                )
            except WarehouseBusyError as error:
                logged.append(str(error))

        thread = threading.Thread(target=second)
        thread.start()
        thread.join()

    with Sandbox(event) as api:
        on_request(sync_as_well)
        run_sync(api, warehouse, "partners")
    assert logged == [
        "Another run has been syncing /partners for more than 0 s. Check what it is doing, or try again later. Nothing "
        "was changed."
    ]
    assert "/partners is being synced by another run: waiting up to 0 s." in caplog.messages
    assert reader.count("raw.partners") == len(event.partners)


def test_runs_that_want_what_the_other_has_do_not_wait_for_ever(warehouse: Warehouse, event: Event):
    """One keeps the warehouse and wants the endpoint, the other syncs the endpoint and wants the warehouse."""
    wants_to_write, ended = threading.Event(), threading.Event()

    def other_sync() -> None:
        other = file_warehouse(warehouse.path, wait_seconds=10)
        with other.syncing("partners"):
            wants_to_write.set()
            with other.writing():
                ended.set()

    with Sandbox(event) as api, warehouse.kept_open():
        thread = threading.Thread(target=other_sync)
        thread.start()
        wants_to_write.wait(10)
        assert not ended.is_set()
        run_sync(api, warehouse, "partners")
        assert ended.is_set()
        thread.join()

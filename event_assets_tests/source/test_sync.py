"""One sync of an endpoint without Dagster: what it writes, and its error messages."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dlt.extract.source import DltSource

from event_assets.sandbox import Event, Sandbox
from event_assets.sandbox.responses import Response, error_response
from event_assets.settings import EventApiSettings, RetrySettings
from event_assets.source.api import fetch
from event_assets.source.api.resources import event_api
from event_assets.source.errors import SyncError
from event_assets.source.failures import warehouse_failure
from event_assets.source.load.results import ResourceResult
from event_assets.source.sync import SyncSettings
from event_assets.source.sync import sync as sync_now
from event_assets.source.tables.schema import TABLES
from event_assets.warehouse import Warehouse
from event_assets_tests.running import Reader
from event_assets_tests.warehouses import file_warehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return file_warehouse(tmp_path / "nested" / "warehouse.duckdb")


def sync(api: EventApiSettings, warehouse: Warehouse, endpoint: str, resources: list[str]) -> dict[str, ResourceResult]:
    """Sync without waiting between attempts."""
    return sync_now(api, warehouse, endpoint, resources, SyncSettings(RetrySettings(max_attempts=2, backoff_factor=0)))


def settings(api: Sandbox) -> EventApiSettings:
    return EventApiSettings(api.base_url, api.token)


def test_a_sync_says_what_it_loaded_and_leaves_nothing_else_behind(event: Event, warehouse: Warehouse):
    with Sandbox(event) as api:
        results = sync(settings(api), warehouse, "content", ["tracks", "lectures"])

    lectures = event.content["lectures"]
    assert {
        name: (result.received, result.loaded, result.removed, result.rejected) for name, result in results.items()
    } == {
        "tracks": (len(event.content["tracks"]), len(event.content["tracks"]), 0, 0),
        "lectures": (len(lectures), len(lectures), 0, 0),
    }
    reader = Reader(warehouse.path)
    assert reader.count("raw.lectures__speakers") == sum(len(lecture["speakers"]) for lecture in lectures)
    assert reader.count("raw.lectures__tracks") == sum(len(lecture["tracks"]) for lecture in lectures)
    assert {path.name for path in warehouse.path.parent.iterdir()} <= {
        "warehouse.duckdb",
        "warehouse.duckdb.lock",
        ".warehouse.content.dlt.lock",
    }


def test_empty_lists_give_empty_tables_with_their_columns(event: Event, warehouse: Warehouse):
    event.content = {name: [] for name in event.content}
    event.partners = []
    with Sandbox(event) as api:
        sync(settings(api), warehouse, "content", ["lectures", "pauses"])
        sync(settings(api), warehouse, "partners", ["partners"])

    reader = Reader(warehouse.path)
    for name in ("lectures", "pauses", "partners"):
        assert reader.columns(f"raw.{name}") == [column.name for column in TABLES[name].all_columns]
        assert reader.count(f"raw.{name}") == 0
        for link, columns in TABLES[name].link_tables.items():
            assert reader.columns(f"raw.{link}") == [column.name for column in columns]


def test_what_was_empty_first_can_be_filled_later(event: Event, warehouse: Warehouse):
    lectures = event.content["lectures"]
    with Sandbox(event) as api:
        event.content["lectures"] = []
        sync(settings(api), warehouse, "content", ["lectures"])
        event.content["lectures"] = lectures
        sync(settings(api), warehouse, "content", ["lectures"])

    reader = Reader(warehouse.path)
    assert reader.count("raw.lectures") == len(lectures)
    assert reader.count("raw.lectures__speakers") == sum(len(lecture["speakers"]) for lecture in lectures)


def test_identifiers_may_be_numbers_or_strings(event: Event, warehouse: Warehouse):
    halls = event.content["halls"]
    with Sandbox(event) as api:
        sync(settings(api), warehouse, "content", ["halls"])
        event.content["halls"] = [{**hall, "id": str(hall["id"]), "name": "renamed"} for hall in halls] + [
            {"id": "TR212"}
        ]
        sync(settings(api), warehouse, "content", ["halls"])

    rows = dict(Reader(warehouse.path).rows("select id, name from raw.halls"))
    assert rows == {str(hall["id"]): "renamed" for hall in halls} | {"TR212": None}


@pytest.mark.parametrize("rest", ["Security", " 7", "2026-05-12", "2026-05-12T09:00:00", "09:00:00", "abcd"])
def test_a_text_that_begins_with_an_icon_is_kept_as_it_came(event: Event, warehouse: Warehouse, rest: str):
    texts = [f"{chr(icon)}{rest}" for icon in range(0xF020, 0xF034)]  # dlt's marks of its types are among them
    event.content["tracks"] = [{"id": number, "name": text, "more": text} for number, text in enumerate(texts)]
    event.content["lectures"] = [{"id": 1, "name": "A lecture", "speakers": texts, "files": texts}]
    event.participants = [{"email": f"{number}@example.org", "name": text} for number, text in enumerate(texts)]
    with Sandbox(event) as api:
        for new_field in ({}, {"new_field": 1}):  # without it, participants go the fast way
            event.participants = [{**person, **new_field} for person in event.participants]
            sync(settings(api), warehouse, "content", ["tracks", "lectures"])
            sync(settings(api), warehouse, "participants", ["participants"])
            assert Reader(warehouse.path).rows("select name from raw.participants order by name") == [*zip(texts)]

    reader = Reader(warehouse.path)
    assert reader.rows("select name, more from raw.tracks order by id::int") == [*zip(texts, texts, strict=True)]
    assert reader.rows("select value from raw.lectures__speakers order by _dlt_list_idx") == [*zip(texts)]
    assert json.loads(reader.rows("select files from raw.lectures")[0][0]) == texts


def test_a_field_that_is_not_declared_is_text_whatever_it_looks_like(event: Event, warehouse: Warehouse):
    event.content["tracks"] = [{"id": 1, "opens": "2026-05-12T09:00:00+02:00", "closes": "2026-05-12T10:00:00Z"}]
    with Sandbox(event) as api:
        sync(settings(api), warehouse, "content", ["tracks"])
        event.content["tracks"].append({"id": 2, "opens": "soon"})
        sync(settings(api), warehouse, "content", ["tracks"])
    assert Reader(warehouse.path).rows("select opens, closes from raw.tracks order by id") == [
        ("2026-05-12T09:00:00+02:00", "2026-05-12T10:00:00Z"),
        ("soon", None),
    ]


@pytest.mark.parametrize(
    ("response", "sentence"),
    [
        (error_response(401, "no"), "401 Unauthorized: the token is not accepted"),
        (error_response(403, "no"), "403 Forbidden: the token may not read this"),
        (error_response(404, "no"), "404 Not Found: the address does not exist"),
        (error_response(503, "no"), "503 Service Unavailable: the server has a problem"),
        (Response(200, {"Content-Length": "6"}, [b"<html>"]), "returned HTML (6 bytes)"),
    ],
)
def test_a_failure_has_a_plain_message_and_changes_nothing(
    event: Event, warehouse: Warehouse, response: Response, sentence: str, monkeypatch: pytest.MonkeyPatch
):
    with Sandbox(event) as api:
        sync(settings(api), warehouse, "content", ["halls"])
        before = Reader(warehouse.path).rows("from raw.halls")
        monkeypatch.setattr(api, "respond", lambda *_: response)
        with pytest.raises(SyncError) as failure:
            sync(settings(api), warehouse, "content", ["halls"])

    assert sentence in str(failure.value)
    assert "GET " in str(failure.value)
    assert "/public/v1/content" in str(failure.value)
    assert str(failure.value).endswith("The tables are unchanged.")
    assert api.token not in str(failure.value)
    assert Reader(warehouse.path).rows("from raw.halls") == before


def test_a_server_that_is_not_there_has_a_plain_message(event: Event, warehouse: Warehouse):
    with Sandbox(event) as api:
        pass
    with pytest.raises(SyncError, match=r"could not connect .* Check `base_url` and the network"):
        sync(settings(api), warehouse, "partners", ["partners"])


def test_what_dlt_cannot_take_out_of_a_response_has_a_plain_message(
    event: Event, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
):
    """Also of the second resource of one response, which is taken out of it when the warehouse is open."""

    def broken(*asked: Any) -> DltSource:
        source = event_api(*asked)
        if "tracks" in source.resources:
            source.resources["tracks"].add_map(lambda _: 1 / 0)
        return source

    monkeypatch.setattr(fetch, "event_api", broken)
    for resources in (["halls", "tracks"], ["tracks", "halls"]):
        with Sandbox(event) as api, pytest.raises(SyncError, match=r"^GET \S+/content failed \(ZeroDivision") as error:
            sync(settings(api), warehouse, "content", resources)
        assert str(error.value).endswith("The tables are unchanged.")
        assert Reader(warehouse.path).tables() == []


def test_a_warehouse_that_cannot_store_the_response_has_a_plain_message(event: Event, warehouse: Warehouse):
    warehouse.path.parent.mkdir()
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute("create schema raw; create view raw.tracks as select 1 as one")
    with (
        Sandbox(event) as api,
        pytest.raises(SyncError, match="The warehouse could not store the response of /content") as error,
    ):
        sync(settings(api), warehouse, "content", ["tracks"])
    assert "The next sync completes what is missing" in str(error.value)


def test_what_a_database_quotes_is_not_reported():
    try:
        try:
            raise ValueError("Could not convert 'ada@example.org' to INT64")
        except ValueError as error:
            raise RuntimeError("load failed") from error
    except RuntimeError as error:
        message = str(warehouse_failure(error, "participants"))
    assert "ValueError: Could not convert '…' to INT64" in message
    assert "ada" not in message


@pytest.mark.parametrize(
    ("tampering", "says"),
    [
        ("create unique index one on raw.participants (name)", 'duplicate key "…"'),
        ("alter table raw.participants alter name type integer", "Could not convert string '…' to INT32"),
    ],
)
def test_a_person_whom_the_warehouse_does_not_take_is_reported_nowhere(
    event: Event, warehouse: Warehouse, caplog: pytest.LogCaptureFixture, tampering: str, says: str
):
    event.participants = [{"email": "bo@example.org"}]
    with Sandbox(event) as api:
        sync(settings(api), warehouse, "participants", ["participants"])
        with duckdb.connect(str(warehouse.path)) as connection:
            connection.execute(tampering)
        name = f"Ada O'Lovelace, {'Countess of ' * 30}Ockham"
        event.participants += [{"email": f"ada{number}@example.org", "name": name} for number in range(2)]
        with pytest.raises(SyncError) as error:
            sync(settings(api), warehouse, "participants", ["participants"])
    assert says in str(error.value)
    said = f"{error.value} {caplog.text}"
    assert not any(part in said for part in ("Ada", "Lovelace", "Countess", "@"))

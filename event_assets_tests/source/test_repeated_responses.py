"""An answer that came before is recognised, and never when the table holds anything else."""

from dataclasses import replace
from typing import Any

import duckdb
import pytest

from event_assets.sandbox import Event, Sandbox, generate_event
from event_assets.settings import EventApiSettings, PrivacySettings, RetrySettings
from event_assets.source.api.fetch import Fetched, fetch
from event_assets.source.api.fingerprint import ResponseFingerprint
from event_assets.source.api.pages import Expectation, Page
from event_assets.source.api.resources import resources_by_endpoint
from event_assets.source.tables.columns import Table
from event_assets.source.tables.schema import TABLES
from event_assets.warehouse import Warehouse
from event_assets_tests.running import Reader
from event_assets_tests.source.syncing import run_sync

TABLE = TABLES["participants"]
KEEP = PrivacySettings()
CONTENT = resources_by_endpoint()["content"]


@pytest.fixture
def event() -> Event:
    return generate_event(lectures=0, participants=50, seed=7)


def fetched(api: Sandbox, privacy: PrivacySettings = KEEP) -> Fetched:
    """Ask for the participants."""
    retry, fingerprint = RetrySettings(max_attempts=1), ResponseFingerprint([TABLE], privacy)
    return fetch(EventApiSettings(api.base_url, api.token), "participants", ["participants"], retry, fingerprint)


def digests(api: Sandbox) -> list[str]:
    return [page.digest for page in fetched(api).by_resource()["participants"]]


def keys(answer: Fetched) -> list[Any]:
    pages = answer.by_resource()["participants"]
    return [record["email"] for page in pages for batch in page.batches() for record in batch.records()]


def test_unchanged_pages_are_recognised(event: Event):
    with Sandbox(event, envelope="pages", page_size=20) as api:
        known = digests(api)
        assert len(set(known)) == 3
        assert fetched(api).unless_repeated(()) is not None, "nothing is known"
        assert fetched(api).unless_repeated(known) is None
        for other in (known[:2], [*known, known[0]], known[::-1], ["", *known[1:]], [*known[:2], ""]):
            assert fetched(api).unless_repeated(other) is not None
        assert fetched(api, PrivacySettings("drop")).unless_repeated(known) is not None


@pytest.mark.parametrize("same", range(4), ids="{} pages are the same".format)
def test_all_pages_are_there_however_many_were_the_same(event: Event, same: int):
    with Sandbox(event, envelope="pages", page_size=20) as api:
        known = digests(api)
        now = fetched(api).unless_repeated([*known[:same], "another"])
        assert now is not None
        assert keys(now) == [each["email"] for each in event.participants]


def test_a_link_counts_that_is_in_a_header_alone():
    fingerprint = ResponseFingerprint([TABLE], KEEP)
    assert fingerprint.of_response(b"[1]", "?page=2") != fingerprint.of_response(b"[1]", None)


def test_a_page_comes_out_of_the_pack_as_it_was():
    page = Page("participants", Expectation("/participants", "a list"), b'[{"id": 1}, {"id": 2}]', next_url="?page=2")
    again = page.packed().page()
    assert again.has_records_of(page)
    assert [record for batch in again.batches() for record in batch.records()] == [{"id": 1}, {"id": 2}]
    assert again.next_url == page.next_url


@pytest.mark.parametrize("envelope", ["data", "bare", "pages"])
def test_an_unchanged_response_is_not_decoded(event: Event, warehouse: Warehouse, envelope):
    with Sandbox(event, envelope=envelope, page_size=20) as api:
        first = run_sync(api, warehouse, "participants")["participants"]
        again = run_sync(api, warehouse, "participants")["participants"]
    assert (first.decoded, again.decoded) == (50, 0)
    assert (again.received, again.loaded, again.removed, again.version) == (50, 0, 0, first.version)


@pytest.mark.parametrize("changed", [3, 23, 43], ids=["first page", "second page", "last page"])
def test_of_a_changed_response_only_the_changed_records_are_decoded(event: Event, warehouse: Warehouse, changed: int):
    with Sandbox(event, envelope="pages", page_size=20) as api:
        run_sync(api, warehouse, "participants")
        event.participants[changed] = {**event.participants[changed], "position": "Promoted"}
        del event.participants[48]
        event.participants.append({**event.participants[0], "id": 1})
        result = run_sync(api, warehouse, "participants")["participants"]
        assert result.decoded == 2
        assert (result.received, result.loaded, result.removed, result.rejected) == (50, 1, 1, 1)
        again = run_sync(api, warehouse, "participants")["participants"]
        assert again.decoded == 0
        assert (again.received, again.rejected, again.version) == (50, 1, result.version)


def test_a_record_that_is_rejected_again_keeps_its_load_id(event: Event, warehouse: Warehouse):
    event.participants.append(event.participants[0])
    with Sandbox(event) as api:
        run_sync(api, warehouse, "participants")
        first = Reader(warehouse.path).rows("select * from raw.rejected")
        event.participants[7] = {**event.participants[7], "position": "Promoted"}
        assert run_sync(api, warehouse, "participants")["participants"].loaded == 1
        assert Reader(warehouse.path).rows("select * from raw.rejected") == first
        event.participants.extend([event.participants[0], event.participants[1], {"name": "Nobody"}])
        run_sync(api, warehouse, "participants")
        now = Reader(warehouse.path).rows("select * from raw.rejected")
        assert len(now) == 4
        assert [row for row in now if row[-1] == first[0][-1]] == first
        del event.participants[-4:-1]
        run_sync(api, warehouse, "participants")
    assert Reader(warehouse.path).rows("select * from raw.rejected") == [
        row for row in now if row[1] == "no usable email or id"
    ]


def test_other_privacy_settings_decode_an_unchanged_response(event: Event, warehouse: Warehouse):
    with Sandbox(event) as api:
        run_sync(api, warehouse, "participants")
        again = run_sync(api, warehouse, "participants", privacy=PrivacySettings("drop"))["participants"]
    assert again.decoded == 50
    assert Reader(warehouse.path).rows("select count(email) from raw.participants") == [(0,)]


def test_a_refused_response_leaves_no_checkpoint(event: Event, warehouse: Warehouse):
    with Sandbox(event) as api:
        run_sync(api, warehouse, "participants")
        people = event.participants[:]
        del event.participants[5:]
        for _ in range(2):
            with pytest.raises(Exception, match="more than the settings allow"):
                run_sync(api, warehouse, "participants")
        event.participants = people
        again = run_sync(api, warehouse, "participants")["participants"]
        assert (again.received, again.decoded) == (50, 0), "the table still holds it"


def test_a_record_that_returns_is_decoded(event: Event, warehouse: Warehouse):
    with Sandbox(event) as api:
        run_sync(api, warehouse, "participants")
        away = event.participants.pop(7)
        assert run_sync(api, warehouse, "participants")["participants"].removed == 1
        event.participants.append(away)
        again = run_sync(api, warehouse, "participants")["participants"]
    assert (again.loaded, again.decoded) == (1, 1)
    assert Reader(warehouse.path).rows("select count(*) from raw.participants where removed_at is null") == [(50,)]


def test_a_record_with_a_type_mismatch_is_decoded_each_time(event: Event, warehouse: Warehouse):
    event.participants[7] = {**event.participants[7], "tickets": "VIP"}
    with Sandbox(event) as api:
        first = run_sync(api, warehouse, "participants")["participants"]
        assert first.type_mismatches == {"tickets": 1}
        event.participants[8] = {**event.participants[8], "position": "Promoted"}
        again = run_sync(api, warehouse, "participants")["participants"]
    assert again.decoded == 2
    assert (again.loaded, again.type_mismatches) == (1, first.type_mismatches)


@pytest.mark.parametrize("personal_data", ["keep", "hash", "drop"])
def test_rows_have_a_raw_record_hash_unless_personal_data_is_dropped(event: Event, warehouse: Warehouse, personal_data):
    with Sandbox(event) as api:
        run_sync(api, warehouse, "participants", privacy=PrivacySettings(personal_data, "a secret of the test suite"))
    named = Reader(warehouse.path).rows("select count(raw_record_hash) from raw.participants")
    assert named == [(0 if personal_data == "drop" else 50,)]


def test_another_secret_or_another_reading_gives_other_digests():
    def digests_of(*records: bytes, table: Table = TABLE, privacy: PrivacySettings = KEEP) -> list[bytes]:
        return ResponseFingerprint([table], privacy).of_records(records)

    record = b'{"id": 1}'
    privacies = [KEEP, *(PrivacySettings("hash", f"{which} secret of the tests") for which in ("one", "other"))]
    names = {digests_of(record, privacy=privacy)[0] for privacy in privacies}
    assert len(names) == 3
    assert digests_of(record, table=TABLES["partners"])[0] not in names
    assert digests_of(record, b'{"id":1}', record) == digests_of(record, b'{"id":1}', record)
    assert len(set(digests_of(record, b'{"id":1}'))) == 2


@pytest.mark.parametrize("absent", ["", "days"])
def test_unchanged_content_is_not_decoded(warehouse: Warehouse, absent: str):
    event = generate_event(lectures=20, participants=0, seed=7)
    event.content.pop(absent, None)
    with Sandbox(event) as api:
        first = run_sync(api, warehouse, *CONTENT)
        assert all(result.decoded == result.received for result in first.values())
        logged: list[str] = []
        again = run_sync(api, warehouse, *CONTENT, logged=logged)
        assert logged == ([f"The response has no {absent}: raw.{absent} is unchanged."] if absent else [])
        assert api.requests["/public/v1/content"] == 2
        assert again == {
            name: replace(result, loaded=0, decoded=0, before=result.version) for name, result in first.items()
        }

        event.content["lectures"][0]["name"] = "Another one"
        after = run_sync(api, warehouse, *CONTENT)
        assert all(result.decoded == result.received for result in after.values())
        assert {name: result.loaded for name, result in after.items() if result.loaded} == {"lectures": 1}
        assert api.requests["/public/v1/content"] == 3


def test_without_a_readable_checkpoint_the_response_is_decoded(event: Event, warehouse: Warehouse):
    with Sandbox(event) as api:
        run_sync(api, warehouse, "participants")
        with duckdb.connect(str(warehouse.path)) as connection:
            connection.execute("alter table _sync.checkpoints drop column absent")
        for decoded in (50, 0):
            assert run_sync(api, warehouse, "participants")["participants"].decoded == decoded


def test_pages_that_were_compared_ahead_are_not_requested_again(event: Event, warehouse: Warehouse):
    with Sandbox(event, envelope="pages", page_size=20) as api:
        run_sync(api, warehouse, "participants")
        event.participants[43] = {**event.participants[43], "position": "Promoted"}
        api.reset_requests()
        assert run_sync(api, warehouse, "participants")["participants"].loaded == 1
        assert api.requests["/public/v1/participants"] == 3
    assert Reader(warehouse.path).rows("select count(*) from raw.participants where position = 'Promoted'") == [(1,)]

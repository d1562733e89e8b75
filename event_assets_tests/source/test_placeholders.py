"""Accounts without an e-mail address: each is a row of its own, also in a warehouse of a release that counted one."""

import pytest

from event_assets.sandbox import Event, Sandbox
from event_assets.settings import PrivacySettings
from event_assets.source.load.results import ResourceResult
from event_assets.warehouse import Warehouse
from event_assets_tests.running import Reader
from event_assets_tests.source.diffing import compared
from event_assets_tests.source.syncing import DROP, HASH, KEEP, removed, run_sync
from event_assets_tests.warehouses import on_every_engine

LIVE = "select id from raw.participants where removed_at is null order by id"
ADA = {"id": 1, "email": "ada@example.org", "name": "Ada"}
SHARED = [{"id": number, "email": "anonymous", "name": "?"} for number in (2, 3, 4)]
OWN = [{"id": number, "email": f"Deleted-{number} ", "name": "?"} for number in range(500, 540)]


def as_before(warehouse: Warehouse, *rejected: int) -> None:
    """Make the table what the release before left: keyed by placeholders, all but one of each rejected."""
    with warehouse.connect() as session:
        for number in rejected:
            session.execute_sql("delete from raw.participants where id = %s", str(number))
        session.execute_sql(
            "update raw.participants set email_key = lower(trim(email)), _dlt_id = record_hash, raw_record_hash = null"
            " where email_key like 'id:%%'"
        )


def synced(event: Event, warehouse: Warehouse, *people: dict, privacy: PrivacySettings = KEEP) -> ResourceResult:
    event.participants = [*people]
    with Sandbox(event) as api:
        return run_sync(api, warehouse, "participants", privacy=privacy)["participants"]


def test_accounts_that_share_a_placeholder_are_different_people():
    said = [{"id": 1, "email": "anonymous"}, {"id": 2, "email": "Anonymous "}, {"id": 3}, {"id": 2.0, "email": "x"}]
    for batches in ([said], [[each] for each in said]):
        rows, changes = compared("participants", *batches)
        assert [each["email_key"] for each in rows] == ["id:1", "id:2", "id:3"]
        assert [reject.reason for reject in changes.rejects] == ["another record of the same answer has this id"]


def test_an_identifier_is_never_taken_for_somebody_elses_address():
    said = [{"id": "ada@example.org", "email": "anonymous"}, {"id": 2, "email": "ada@example.org"}]
    for personal_data in ("keep", "hash"):
        rows, changes = compared("participants", said, personal_data=personal_data)
        assert (len({each["email_key"] for each in rows}), changes.rejects) == (2, [])
        assert ("ada@" in str(rows)) is (personal_data == "keep")


@on_every_engine
@pytest.mark.parametrize("privacy", [KEEP, HASH, DROP], ids=lambda each: each.personal_data)
def test_everybody_is_counted_and_erased_alike(
    event: Event, warehouse: Warehouse, reader: Reader, privacy: PrivacySettings
):
    people = [ADA, *SHARED, {"id": 5}, {"id": 6, "email": " "}]
    first = synced(event, warehouse, *people, privacy=privacy)
    assert (first.received, first.loaded, first.rejected) == (6, 6, 0)
    assert reader.rows(LIVE) == [(str(number),) for number in range(1, 7)]
    again = synced(event, warehouse, *people, privacy=privacy)
    assert (again.loaded, again.version) == (0, first.version)
    fewer = synced(event, warehouse, *people[:2], *people[3:], privacy=privacy)
    assert (fewer.loaded, fewer.removed) == (0, 1)
    assert removed(reader, "raw.participants", "id") == {"3"}
    back = synced(event, warehouse, *people, privacy=privacy)
    assert (back.loaded, back.version) == (1, first.version)
    for other in (KEEP, HASH, DROP):
        synced(event, warehouse, *people, privacy=other)
        assert reader.rows(LIVE) == [(str(number),) for number in range(1, 7)]
        texts = str(reader.rows("select id, email, email_key, name from raw.participants"))
        assert ("anonymous" in texts, "Ada" in texts) == (other is KEEP, other is KEEP)


@on_every_engine
@pytest.mark.parametrize("privacy", [KEEP, HASH], ids=lambda each: each.personal_data)
def test_an_upgrade_counts_everybody_and_nobody_twice(
    event: Event, warehouse: Warehouse, reader: Reader, privacy: PrivacySettings
):
    # One placeholder each for most: as many rows get another key as a sync would not remove.
    people = [ADA, *SHARED, *OWN]
    version = synced(event, warehouse, *people, privacy=privacy).version
    as_before(warehouse, 3, 4)
    result = synced(event, warehouse, *people, privacy=privacy)
    assert (result.loaded, result.removed, result.rejected, result.version) == (43, 0, 0, version)
    keys = reader.rows("select id, email_key from raw.participants where removed_at is null")
    assert {key for of, key in keys if of != "1"} == {f"id:{person['id']}" for person in people[1:]}
    assert len(keys) == reader.count("raw.participants") == len(people)
    again = synced(event, warehouse, *people, privacy=privacy)
    assert (again.loaded, again.decoded) == (0, 0)


@pytest.mark.parametrize("privacy", [KEEP, HASH], ids=lambda each: each.personal_data)
def test_an_account_that_is_gone_at_the_upgrade_is_a_removed_row(
    event: Event, warehouse: Warehouse, reader: Reader, privacy: PrivacySettings
):
    synced(event, warehouse, ADA, *SHARED, privacy=privacy)
    as_before(warehouse, 3, 4)
    synced(event, warehouse, ADA, *SHARED[1:], privacy=privacy)
    assert reader.rows(LIVE) == [("1",), ("3",), ("4",)]
    assert removed(reader, "raw.participants") == {"2"}
    synced(event, warehouse, ADA, *SHARED, privacy=privacy)
    assert reader.rows(LIVE) == [("1",), ("2",), ("3",), ("4",)]
    assert reader.count("raw.participants") == 4, "the row from before the upgrade is not left beside the new one"


def test_who_gives_up_an_address_is_still_one_person(event: Event, warehouse: Warehouse, reader: Reader):
    synced(event, warehouse, ADA, *SHARED)
    result = synced(event, warehouse, {**ADA, "email": "anonymous"}, *SHARED)
    assert (result.loaded, result.removed) == (1, 1), "the address was the key"
    assert reader.rows(LIVE) == [("1",), ("2",), ("3",), ("4",)]


def test_letters_that_fold_into_others_make_other_addresses():
    said = [{"email": "weiß@example.org"}, {"email": "WEISS@example.org"}, {"email": "WEIß@example.org"}]
    rows, changes = compared("participants", said)
    assert [each["email_key"] for each in rows] == ["weiß@example.org", "weiss@example.org"]
    assert len(changes.rejects) == 1

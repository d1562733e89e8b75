"""What tables hold of persons once personal data is hashed or dropped: of rows that are there, and that are not."""

import pytest

from event_assets.sandbox import Sandbox
from event_assets.settings import PrivacySettings
from event_assets.warehouse import Warehouse
from event_assets_tests.running import Reader
from event_assets_tests.source.syncing import DROP, HASH, removed, run_sync
from event_assets_tests.warehouses import on_every_engine


@on_every_engine
@pytest.mark.parametrize("blank", ["", "  "])
def test_a_protected_row_with_a_blank_is_marked_as_removed_as_well(
    api: Sandbox, warehouse: Warehouse, reader: Reader, blank: str
):
    privacy = PrivacySettings("hash", "a secret of the test suite")
    people = api.event.participants
    people.append({"id": 1, "email": "gone@example.org", "name": "Gone Person", "company": blank})
    run_sync(api, warehouse, "participants", privacy=privacy)
    del people[-1]
    assert run_sync(api, warehouse, "participants", privacy=privacy)["participants"].removed == 1
    assert reader.rows("select id, company from raw.participants where removed_at is not null") == [("1", "")]
    assert reader.count("raw.participants") == len(people) + 1


@on_every_engine
def test_another_field_of_the_name_is_protected_and_its_row_is_marked_as_removed_as_well(
    api: Sandbox, warehouse: Warehouse, reader: Reader
):
    people = api.event.participants
    people.append({"id": 1, "email": "gone@example.org", "email_2": "too@example.org", "name_2": "Gone Person"})
    run_sync(api, warehouse, "participants", privacy=HASH)
    assert found(reader, "too@example.org", "Gone Person") == set()
    del people[-1]
    assert run_sync(api, warehouse, "participants", privacy=HASH)["participants"].removed == 1
    assert reader.rows("select id from raw.participants where removed_at is not null") == [("1",)]


@on_every_engine
@pytest.mark.parametrize("personal_data", ["hash", "drop"])
def test_turning_to_protection_leaves_nothing_of_before(
    api: Sandbox, warehouse: Warehouse, reader: Reader, personal_data: str
):
    people, speakers = api.event.participants, api.event.content["speakers"]
    gone = {"id": 1, "email": "gone@example.org", "name": "Gone Person"}
    people.append(gone)
    speakers.append({"id": 1, "name": "Gone Speaker", "email": "gone@example.com"})
    run_sync(api, warehouse, "participants")
    run_sync(api, warehouse, "speakers")
    del people[-1]
    del speakers[-1]
    run_sync(api, warehouse, "participants")
    run_sync(api, warehouse, "speakers")
    assert removed(reader, "raw.speakers") == {"1"}

    privacy = PrivacySettings(personal_data, "a secret of the test suite")  # pyright: ignore[reportArgumentType]
    run_sync(api, warehouse, "participants", privacy=privacy)
    run_sync(api, warehouse, "speakers", privacy=privacy)

    assert reader.rows("select count(*) from raw.participants where removed_at is null") == [(len(people),)]
    names = ", ".join(name for name in reader.columns("raw.participants") if name != "raw_record_hash")
    people_now = str(reader.rows(f"select {names} from raw.participants"))
    assert "@" not in people_now + str(reader.rows("select email, phone from raw.speakers"))
    assert reader.rows("select name, email from raw.speakers where id = '1'") == [("Gone Speaker", None)]


@on_every_engine
@pytest.mark.parametrize("personal_data", ["hash", "drop"])
def test_turning_to_protection_clears_what_no_answer_brings_anew(
    api: Sandbox, warehouse: Warehouse, reader: Reader, personal_data: str
):
    content = api.event.content
    odd = {"id": 1, "name": "Gone Speaker", "email": {"work": "gone@example.com"}, "Email": "too@example.com"}
    content["speakers"].append(odd)
    attendees, inner = [{"booked_attendees": ["booked@example.com"]}], {"id": {"email": "inner@example.com"}}
    content["lectures"][0] |= {"booking_info": attendees, "speakers": [{"id": 7, "email": "x@example.com"}, inner]}
    content["lectures"].append(content["lectures"][0])
    content["lectures"][1] |= {"booking_info": "Ada, ada@example.com"}
    resources = ("speakers", "lectures")
    run_sync(api, warehouse, *resources)
    content["speakers"] = [{**speaker, "phone": "+43 1 234"} for speaker in content["speakers"] if speaker is not odd]
    run_sync(api, warehouse, *resources)
    assert found(reader, "@", "+43 1 234") >= {"raw.speakers", "raw.lectures", "raw.lectures__speakers", "raw.rejected"}
    names = reader.rows("select id, name from raw.speakers order by id")

    privacy = PrivacySettings(personal_data, "a secret of the test suite")  # pyright: ignore[reportArgumentType]
    said = {name: content.pop(name) for name in resources}
    for _ in range(2):
        results = run_sync(api, warehouse, *resources, privacy=privacy)
        assert all(result.absent for result in results.values())
        assert found(reader, "@", "+43 1 234") == set()
    hashed = reader.rows("select count(*) from raw.speakers where removed_at is null and email like 'hmac:%'")
    assert (hashed[0][0] > 0) is (personal_data == "hash")
    assert reader.rows("select id, name from raw.speakers order by id") == names
    assert ("7",) in reader.rows("select value from raw.lectures__speakers")

    content |= said
    run_sync(api, warehouse, *resources, privacy=privacy)
    assert found(reader, "@", "+43 1 234") == set()


@on_every_engine
@pytest.mark.parametrize("meanwhile", [HASH, DROP], ids=lambda each: each.personal_data)
def test_what_was_protected_while_an_answer_lacked_it_is_brought_anew(
    api: Sandbox, warehouse: Warehouse, reader: Reader, meanwhile: PrivacySettings
):
    content = api.event.content
    info = [{"id": 5, "booked_attendees": ["booked@example.com"]}]
    content["lectures"][0] |= {"booking_info": info, "speakers": [{"name": "Guest"}]}
    resources = ("speakers", "lectures")
    run_sync(api, warehouse, *resources)
    queries = [
        "select id, email, phone from raw.speakers order by id",
        "select id, booking_info from raw.lectures order by id",
        "select value from raw.lectures__speakers order by all",
    ]
    kept = [*map(reader.rows, queries)]
    said = {name: content.pop(name) for name in resources}
    run_sync(api, warehouse, *resources, privacy=meanwhile)
    assert all(now != before for now, before in zip(map(reader.rows, queries), kept, strict=True))

    content |= said
    run_sync(api, warehouse, *resources)
    assert [*map(reader.rows, queries)] == kept


@on_every_engine
def test_what_was_hashed_is_cleared_where_it_is_dropped(api: Sandbox, warehouse: Warehouse, reader: Reader):
    content, people = api.event.content, api.event.participants
    speakers, lectures = content["speakers"], content["lectures"]
    speakers.append({"id": 1, "name": "Gone Speaker", "email": "gone@example.com"})
    lectures.append({"id": 1, "speakers": [{"name": "Guest"}], "booking_info": [{"booked_attendees": ["Ada"]}]})
    people.append({"id": 1, "email": "gone@example.org"})
    resources = ("speakers", "lectures", "participants")
    for resource in resources:
        run_sync(api, warehouse, resource, privacy=HASH)
    del speakers[-1], lectures[-1], people[-1]
    for resource in resources:
        run_sync(api, warehouse, resource, privacy=HASH)
    assert removed(reader, "raw.speakers") == {"1"}

    for resource in resources:
        run_sync(api, warehouse, resource, privacy=DROP)
    assert found(reader, "hmac:") == set()
    assert reader.rows("select count(raw_record_hash) from raw.participants") == [(0,)]
    assert reader.rows("select name from raw.speakers where removed_at is not null") == [("Gone Speaker",)]


def found(reader: Reader, *needles: str) -> set[str]:
    """The tables of the warehouse, all of them, in which one of some texts is."""
    rows = {table: str(reader.rows(f"from {table}")) for table in reader.tables()}
    return {table for table, texts in rows.items() if any(needle in texts for needle in needles)}


def test_nothing_of_persons_is_on_disk_where_it_is_dropped(api: Sandbox, warehouse: Warehouse, reader: Reader):
    run_sync(api, warehouse, "participants", privacy=PrivacySettings("drop"))
    data = warehouse.path.read_bytes()
    for participant in api.event.participants:
        assert participant["email"].encode() not in data
        assert participant["last_name"].encode() not in data or len(participant["last_name"]) < 4
    assert reader.rows("select count(*), count(email), count(name) from raw.participants") == [(50, 0, 0)]

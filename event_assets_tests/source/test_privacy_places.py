"""What is hashed or dropped, wherever an answer holds it: every place of every record has a mark of its own."""

import pytest

from event_assets.sandbox import Sandbox, faults
from event_assets.settings import PersonalData, PrivacySettings
from event_assets.source.errors import SyncError
from event_assets.source.tables.more import ALL_TABLES, MORE_TABLES
from event_assets.warehouse import Warehouse
from event_assets_tests.running import Reader
from event_assets_tests.source.planting import Marks, plant
from event_assets_tests.source.syncing import DROP, HASH, run_sync

CONTENT = ("halls", "days", "lectures", "speakers", "workshops", "pauses", "tracks")
ENDPOINTS = (CONTENT, ("partners",), ("participants",), *((name,) for name in MORE_TABLES))


def left_in(reader: Reader, marks: Marks) -> set[str]:
    """The places of which the warehouse holds the mark, in whatever table, as a value or a name."""
    tables = reader.rows("select schema_name || '.\"' || table_name || '\"' from duckdb_tables()")
    texts = [reader.rows("select schema_name, table_name, column_name from duckdb_columns()")]
    texts += [reader.rows(f"from {table}") for (table,) in tables]
    return marks.found(str(texts))


@pytest.mark.parametrize("personal_data", ["hash", "drop"])
def test_no_place_of_a_record_comes_through(
    api: Sandbox, warehouse: Warehouse, reader: Reader, caplog: pytest.LogCaptureFixture, personal_data: PersonalData
):
    plant(api.event, marks := Marks())
    assert len(marks.paths) > 900
    privacy, logged = PrivacySettings(personal_data, "a secret of the test suite"), []
    results = {}
    for resources in ENDPOINTS:
        results |= run_sync(api, warehouse, *resources, privacy=privacy, logged=logged)
    assert left_in(reader, marks) == set()
    assert marks.found(warehouse.path.read_bytes()) == set()
    assert marks.found(str(logged) + caplog.text) == set()
    for name, result in results.items():
        rows = reader.rows(f"select count(*) from raw.{name} where removed_at is null")[0][0]
        assert result.received == rows + result.rejected, name
        assert result.undeclared > 20, name
        assert ALL_TABLES[name].undeclared(reader.columns(f"raw.{name}")) == []
    again = run_sync(api, warehouse, "halls", privacy=privacy)["halls"]
    assert (again.loaded, again.undeclared) == (0, results["halls"].undeclared)


def test_where_personal_data_is_kept_nothing_is_left_out(api: Sandbox, warehouse: Warehouse, reader: Reader):
    plant(api.event, marks := Marks())
    for resources in ENDPOINTS:
        results = run_sync(api, warehouse, *resources)
        assert all(result.undeclared == 0 for result in results.values())
    assert left_in(reader, marks) > {"halls.user.email", "halls.id alone", "participants.tickets[].holder"}


@pytest.mark.parametrize("personal_data", ["keep", "hash", "drop"])
def test_what_is_said_of_a_wrong_answer_names_no_field_of_it(
    api: Sandbox, warehouse: Warehouse, personal_data: PersonalData
):
    marks = Marks()
    wrong = [{marks.name("a field of the envelope"): [{"email": marks.address("in it")}]}]
    wrong += [[marks.address("an entry"), {"id": 1}]]
    for answer in wrong:
        api.fail("participants", faults.data_value(answer), times=1)
        with pytest.raises(SyncError) as refusal:
            run_sync(
                api, warehouse, "participants", privacy=PrivacySettings(personal_data, "a secret of the test suite")
            )
        assert marks.found(str(refusal.value)) == set()


@pytest.mark.parametrize(("privacy", "absent"), [(HASH, True), (DROP, False)], ids=["hash, absent", "drop, there"])
def test_turning_to_protection_clears_every_place_from_before(
    api: Sandbox, warehouse: Warehouse, reader: Reader, privacy: PrivacySettings, absent: bool
):
    content = api.event.content
    plain = {name: [*records] for name, records in content.items()}
    plant(api.event, marks := Marks())
    run_sync(api, warehouse, *CONTENT)
    run_sync(api, warehouse, "participants")
    if absent:  # of these no answer brings the rows anew
        del content["lectures"], content["halls"]
    else:
        content |= plain
        run_sync(api, warehouse, *CONTENT)
    run_sync(api, warehouse, *CONTENT, privacy=privacy)
    run_sync(api, warehouse, "participants", privacy=privacy)
    assert left_in(reader, marks) == set()
    assert marks.found(warehouse.path.read_bytes()) == set()
    assert run_sync(api, warehouse, *CONTENT, privacy=privacy)["days"].loaded == 0


def test_identifiers_that_are_addresses_still_lead_to_one_another(api: Sandbox, warehouse: Warehouse, reader: Reader):
    content = api.event.content
    content["halls"].append({"id": "zoe@example.org", "name": "Zoe's"})
    content["speakers"].append({"id": "Max <max@example.org>", "name": "Max"})
    content["lectures"][0] |= {"hall_id": "zoe@example.org", "speakers": ["Max <max@example.org>"]}
    run_sync(api, warehouse, *CONTENT, privacy=HASH)
    assert reader.rows("select h.name from raw.lectures l join raw.halls h on h.id = l.hall_id where h.name = 'Zoe''s'")
    links = "select s.name from raw.lectures__speakers l join raw.speakers s on s.id = l.value where s.name = 'Max'"
    assert reader.rows(links) == [("Max",)]
    results = run_sync(api, warehouse, *CONTENT, privacy=DROP)
    assert (results["halls"].rejected, results["speakers"].rejected) == (1, 1)
    assert reader.rows("select reason from raw.rejected where resource = 'halls'") == [("no usable id",)]


def test_a_message_names_only_fields_that_are_known(api: Sandbox, warehouse: Warehouse):
    api.fail("participants", faults.data_value({"ZoeSmith": [1], "error": 2}), times=1)
    with pytest.raises(SyncError, match="an object with the fields error") as refusal:
        run_sync(api, warehouse, "participants")
    assert "Zoe" not in str(refusal.value)

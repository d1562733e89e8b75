"""The quick way makes the same rows as the slow one, or leaves the records to it."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_assets.sandbox import Sandbox, generate_event
from event_assets.settings import PersonalData, PrivacySettings
from event_assets.source.api.pages import DecodedBatch, EncodedBatch, Expectation
from event_assets.source.records.coerce import Coercion
from event_assets.source.records.fingerprints import record_hash
from event_assets.source.records.privacy import Privacy
from event_assets.source.records.process import RecordProcessor
from event_assets.source.records.typed import TypedRecords
from event_assets.source.tables.schema import TABLES
from event_assets_tests.examples import examples
from event_assets_tests.running import Reader
from event_assets_tests.source.syncing import run_sync
from event_assets_tests.source.test_properties import records
from event_assets_tests.warehouses import file_warehouse

FLAT = sorted(name for name, table in TABLES.items() if table.is_flat)
MODES = ("keep", "hash", "drop")


def typed(resource: str, said: list[dict[str, Any]], personal_data: PersonalData = "keep") -> Any:
    privacy = Privacy(PrivacySettings(personal_data, "a secret of the test suite"))
    return TypedRecords(TABLES[resource], privacy).decode(json.dumps(said).encode())


def test_only_tables_with_a_column_for_each_field_are_flat():
    assert FLAT == ["days", "participants", "pauses", "speakers", "tracks"]


texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
scalars = st.none() | st.integers() | texts
usual = st.fixed_dictionaries(
    {},
    optional={
        column.name: st.none() | st.lists(st.dictionaries(texts, scalars, max_size=2), max_size=2)
        if column.data_type == "json"
        else scalars
        for column in TABLES["participants"].columns
    },
)


@examples(100)
@given(batches=st.lists(st.lists(usual, max_size=3), max_size=4))
def test_a_batch_is_read_as_if_none_had_been_before_it(batches: list[list[dict[str, Any]]]):
    one = TypedRecords(TABLES["participants"], Privacy(PrivacySettings()))
    for batch in batches:
        read, alone = one.decode(json.dumps(batch).encode()), typed("participants", batch)
        assert (read is None) == (alone is None)
        if read and alone:
            assert read.keys == alone.keys
            assert read.hashes == alone.hashes


@pytest.mark.parametrize("personal_data", MODES)
@examples(60)
@given(said=records("participants") | st.lists(usual, max_size=4))
def test_key_and_fingerprint_are_those_of_the_slow_way(personal_data: PersonalData, said: list[dict[str, Any]]):
    decoded = typed("participants", said, personal_data)
    if decoded is None:
        return
    table, privacy = TABLES["participants"], Privacy(PrivacySettings(personal_data, "a secret of the test suite"))
    said = json.loads(json.dumps(said))
    coercion = Coercion(table)
    coerced = [coercion.row(privacy.protect(table, record)[0]) for record in said]
    assert not any(mismatches for _, mismatches in coerced)
    rows = [row for row, _ in coerced]
    assert decoded.keys == [privacy.key(table, record) for record in said]
    assert decoded.hashes == [*map(record_hash, decoded.rows)] == [*map(record_hash, rows)]


@pytest.mark.parametrize("personal_data", MODES)
@examples(25)
@given(odd=st.sets(st.integers(0, 39), max_size=40), extra=records("participants"))
def test_records_that_are_as_declared_and_others_come_to_the_same_in_one_batch(
    personal_data: PersonalData, odd: set[int], extra: list[dict[str, Any]]
):
    said: list[dict[str, Any]] = [{"id": n, "email": f"p{n}@example.org", "company": "A"} for n in range(40)]
    for number in odd:
        said[number] |= {"tickets": "VIP", "shoe size": number}
    encoded = [json.dumps(record).encode() for record in [*said, *extra]]
    batch = EncodedBatch(encoded, Expectation("/participants", "a list"))
    privacy = Privacy(PrivacySettings(personal_data, "a secret of the test suite"))
    judged = RecordProcessor(TABLES["participants"], privacy).process(batch)
    coerced = RecordProcessor(TABLES["participants"], privacy).process(DecodedBatch(batch.records()))
    for name in ("keys", "hashes", "versions", "type_mismatches", "undeclared"):
        assert getattr(judged, name) == getattr(coerced, name)
    as_they_are = sum(not isinstance(row, dict) for row in judged.rows)
    assert as_they_are == 40 if not (odd or extra) else as_they_are <= 40 - len(odd) + len(extra)


@pytest.mark.parametrize(
    "record",
    [
        {"id": 7.0},
        {"id": True},
        {"name": ["a"]},
        {"tickets": "VIP"},
        {"tickets": [10**30]},
        {"name": "\ud800"},
        {"name": "\x00"},
        {"new_field": 1},
        {"linkedIn": None},
    ],
)
def test_what_is_not_as_declared_goes_the_slow_way(record: dict[str, Any]):
    assert typed("participants", [{"id": 1, "email": "ada@example.org"}, record]) is None


def test_numbers_and_texts_of_the_same_digits_are_the_same():
    read = typed("tracks", [{"id": 7, "order": 1}, {"id": "7", "order": 1}])
    assert read.keys == ["7", "7"]
    assert read.hashes[0] == read.hashes[1]


@pytest.mark.parametrize("personal_data", MODES)
def test_the_tables_are_the_same_either_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, personal_data: PersonalData
):
    event = generate_event(lectures=12, participants=60, troubled_participants=8, seed=5)
    privacy, contents = PrivacySettings(personal_data, "a secret of the test suite"), []
    with Sandbox(event, envelope="pages", page_size=20) as api:
        for name, decode in (("quick", TypedRecords.decode), ("slow", lambda *_: None)):
            monkeypatch.setattr(TypedRecords, "decode", decode)
            warehouse = file_warehouse(tmp_path / f"{name}.duckdb")
            result = run_sync(api, warehouse, "participants", privacy=privacy)["participants"]
            columns = [column.name for column in TABLES["participants"].all_columns if column.name[0] != "_"]
            query = f"select {', '.join(columns)} from raw.participants order by all"
            rejects = "select reason, payload from raw.rejected order by all"
            contents.append((result, Reader(warehouse.path).rows(query), Reader(warehouse.path).rows(rejects)))
            identifiers = Reader(warehouse.path).rows(
                "select count(*), count(distinct p._dlt_id), count(l.load_id) from raw.participants p"
                " left join raw._dlt_loads l on l.load_id = p._dlt_load_id"
            )
            assert identifiers == [(result.loaded,) * 3]
    assert contents[0] == contents[1]
    assert contents[0][0].rejected >= (2 if personal_data != "drop" else 0)


def test_one_odd_record_does_not_change_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("event_assets.source.api.pages.BATCH_RECORDS", 10)
    event = generate_event(lectures=0, participants=50, seed=5)
    warehouse = file_warehouse(tmp_path / "w.duckdb")
    with Sandbox(event) as api:
        run_sync(api, warehouse, "participants")
        event.participants[13] = {**event.participants[13], "new_field": [1], "group_id": 2.5}
        result = run_sync(api, warehouse, "participants")["participants"]
        assert result.loaded == 1
        event.participants.append(event.participants[0])
        del event.participants[0]
        assert run_sync(api, warehouse, "participants")["participants"].version == result.version
    with duckdb.connect(str(warehouse.path)) as connection:
        kept = connection.execute("select group_id, new_field from raw.participants where new_field is not null")
        assert kept.fetchall() == [("2.5", "[1]")]


def test_an_answer_larger_than_a_batch_is_one_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("event_assets.source.api.pages.BATCH_RECORDS", 7)
    monkeypatch.setattr("event_assets.source.load.row_file.ROW_GROUP_ROWS", 15)
    event = generate_event(lectures=0, participants=50, seed=5)
    event.participants.append(event.participants[3])
    warehouse = file_warehouse(tmp_path / "w.duckdb")
    with Sandbox(event) as api:
        result = run_sync(api, warehouse, "participants")["participants"]
    assert (result.received, result.loaded, result.rejected) == (51, 50, 1)
    assert Reader(warehouse.path).count("raw.participants") == 50

"""Arbitrary JSON, synced for real: nothing is lost, nothing invented, and the same answer twice changes nothing."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from event_assets.sandbox import Sandbox, generate_event
from event_assets.sandbox.responses import Response
from event_assets.settings import EventApiSettings, PrivacySettings, RemovalSettings
from event_assets.source.load.results import ResourceResult
from event_assets.source.records.coerce import as_text, identifier
from event_assets.source.records.privacy import Privacy
from event_assets.source.sync import SyncSettings, sync
from event_assets.source.tables.columns import RAW_RECORD_HASH
from event_assets.source.tables.schema import TABLES
from event_assets.warehouse import Warehouse
from event_assets_tests.running import Warehouse as Reader
from event_assets_tests.source.diffing import Compared, compared

RESOURCES = ("lectures", "halls", "participants")

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=()), max_size=12)
    | st.sampled_from(
        ["2026-05-12T09:00:00", "1", " 1", "true", "NaN", "\x00", "🦀", "שלום", "\ud800", 10**30, -0.0, 1e300]
    )
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
keys = st.sampled_from([1, 2, 3, "1", "A", " A ", "a", "", "  ", None, True, 1.0, 2.5, [], {}]) | scalars
odd_fields = st.sampled_from(
    [
        "",
        " ",
        "Name",
        "name ",
        "linkedIn",
        "linked_in",
        "_dlt_id",
        "record_hash",
        "removed_at",
        "raw_record_hash",
        "ID",
        "é",
        "è",
        "a__b",
        "x" * 90,
        "select",
        "speakers__value",
    ]
)


def records(resource: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    table = TABLES[resource]
    declared = st.sampled_from([column.name.split("__")[0] for column in table.columns] + list(table.links or ()))
    record = st.dictionaries(declared | odd_fields | st.text(max_size=5), values, max_size=8)
    with_key = st.builds(lambda fields, key: {**fields, table.key_field: key}, record, keys)
    return st.lists(with_key | record, max_size=6)


@contextmanager
def served() -> Iterator[tuple[dict[str, Any], Sandbox]]:
    """A sandbox that answers with any JSON at all."""
    answers: dict[str, Any] = {}
    with Sandbox(generate_event(lectures=0, participants=0)) as api:

        def respond(method: str, target: str, headers: Mapping[str, str]) -> Response:
            body = json.dumps(answers[target.rpartition("/")[2]]).encode()
            return Response(200, {"Content-Length": str(len(body))}, [body])

        api.respond = respond
        yield answers, api


def run_sync(api: Sandbox, answers: dict[str, Any], warehouse: Warehouse, resource: str, said: list) -> ResourceResult:
    endpoint = "participants" if resource == "participants" else "content"
    answers[endpoint] = {"data": said} if resource == "participants" else {resource: said}
    options = SyncSettings(removals=RemovalSettings(allowed=True))
    return sync(EventApiSettings(api.base_url, "t"), warehouse, endpoint, [resource], options)[resource]


def dump(warehouse: Warehouse, resource: str) -> list[list[str]]:
    tables = [f"raw.{resource}", *(f"raw.{link}" for link in TABLES[resource].link_tables), "raw.rejected"]
    return [sorted(map(repr, Reader(warehouse.path).rows(f"select * from {table}"))) for table in tables]


@pytest.mark.slow
@pytest.mark.parametrize("resource", RESOURCES)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_nothing_is_lost_and_nothing_invented(resource: str, data: st.DataObject):
    a, b = data.draw(records(resource), "A"), data.draw(records(resource), "B")
    key = TABLES[resource].key
    with tempfile.TemporaryDirectory() as folder, served() as (answers, api):
        warehouse = Warehouse(Path(folder) / "w.duckdb")
        reader = Reader(warehouse.path)

        def live() -> set[str]:
            return {row[0] for row in reader.rows(f"select {key} from raw.{resource} where removed_at is null")}

        first = run_sync(api, answers, warehouse, resource, a)
        assert first.received == len(a)
        assert len(live()) + reader.count("raw.rejected") == len(a)
        in_a, before = live(), dump(warehouse, resource)

        again = run_sync(api, answers, warehouse, resource, a)
        assert (again.loaded, again.removed, again.version) == (0, 0, first.version)
        assert dump(warehouse, resource) == before

        run_sync(api, answers, warehouse, resource, b)
        in_b = live()
        assert len(in_b) + reader.count("raw.rejected") == len(b)
        removed = {row[0] for row in reader.rows(f"select {key} from raw.{resource} where removed_at is not null")}
        assert removed == in_a - in_b

        with tempfile.TemporaryDirectory() as other:
            alone = Warehouse(Path(other) / "w.duckdb")
            run_sync(api, answers, alone, resource, b)
            # A row stays as it is where other bytes say the same, such as the same fields in another order.
            columns = [
                f'"{column.name}"'
                for column in TABLES[resource].all_columns
                if not column.name.startswith("_dlt") and column.name != RAW_RECORD_HASH
            ]
            query = f"select {', '.join(columns)} from raw.{resource} where removed_at is null"
            assert sorted(map(repr, reader.rows(query))) == sorted(map(repr, Reader(alone.path).rows(query)))


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_what_is_known_by_its_bytes_comes_to_the_same_as_if_it_were_not(data: st.DataObject):
    a = data.draw(records("participants"), "A")
    again = st.lists(st.sampled_from(a), max_size=6) if a else st.just([])
    b = data.draw(again, "records of A") + data.draw(records("participants"), "B") + data.draw(again, "more of A")
    outcomes = []
    with tempfile.TemporaryDirectory() as folder, served() as (answers, api):
        for name, clear in (("known", ""), ("unknown", "update raw.participants set raw_record_hash = null")):
            warehouse = Warehouse(Path(folder) / f"{name}.duckdb")
            run_sync(api, answers, warehouse, "participants", a)
            with duckdb.connect(str(warehouse.path)) as connection:
                connection.execute(clear)
            result = replace(run_sync(api, answers, warehouse, "participants", b), decoded=0)
            columns = [column.name for column in TABLES["participants"].columns]
            live = f"select {', '.join(columns)}, record_hash from raw.participants where removed_at is null"
            rejects = "select reason, payload from raw.rejected"
            reader = Reader(warehouse.path)
            outcomes.append((result, sorted(map(repr, reader.rows(live))), sorted(map(repr, reader.rows(rejects)))))
    assert outcomes[0] == outcomes[1]


def taken(resource: str, said: list[dict[str, Any]]) -> Compared:
    return compared(resource, json.loads(json.dumps(said)))


@pytest.mark.parametrize("resource", RESOURCES)
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_every_value_of_a_record_is_in_its_row(resource: str, data: st.DataObject):
    said = data.draw(records(resource))
    rows, changes = taken(resource, said)
    assert len(rows) + len(changes.rejects) == len(said) == changes.received
    by_key, key_field = {row[TABLES[resource].key]: row for row in rows}, TABLES[resource].key_field
    privacy, seen, rejects = Privacy(PrivacySettings()), set(), []
    for record in said:
        key = privacy.key(TABLES[resource], record)
        if key is None or key in seen:
            rejects.append(
                f"no usable {key_field}" if key is None else f"another record of the same answer has this {key_field}"
            )
            continue
        seen.add(key)
        kept = set(leaves(by_key[key]))
        for leaf in leaves({field: referring(field, value, resource) for field, value in record.items()}):
            assert forms(leaf) & kept, (leaf, by_key[key])
    assert [reject.reason for reject in changes.rejects] == rejects


def referring(field: str, value: Any, resource: str) -> Any:
    """A value; of a list of identifiers without what records in the place of one have beside theirs."""
    if field not in (TABLES[resource].links or {}):
        return value
    entries = value if isinstance(value, list) else [value]
    inner = [identifier(entry.get("id")) if isinstance(entry, dict) else None for entry in entries]
    return [each or entry for each, entry in zip(inner, entries, strict=True)]


def leaves(value: Any) -> list[str]:
    """The texts of all scalars in a JSON value that are not null, also in JSON that is kept as text."""
    if isinstance(value, str):
        with suppress(ValueError):
            inner = json.loads(value)
            if isinstance(inner, dict | list):
                return [value, *leaves(inner)]
    if isinstance(value, dict):
        return [leaf for entry in value.values() for leaf in leaves(entry)]
    if isinstance(value, list):
        return [leaf for entry in value for leaf in leaves(entry)]
    return [] if value is None else [as_text(value)]


def forms(leaf: str) -> set[str]:
    """How a value may be written in its column's type: 1 for true, 7 for " 7 "."""
    booleans = {"true": "1", "false": "0", "1": "true", "0": "false", "-0": "false"}
    number = {str(int(leaf))} if leaf.strip().removeprefix("-").isdecimal() else set()
    return {leaf, booleans.get(leaf, leaf)} | number


@settings(max_examples=200, deadline=None)
@given(said=records("lectures"), seed=st.randoms(use_true_random=False))
@example(said=[{"id": 1, "name": "a"}, {"id": 2}], seed=Random(1))
def test_the_version_knows_neither_the_order_of_records_nor_of_fields(said: list[dict[str, Any]], seed: Any):
    first: dict[str, dict[str, Any]] = {}
    privacy = Privacy(PrivacySettings())
    for record in said:
        key = privacy.key(TABLES["lectures"], record)
        if key is not None:
            first.setdefault(key, record)
    alone = list(first.values())  # which record of a key is rejected depends on their order
    shuffled = alone.copy()
    seed.shuffle(shuffled)
    turned = [dict(reversed(record.items())) for record in shuffled]
    assert taken("lectures", turned).changes.version == taken("lectures", alone).changes.version


@settings(max_examples=100, deadline=None)
@given(name=st.text(max_size=5), other=st.text(max_size=5))
def test_the_version_knows_a_change(name: str, other: str):
    versions = [taken("lectures", [{"id": 1, "name": each}]).changes.version for each in (name, other)]
    assert (versions[0] == versions[1]) is (name == other)

"""Arbitrary JSON, synced for real: nothing is lost, nothing invented, and the same answer twice changes nothing."""

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from event_assets.sandbox import Sandbox, generate_event
from event_assets.sandbox.responses import Response
from event_assets.settings import EventApiSettings, PrivacySettings, RemovalSettings
from event_assets.source.api.fingerprint import ResponseFingerprint
from event_assets.source.api.pages import Expectation, Page
from event_assets.source.load.changes import Changes, ExistingRows
from event_assets.source.load.diff import diff
from event_assets.source.load.results import ResourceResult
from event_assets.source.records.coerce import as_text, identifier
from event_assets.source.records.privacy import Privacy
from event_assets.source.records.process import RecordProcessor
from event_assets.source.sync import SyncSettings, sync
from event_assets.source.tables.columns import RAW_RECORD_HASH
from event_assets.source.tables.schema import TABLES
from event_assets.warehouse import Warehouse
from event_assets_tests.examples import LARGE, examples
from event_assets_tests.running import Reader
from event_assets_tests.source.diffing import Compared, compared
from event_assets_tests.warehouses import file_warehouse

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
keys = st.sampled_from([1, 2, 3, "1", "A", " A ", "a", "", "  ", None, True, 1.0, 2.5, [], {}, "a@b", " A@B"]) | scalars
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


def records(resource: str, *, many: bool = False) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Lists of records of a resource: a few, or many where what is done with them takes as long for each list."""
    table = TABLES[resource]
    declared = st.sampled_from([column.name.split("__")[0] for column in table.columns] + list(table.links or ()))
    record = st.dictionaries(declared | odd_fields | st.text(max_size=5), values, max_size=8)
    key_fields = [field for field in (table.key_field, table.other_key_field) if field]
    with_key = st.builds(lambda a, b: {**a, **b}, record, st.fixed_dictionaries(dict.fromkeys(key_fields, keys)))
    return st.lists(with_key | record, min_size=8, max_size=16) if many else st.lists(with_key | record, max_size=6)


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


def run_sync(
    api: Sandbox, answers: dict[str, Any], warehouse: Warehouse, said: dict[str, list]
) -> dict[str, ResourceResult]:
    """Sync the resources of one endpoint of which an answer says something."""
    endpoint = "participants" if "participants" in said else "content"
    answers[endpoint] = {"data": said["participants"]} if endpoint == "participants" else said
    options = SyncSettings(removals=RemovalSettings(allowed=True))
    return sync(EventApiSettings(api.base_url, "t"), warehouse, endpoint, [*said], options)


def dump(warehouse: Warehouse, resource: str) -> list[list[str]]:
    tables = [f"raw.{resource}", *(f"raw.{link}" for link in TABLES[resource].link_tables), "raw.rejected"]
    return [sorted(map(repr, Reader(warehouse.path).rows(f"select * from {table}"))) for table in tables]


def answer(data: st.DataObject, which: str, resources: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Draw an answer: a sync takes most of a second, however many records it brings, so there are many."""
    return {name: data.draw(records(name) | records(name, many=True), f"{which}: {name}") for name in resources}


@pytest.mark.slow
@pytest.mark.parametrize("resources", [("lectures", "halls"), ("participants",)], ids=" and ".join)
@examples(5, *LARGE)
@given(data=st.data())
def test_nothing_is_lost_and_nothing_invented(resources: Sequence[str], data: st.DataObject):
    a, b = answer(data, "A", resources), answer(data, "B", resources)
    with tempfile.TemporaryDirectory() as folder, served() as (answers, api):
        warehouse, alone = file_warehouse(Path(folder) / "w.duckdb"), file_warehouse(Path(folder) / "alone.duckdb")
        first = run_sync(api, answers, warehouse, a)
        for name in resources:
            assert first[name].received == len(a[name]) == len(live(warehouse, name)) + rejected(warehouse, name)
        before = {name: (live(warehouse, name), dump(warehouse, name)) for name in resources}

        again = run_sync(api, answers, warehouse, a)
        for name in resources:
            assert (again[name].loaded, again[name].removed, again[name].version) == (0, 0, first[name].version)
            assert dump(warehouse, name) == before[name][1]

        run_sync(api, answers, warehouse, b)
        run_sync(api, answers, alone, b)
        for name in resources:
            assert len(live(warehouse, name)) + rejected(warehouse, name) == len(b[name])
            gone = Reader(warehouse.path).rows(
                f"select {TABLES[name].key} from raw.{name} where removed_at is not null"
            )
            assert {row[0] for row in gone} == before[name][0] - live(warehouse, name)
            # A row stays as it is where other bytes say the same, such as the same fields in another order.
            columns = [
                f'"{column.name}"'
                for column in TABLES[name].all_columns
                if not column.name.startswith("_dlt") and column.name != RAW_RECORD_HASH
            ]
            query = f"select {', '.join(columns)} from raw.{name} where removed_at is null"
            assert sorted(map(repr, Reader(warehouse.path).rows(query))) == sorted(
                map(repr, Reader(alone.path).rows(query))
            )


def live(warehouse: Warehouse, resource: str) -> set[str]:
    rows = Reader(warehouse.path).rows(f"select {TABLES[resource].key} from raw.{resource} where removed_at is null")
    return {row[0] for row in rows}


def rejected(warehouse: Warehouse, resource: str) -> int:
    return Reader(warehouse.path).count(f"raw.rejected where resource = '{resource}'")


def of_a_and_others(data: st.DataObject, *, many: bool) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Draw records, and an answer that has some of them again among others."""
    a = data.draw(records("participants", many=many), "A")
    again = st.lists(st.sampled_from(a), max_size=6) if a else st.just([])
    b = data.draw(records("participants", many=many), "B")
    return a, data.draw(again, "records of A") + b + data.draw(again, "more of A")


def changed(existing: ExistingRows, said: list[dict[str, Any]]) -> tuple[list[tuple[str, str, bytes | None]], Changes]:
    """What a list of participants changes: key, fingerprint and digest of each row to write, and what it comes to."""
    table, keep, written = TABLES["participants"], PrivacySettings(), []
    page = Page("participants", Expectation("/participants", "a list"), json.dumps(said).encode())
    found = diff(table, existing, [page], RecordProcessor(table, Privacy(keep)), ResponseFingerprint([table], keep))
    while True:
        try:
            upserts = next(found)
        except StopIteration as end:
            return written, end.value
        written += zip(upserts.keys, upserts.hashes, upserts.raw_hashes, strict=True)


@examples(150)
@given(data=st.data())
def test_what_is_known_by_its_bytes_changes_the_same_as_if_it_were_not(data: st.DataObject):
    a, b = of_a_and_others(data, many=False)
    held, _ = changed(ExistingRows(), a)
    versions, by_bytes = {key: version for key, version, _ in held}, {raw: key for key, _, raw in held if raw}
    (known, changes), (unknown, others) = (changed(ExistingRows(versions, by), b) for by in (by_bytes, {}))
    assert known == unknown
    assert replace(changes, decoded=0, raw_hashes={}) == replace(others, decoded=0, raw_hashes={})


@pytest.mark.slow
@examples(3, *LARGE)
@given(data=st.data())
def test_what_is_known_by_its_bytes_comes_to_the_same_as_if_it_were_not(data: st.DataObject):
    a, b = of_a_and_others(data, many=True)
    outcomes = []
    with tempfile.TemporaryDirectory() as folder, served() as (answers, api):
        known, unknown = (file_warehouse(Path(folder) / f"{name}.duckdb") for name in ("known", "unknown"))
        run_sync(api, answers, known, {"participants": a})
        shutil.copy(known.path, unknown.path)
        with duckdb.connect(str(unknown.path)) as warehouse:
            warehouse.execute("update raw.participants set raw_record_hash = null")
        for warehouse in (known, unknown):
            result = run_sync(api, answers, warehouse, {"participants": b})["participants"]
            columns = [column.name for column in TABLES["participants"].columns]
            live = f"select {', '.join(columns)}, record_hash from raw.participants where removed_at is null"
            rejects = "select reason, payload from raw.rejected"
            rows = (sorted(map(repr, Reader(warehouse.path).rows(query))) for query in (live, rejects))
            outcomes.append((replace(result, decoded=0), *rows))
    assert outcomes[0] == outcomes[1]


def taken(resource: str, said: list[dict[str, Any]]) -> Compared:
    return compared(resource, json.loads(json.dumps(said)))


@pytest.mark.parametrize("resource", RESOURCES)
@examples(80)
@given(data=st.data())
def test_every_value_of_a_record_is_in_its_row(resource: str, data: st.DataObject):
    said = data.draw(records(resource))
    rows, changes = taken(resource, said)
    assert len(rows) + len(changes.rejects) == len(said) == changes.received
    by_key = {row[TABLES[resource].key]: row for row in rows}
    privacy, seen, rejects = Privacy(PrivacySettings()), set(), []
    for record in said:
        key = privacy.key(TABLES[resource], record)
        if key is None or key in seen:
            rejects.append("no usable" if key is None else "another record of the same answer has this")
            continue
        seen.add(key)
        kept = set(leaves(by_key[key]))
        for leaf in leaves({field: referring(field, value, resource) for field, value in record.items()}):
            assert forms(leaf) & kept, (leaf, by_key[key])
    for reject, reason in zip(changes.rejects, rejects, strict=True):
        assert reject.reason.startswith(reason)


def referring(field: str, value: Any, resource: str) -> Any:
    """A value; of a list of identifiers without what records in place of one have beside theirs."""
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


@examples(60)
@given(said=records("lectures"), seed=st.randoms(use_true_random=False))
@example(said=[{"id": 1, "name": "a"}, {"id": 2}], seed=Random(1))
def test_the_version_knows_neither_the_order_of_records_nor_of_fields(said: list[dict[str, Any]], seed: Any):
    first: dict[str, dict[str, Any]] = {}
    privacy = Privacy(PrivacySettings())
    for record in said:
        key = privacy.key(TABLES["lectures"], record)
        if key is not None:
            first.setdefault(key, record)
    alone, shuffled = [*first.values()], [*first.values()]  # which record of a key is rejected depends on their order
    seed.shuffle(shuffled)
    turned = [dict(reversed(record.items())) for record in shuffled]
    assert taken("lectures", turned).changes.version == taken("lectures", alone).changes.version


@examples(50)
@given(name=st.text(max_size=5), other=st.text(max_size=5))
def test_the_version_knows_a_change(name: str, other: str):
    versions = [taken("lectures", [{"id": 1, "name": each}]).changes.version for each in (name, other)]
    assert (versions[0] == versions[1]) is (name == other)

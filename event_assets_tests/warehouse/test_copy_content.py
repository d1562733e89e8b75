"""What the published copy holds: what its plan says, of a held-back relation what the copy before had, and notes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import duckdb
import pytest

from event_assets.warehouse import Warehouse
from event_assets.warehouse.copy_plan import HeldBack, Published, PublishPlan
from event_assets.warehouse.relations import Relation
from event_assets_tests.running import Reader
from event_assets_tests.warehouses import file_warehouse, publish

PEOPLE, TIDY, COUNTS = Relation("raw", "people"), Relation("staging", "people"), Relation("summary", "counts")
BROKEN_AT = datetime(2026, 5, 1, 9, tzinfo=timezone.utc)
LATER = datetime(2026, 5, 1, 10, tzinfo=timezone.utc)
BROKEN = HeldBack("Its check grain_is_unique fails.", BROKEN_AT)
SETTING = "the.setting"
PLAN = PublishPlan(
    columns={
        PEOPLE: {"id": '"id"', "links": "case when links like '{%' then null else links end"},
        TIDY: {"id": '"id"', "has_address": '"has_address"'},
        COUNTS: {"role": '"role"', "number": '"number"'},
    },
    left_out={PEOPLE: {"email": "Personal data."}},
    redacted={PEOPLE: {"links": "Objects."}},
    setting=SETTING,
    comments={PEOPLE: {"": "One row per person.", "id": "Who's who; 100 %", "email": "Not published."}},
)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    warehouse = file_warehouse(tmp_path / "warehouse.duckdb", memory_limit="300MB")
    execute(
        warehouse,
        "create schema raw",
        "create schema staging",
        "create schema summary",
        "create table raw.people (id integer, email varchar, email__v_text varchar, links varchar)",
        "insert into raw.people values (1, 'ann@example.org', 'bob@example.org', '7'), (2, 'x', null, '{\"a\": 1}')",
        "create view staging.people as select id, email, contains(email, '@') as has_address from raw.people",
        "create table summary.counts as select * from (values ('b', 2), ('a', 1), ('c', 3)) t(role, number)",
        "create table raw._dlt_loads as select 1 as load_id",
        "create schema _dlt_merge_raw",
        "create table _dlt_merge_raw.people as select 'cy@example.org' as email",
        "create schema _sync",
        "create table _sync.checkpoints as select 'dan@example.org' as body",
    )
    return warehouse


@pytest.fixture
def copy(warehouse: Warehouse, tmp_path: Path) -> Callable[..., Reader]:
    """Publish by a plan, and read the copy."""

    def publish_by(plan: PublishPlan = PLAN, **held: HeldBack) -> Reader:
        names = {"people": TIDY, "counts": COUNTS, "raw_people": PEOPLE}
        chosen = replace(plan, held_back={names[name]: why for name, why in held.items()})
        published.append(publish(warehouse, tmp_path / "published.duckdb", chosen))
        return Reader(tmp_path / "published.duckdb")

    published: list[Published] = []
    return publish_by


def execute(warehouse: Warehouse, *statements: str) -> None:
    with warehouse.connect() as client:
        for statement in statements:
            client.execute_sql(statement)


def tables(copy: Reader) -> set[str]:
    return {
        f"{schema}.{name}"
        for schema, name in copy.rows("select schema_name, table_name from duckdb_tables() where not internal")
    }


def comments(copy: Reader) -> dict[str, str]:
    """The comments of all tables and columns but those of the note table."""
    query = (
        "select table_name, comment from duckdb_tables() where comment is not null union all"
        " select table_name || '.' || column_name, comment from duckdb_columns() where comment is not null"
    )
    return {name: comment for name, comment in copy.rows(query) if name != "about_this_copy"}


def notes(copy: Reader, status: str) -> list[tuple[Any, ...]]:
    return copy.rows(
        f"select relation, column_name, why, since, setting from about_this_copy where status = '{status}' order by all"
    )


def test_it_holds_what_the_plan_says_and_nothing_else(copy: Callable[..., Reader]):
    reader = copy()
    assert tables(reader) == {"raw.people", "staging.people", "summary.counts", "main.about_this_copy"}
    assert reader.records("from raw.people order by id") == [{"id": 1, "links": "7"}, {"id": 2, "links": None}]
    assert reader.records("from staging.people order by id") == [
        {"id": 1, "has_address": True},
        {"id": 2, "has_address": False},
    ]
    # In the order of the summary, with its types and comments.
    assert reader.rows("from summary.counts") == [("b", 2), ("a", 1), ("c", 3)]
    assert reader.rows("select column_type from (describe summary.counts)") == [("VARCHAR",), ("INTEGER",)]
    assert comments(reader) == {"people": "One row per person.", "people.id": "Who's who; 100 %"}
    assert b"example.org" not in reader.path.read_bytes()


def test_its_note_says_what_it_lacks_and_what_brings_it_back(copy: Callable[..., Reader]):
    reader = copy()
    undeclared = "Not in the data dictionary."
    bookkeeping = "Internal to dlt and the syncs, or not part of this release."
    assert notes(reader, "left out") == [
        ("_dlt_merge_raw.people", None, bookkeeping, None, SETTING),
        ("_sync.checkpoints", None, bookkeeping, None, SETTING),
        ("main.identity", None, bookkeeping, None, SETTING),
        ("raw._dlt_loads", None, bookkeeping, None, SETTING),
        ("raw.people", "email", "Personal data.", None, SETTING),
        ("raw.people", "email__v_text", undeclared, None, SETTING),
        ("staging.people", "email", undeclared, None, SETTING),
    ]
    assert notes(reader, "redacted") == [("raw.people", "links", "Objects.", None, SETTING)]
    assert notes(reader, "held back") == []


def test_without_a_choice_it_holds_everything(copy: Callable[..., Reader], warehouse: Warehouse):
    reader, original = copy(PublishPlan()), Reader(warehouse.path)
    assert reader.count("about_this_copy") == 0
    for table in (
        "raw.people",
        "staging.people",
        "summary.counts",
        "raw._dlt_loads",
        "_dlt_merge_raw.people",
        "_sync.checkpoints",
    ):
        assert reader.records(f"from {table}") == original.records(f"from {table}"), table


@pytest.mark.parametrize(
    ("held", "relation"), [("people", "staging.people"), ("counts", "summary.counts"), ("raw_people", "raw.people")]
)
def test_a_held_back_relation_is_as_the_copy_before_has_it(
    copy: Callable[..., Reader], warehouse: Warehouse, held: str, relation: str
):
    everything = ("raw.people", "staging.people", "summary.counts")
    before = {name: copy().rows(f"from {name}") for name in everything}
    execute(
        warehouse,
        "insert into raw.people values (3, 'eve@x.y', null, null)",
        "insert into summary.counts values ('d', 4)",
    )
    reader = copy(**{held: BROKEN})
    for name in everything:
        assert (reader.rows(f"from {name}") == before[name]) is (name == relation), name
    assert notes(reader, "held back") == [(relation, None, BROKEN.why, BROKEN_AT, None)]
    # A second copy has it from the first, and says since when it was so first.
    reader = copy(**{held: HeldBack("Its check fails still.", LATER)})
    assert reader.rows(f"from {relation}") == before[relation]
    assert notes(reader, "held back") == [(relation, None, "Its check fails still.", BROKEN_AT, None)]
    reader = copy()
    assert reader.count(relation) == len(before[relation]) + 1
    assert notes(reader, "held back") == []
    assert copy(**{held: HeldBack("Again.", LATER)}).rows(
        "select since from about_this_copy where since > '2020-01-01'"
    ) == [(LATER,)]


def test_without_a_copy_before_a_held_back_relation_is_left_out(copy: Callable[..., Reader]):
    reader = copy(counts=BROKEN)
    assert tables(reader) == {"raw.people", "staging.people", "main.about_this_copy"}
    why = f"{BROKEN.why} The previous copy does not have it."
    assert notes(reader, "held back") == [("summary.counts", None, why, BROKEN_AT, None)]
    # And the next time it is there.
    assert copy().count("summary.counts") == 3


def test_a_relation_that_was_never_built_is_had_from_the_copy_before(copy: Callable[..., Reader], warehouse: Warehouse):
    copy()
    execute(warehouse, "drop table summary.counts")
    assert copy(counts=BROKEN).rows("from summary.counts") == [("b", 2), ("a", 1), ("c", 3)]


def test_of_a_copy_with_everything_a_held_back_relation_gets_no_personal_data(copy: Callable[..., Reader]):
    assert b"ann@example.org" in copy(PublishPlan()).path.read_bytes()
    reader = copy(raw_people=BROKEN, people=BROKEN)
    assert reader.records("from raw.people order by id") == [{"id": 1, "links": "7"}, {"id": 2, "links": None}]
    assert reader.columns("staging.people") == ["id", "has_address"]
    assert b"example.org" not in reader.path.read_bytes()


def test_a_copy_of_an_earlier_release_has_the_tables_that_are_held_back(
    copy: Callable[..., Reader], warehouse: Warehouse, tmp_path: Path
):
    copy()  # which gives the warehouse its identity, as the first sync does
    (tmp_path / "published.duckdb").unlink()
    (tmp_path / "published.duckdb").write_bytes(warehouse.path.read_bytes())
    execute(warehouse, "insert into summary.counts values ('d', 4)")
    reader = copy(counts=BROKEN, people=BROKEN)
    assert reader.rows("from summary.counts") == [("b", 2), ("a", 1), ("c", 3)]
    # Its views would show what the warehouse has now.
    assert "staging.people" not in tables(reader)


@pytest.mark.parametrize("there", ["another warehouse's", "another one's of an earlier release", "damaged"])
def test_a_copy_that_is_none_of_this_warehouse_has_nothing_to_hold_back(
    copy: Callable[..., Reader], tmp_path: Path, there: str
):
    path = tmp_path / "published.duckdb"
    if there == "another warehouse's":
        other = file_warehouse(tmp_path / "other.duckdb")
        execute(other, "create schema summary", "create table summary.counts as select 'other' as role, 9 as number")
        publish(other, path, PLAN)
    elif there == "damaged":
        path.write_bytes(b"no database")
    else:
        with duckdb.connect(str(path)) as connection:
            connection.execute("create schema summary; create table summary.counts as select 'o' as role, 9 as number")
            connection.execute("create table identity as select '12345678' as id")
    reader = copy(counts=BROKEN)
    assert "summary.counts" not in tables(reader)
    assert reader.count("staging.people") == 2


def test_what_cannot_be_read_is_held_back_and_the_rest_is_published(copy: Callable[..., Reader], warehouse: Warehouse):
    copy()
    execute(
        warehouse,
        "create or replace view staging.people as"
        " select cast(email as integer) as id, true as has_address from raw.people",
        "insert into summary.counts values ('d', 4)",
    )
    reader = copy()
    assert reader.rows("select id from staging.people order by id") == [(1,), (2,)]
    assert reader.count("summary.counts") == 4
    [(relation, _, why, since, _)] = notes(reader, "held back")
    assert relation == "staging.people"
    assert why.startswith("It cannot be read: Conversion Error: Could not convert string")
    assert "ann@" not in why
    assert since is not None
    with warehouse.connect() as client:  # it is left as it was found
        assert client.execute_sql("select database_name from duckdb_databases() where not internal") == [("warehouse",)]


def test_a_relation_with_nothing_to_show_is_left_out_and_readers_in_this_process_go_on(
    copy: Callable[..., Reader], warehouse: Warehouse, tmp_path: Path
):
    copy()
    execute(warehouse, "create table raw.odd as select 'x@example.org' as undeclared")
    with duckdb.connect(str(tmp_path / "published.duckdb"), read_only=True) as old:
        reader = copy(
            PublishPlan({**(PLAN.columns or {}), Relation("raw", "odd"): {"id": '"id"'}}, setting=SETTING),
            counts=BROKEN,
        )
        assert old.execute("select count(*) from raw.people").fetchone() == (2,)
    assert "raw.odd" not in tables(reader)
    assert ("raw.odd", "undeclared") in {row[:2] for row in notes(reader, "left out")}

"""A statement gets the event's schemas where it names one, and nowhere else."""

import pytest
from dlt.common.normalizers.naming.snake_case import NamingConvention

from event_assets.warehouse.names import HISTORY, MERGE, RAW, STAGING, SUMMARY, SYNC
from event_assets.warehouse.namespace import MAIN_NAMESPACE, EventNamespace
from event_assets.warehouse.relations import Relation

GRAZ = EventNamespace("graz")


@pytest.mark.parametrize(
    ("statement", "stored"),
    [
        ('select "raw"."x"."id", raw.x.y', 'select "graz_raw"."x"."id", graz_raw.x.y'),
        ('from "raw" . "x"', 'from "graz_raw" . "x"'),
        ("update _sync.a set b = %s", "update graz__sync.a set b = %s"),
        ("from published_summary.agenda", "from graz_published_summary.agenda"),
        ("create schema if not exists raw", "create schema if not exists graz_raw"),
        ('drop schema if exists "_dlt_merge_raw" cascade', 'drop schema if exists "_dlt_merge_graz_raw" cascade'),
        # What is no schema: literals, comments, columns, other schemas, and names that only look like one.
        *((same, same) for same in (
            "select 'raw.x', 'it''s raw.x', e'it\\'s raw.x', $$raw.x$$, $a$raw.x$a$",
            "select 1 -- don't raw.x",
            "select /* it's */ 1 from events.raw",
            'select "t"."raw", t.raw from t where raw = 1',
            'select "raw.x", "a""raw".b, xraw.y, raw_.y',
            'create schema "events"; create schema raw_2',
            "select 1 as schema, raw",
        )),
        ("select 'it''s' from raw.x -- 'odd\nunion select \"it's\".y from staging.y",
         "select 'it''s' from graz_raw.x -- 'odd\nunion select \"it's\".y from graz_staging.y"),
    ],
)  # fmt: skip
def test_a_statement_of_postgresql(statement: str, stored: str):
    assert GRAZ.statement(statement, "postgres") == stored
    assert MAIN_NAMESPACE.statement(statement, "postgres") == statement


def test_a_statement_of_spark():
    literals = "'don\\'t raw.x', \"it's raw.x\""
    assert GRAZ.statement(f"select {literals}, `raw.x`, `raw`.`x`.`id` from staging.y", "spark") == (
        f"select {literals}, `raw.x`, `graz_raw`.`x`.`id` from graz_staging.y"
    )


def test_no_two_events_have_a_schema_in_common():
    schemas = (RAW, STAGING, HISTORY, SUMMARY, SYNC, MERGE, "published", "published_raw", "published_summary")
    events = ("", "graz", "graz_raw", "raw_graz", "graz2026", "g")
    names = [EventNamespace(event).schema(schema) for event in events for schema in schemas]
    assert len({*names}) == len(names)
    for event in events:
        namespace = EventNamespace(event)
        for schema in schemas:
            relation = Relation(schema, "x")
            assert namespace.logical(namespace.relation(relation)) == relation
    assert GRAZ.schema("events") == "events", "what is of no event"


def test_dlt_and_postgresql_take_the_names_of_the_longest_event_as_they_are():
    naming = NamingConvention(max_length=63)
    for event in ("g" * 30, "a1_b2_3c", "x2026"):
        for schema in (RAW, MERGE, SYNC, "published_staging"):
            name = EventNamespace(event).schema(schema)
            assert len(name) <= 63
            if schema in (RAW, MERGE):
                assert naming.normalize_table_identifier(name) == name

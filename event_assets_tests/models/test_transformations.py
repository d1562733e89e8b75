"""How a column is made of its source columns: each way to write one, as a person reads it."""

from pathlib import Path

import pytest

from event_assets.assets.keys import raw_columns, raw_relations
from event_assets.models import load_models
from event_assets.models.dialects import Macros
from event_assets.models.facts import ModelFacts
from event_assets.models.lineage import Lineage
from event_assets.models.project import Model
from event_assets.models.transformations import transformations
from event_assets.warehouse.relations import Relation

A, B = Relation("raw", "a"), Relation("raw", "b")
COLUMNS = {A: ["id", "b_id", "name", "size"], B: ["id", "name", "kind"]}

CASES = {
    "as it is": ("select name as it from raw.a", {"a.name": "IDENTITY"}),
    "through a CTE and a union": (
        "with both as (select name from raw.a union all select kind from raw.b) select name as it from both",
        {"a.name": "IDENTITY", "b.kind": "IDENTITY"},
    ),
    "of a subquery": ("select (select max(b.name) from raw.b) as it from raw.a", {"b.name": "AGGREGATION"}),
    "of a correlated subquery, whose clause decides its rows": (
        "select (select b.name from raw.b where b.id = a.b_id) as it from raw.a",
        {"b.name": "IDENTITY"},
    ),
    "cast": ("select cast(size as text) as it from raw.a", {"a.size": "TRANSFORMATION"}),
    "two": ("select name || id as it from raw.a", {"a.name": "TRANSFORMATION", "a.id": "TRANSFORMATION"}),
    "sum": ("select sum(size * 2) as it from raw.a", {"a.size": "AGGREGATION"}),
    "computed from a sum": (
        "with s as (select sum(size) as n from raw.a) select n / 2 as it from s",
        {"a.size": "AGGREGATION"},
    ),
    "condition": (
        "select case when size > 1 then name else 'x' end as it from raw.a",
        {"a.size": "CONDITIONAL", "a.name": "TRANSFORMATION"},
    ),
    "simple case": (
        "select case name when 'x' then id end as it from raw.a",
        {"a.name": "CONDITIONAL", "a.id": "TRANSFORMATION"},
    ),
    "both its condition and its value": (
        "select case when size > 1 then size end as it from raw.a",
        {"a.size": "CONDITIONAL, TRANSFORMATION"},
    ),
    "sorted list": (
        "select string_agg(name, ', ' order by size) as it from raw.a",
        {"a.name": "AGGREGATION", "a.size": "SORT"},
    ),
    "filtered sum": (
        "select sum(size) filter (where name = 'x') as it from raw.a",
        {"a.size": "AGGREGATION", "a.name": "FILTER"},
    ),
    "window": (
        "select lag(size) over (partition by name order by id) as it from raw.a",
        {"a.size": "TRANSFORMATION", "a.name": "WINDOW", "a.id": "WINDOW"},
    ),
    "row number of a join": (
        "select row_number() over (order by b.kind) as it from raw.a join raw.b on b.id = a.b_id",
        {"b.kind": "WINDOW"},
    ),
    "in two ways": (
        "with both as (select name as it from raw.a union all select upper(name) from raw.a) select it from both",
        {"a.name": "IDENTITY, TRANSFORMATION"},
    ),
    "constant": ("select 'x' as it from raw.a", {}),
}


@pytest.mark.parametrize(("sql", "expected"), CASES.values(), ids=CASES)
def test_it_is_what_a_person_says(sql: str, expected: dict[str, str], tmp_path: Path):
    facts = ModelFacts(description="x", grain=["it"], columns={})
    (tmp_path / "x.sql").write_text(sql)
    model = Model(Relation("summary", "x"), tmp_path / "x.sql", Macros(tmp_path), facts)
    found = transformations(model, COLUMNS)["it"]
    assert {f"{relation.name}.{name}": ", ".join(sorted(uses)) for (relation, name), uses in found.items()} == expected


def test_they_are_of_the_source_columns_that_sqlglot_finds():
    models = load_models(raw_relations(), parsed=True)
    lineage = Lineage(models, raw_columns())
    for relation in models:
        found = lineage.transformations(relation)
        assert {column: {*sources} for column, sources in found.items()} == lineage.origins(relation)
        assert all(uses for sources in found.values() for uses in sources.values())

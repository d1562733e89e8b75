"""Which columns decide the rows of a SELECT: each way to name one, as a person reads it."""

from pathlib import Path

import pytest

from event_assets.models.dialects import Macros
from event_assets.models.facts import ModelFacts
from event_assets.models.project import Model
from event_assets.models.row_lineage import row_sources
from event_assets.warehouse.relations import Relation

A, B = Relation("raw", "a"), Relation("raw", "b")
COLUMNS = {A: ["id", "b_id", "name", "size"], B: ["id", "name", "kind"]}

CASES = {
    "nothing decides": ("select id, name from raw.a order by size", {}),
    "where": ("select id from raw.a where size > 1 and name is not null", {"a.size": "filter", "a.name": "filter"}),
    "join": ("select a.id from raw.a join raw.b on b.id = a.b_id", {"a.b_id": "join", "b.id": "join"}),
    "join with using": ("select a.size from raw.a join raw.b using (id)", {"a.id": "join", "b.id": "join"}),
    "cross join": ("select a.id, b.kind from raw.a cross join raw.b", {}),
    "comma and where": (
        "select a.id from raw.a, raw.b where a.b_id = b.id",
        {"a.b_id": "filter", "b.id": "filter"},
    ),
    "group and having": (
        "select name, count(*) as n from raw.a group by name having max(size) > 1",
        {"a.name": "group", "a.size": "filter"},
    ),
    "group by position": ("select name, count(*) as n from raw.a group by 1", {"a.name": "group"}),
    "group by all": ("select upper(name) as name, sum(size) as n from raw.a group by all", {"a.name": "group"}),
    "distinct": ("select distinct name from raw.a", {"a.name": "group"}),
    "qualify": (
        "select id from raw.a qualify row_number() over (partition by name order by size) = 1",
        {"a.name": "filter", "a.size": "filter"},
    ),
    "exists": (
        "select id from raw.a where exists (select 1 from raw.b where b.id = a.b_id and b.kind = 'x')",
        {"a.b_id": "filter", "b.id": "filter", "b.kind": "filter"},
    ),
    "in a subquery": (
        "select name from raw.a where b_id in (select id from raw.b where kind = 'x')",
        {"a.b_id": "filter", "b.id": "filter", "b.kind": "filter"},
    ),
    "by another name": (
        "with renamed as (select id, size * 2 as doubled from raw.a) select id from renamed where doubled > 1",
        {"a.size": "filter"},
    ),
    "through a union": (
        "with both as (select id, name as it from raw.a union all select id, kind from raw.b union select id, 'x' from"
        " raw.b) select id from both where it = 'x'",
        {"a.name": "filter", "b.kind": "filter"},
    ),
    "through two unions and a derived table": (
        "select it from (select it, id from (select name as it, id from raw.a union all"
        " (select name, kind from raw.b))) where id = 'x'",
        {"a.id": "filter", "b.kind": "filter"},
    ),
    "a table twice": (
        "select l.id from raw.a l join raw.a r on r.b_id = l.id where r.size > 1",
        {"a.b_id": "join", "a.id": "join", "a.size": "filter"},
    ),
    "both": (
        "select b.id from raw.a join raw.b on b.id = a.b_id where a.b_id <> ''",
        {"a.b_id": "filter, join", "b.id": "join"},
    ),
    "a constant": ("with x as (select 1 as one, id from raw.a) select id from x where one = 1", {}),
}


@pytest.mark.parametrize(("sql", "expected"), CASES.values(), ids=CASES)
def test_it_is_what_a_person_says(sql: str, expected: dict[str, str], tmp_path: Path):
    facts = ModelFacts(description="x", grain=["id"], columns={})
    (tmp_path / "x.sql").write_text(sql)
    model = Model(Relation("summary", "x"), tmp_path / "x.sql", Macros(tmp_path), facts)
    found = row_sources(model, COLUMNS)
    assert {f"{relation.name}.{name}": ", ".join(sorted(uses)) for (relation, name), uses in found.items()} == expected

"""A model that shows personal data says so, or the definitions do not load."""

from pathlib import Path

import pytest

from event_assets.assets.copy_plan import private_columns
from event_assets.assets.keys import raw_columns, raw_relations
from event_assets.models import Model, ModelError, load_models
from event_assets.models.lineage import Lineage
from event_assets.models.pii import check_pii
from event_assets.warehouse.relations import Relation


def models_of(folder: Path, facts: str = "", **selects: str) -> dict[Relation, Model]:
    """The models of some SELECTs, by name: ``staging__person``. All facts end the same."""
    for name, select in selects.items():
        schema, _, table = name.partition("__")
        (folder / schema).mkdir(exist_ok=True)
        (folder / schema / f"{table}.sql").write_text(select)
        (folder / schema / f"{table}.yml").write_text(f"description: x\ngrain: [a]\ncolumns: {{a: x}}\n{facts}")
    return load_models(raw_relations(), folder)


def check(models: dict[Relation, Model]) -> None:
    check_pii(models, Lineage(models, raw_columns()), {key: [*value] for key, value in private_columns().items()})


LEAKS = [
    "select email as a from raw.speakers",
    "select p.last_name || 'x' as a from raw.participants as p",
    "select a from (select upper(name) as a from raw.participants)",
    "with p as (select * from raw.participants) select company as a from p",
    "with p as (select * from raw.participants), q as (select *, first_name as b from p) select b as a from q",
    "select id as a from raw.days union all select phone as a from raw.partners",
    "with p(a, b) as (select id, email from raw.partners) select b as a from p",
    "select max(booking_info ->> '$.id') as a from raw.lectures",
    "select payload as a from raw.rejected",
    "select (select max(x.email) from raw.speakers as x) as a from raw.days",
    "select row_number() over (order by position) as a from raw.participants",
    "select case when email like '%@%' then id end as a from raw.participants",
    "select record_hash as a from raw.participants",
]


@pytest.mark.parametrize("select", LEAKS)
def test_a_column_made_of_personal_data_must_be_declared(tmp_path: Path, select: str):
    said = r"person\.yml: a is derived from raw\.\w+\.\w+.*, which may hold personal data\. Put it under `pii`"
    with pytest.raises(ModelError, match=said):
        check(models_of(tmp_path, staging__person=select))


@pytest.mark.parametrize("facts", ["pii: [a]\n", "not_pii: {a: only a number}\n"])
@pytest.mark.parametrize("select", LEAKS[:2])
def test_one_that_is_declared_may_be_made(tmp_path: Path, select: str, facts: str):
    check(models_of(tmp_path, facts, staging__person=select))


def test_what_is_declared_personal_is_so_further_down(tmp_path: Path):
    models_of(tmp_path, "pii: [a]\n", staging__person="select email as a from raw.participants")
    models = models_of(tmp_path, "", summary__people="select a from staging.person")
    with pytest.raises(ModelError, match=r"people\.yml: a is derived from staging\.person\.a, "):
        check(models)


def test_what_is_declared_harmless_is_so_further_down(tmp_path: Path):
    models_of(tmp_path, "not_pii: {a: a count}\n", staging__person="select count(email) as a from raw.participants")
    check(models_of(tmp_path, "", summary__people="select a from staging.person"))


@pytest.mark.parametrize(
    "select",
    [
        "select role as a from raw.participants",
        "select id as a from raw.speakers union all select id as a from raw.participants",
        "select resource as a from raw.rejected",
        "select record_hash as a from raw.days",
    ],
)
def test_other_columns_need_no_word(tmp_path: Path, select: str):
    check(models_of(tmp_path, staging__person=select))


def test_the_projects_models_are_declared():
    check(load_models(raw_relations(), parsed=True))


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ("pii: [b]\n", "pii and not_pii name columns that are not described: b"),
        ("not_pii: {b: x}\n", "pii and not_pii name columns that are not described: b"),
        ("pii: [a]\nnot_pii: {a: x}\n", "these columns are under pii and not_pii: a; keep one"),
    ],
)
def test_facts_that_contradict_themselves_are_reported(tmp_path: Path, facts: str, said: str):
    with pytest.raises(ModelError, match=said):
        models_of(tmp_path, facts, staging__person="select id as a from raw.days")

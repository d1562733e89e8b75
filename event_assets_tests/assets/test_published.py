"""The published copy of the tables: no personal data unless asked for, and of what fails the last good state."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

import dagster as dg
import pytest

from event_assets.assets import held_back
from event_assets.assets import models as model_assets
from event_assets.definitions import build_definitions
from event_assets.models.project import MODELS_FOLDER
from event_assets.sandbox import Event, Sandbox, faults, generate_event
from event_assets.settings import read_event
from event_assets.source.tables.schema import TABLES
from event_assets.warehouse.copy_plan import HeldBack
from event_assets.warehouse.relations import Relation
from event_assets_tests.running import COPY, Reader, Run

PERSONAL = {
    f"raw.{table.name}.{column.name}"
    for table in TABLES.values()
    for column in table.all_columns
    if column.pii or column.nested_pii
}


def planted(event: Event) -> set[bytes]:
    """Put a value of its own in every place of an event that holds personal data, or that nobody has declared."""
    people, speakers, partners = event.participants, event.content["speakers"], event.partners
    lectures = event.content["lectures"]
    people[0] |= {"email": "p1@leak.example", "first_name": "leak-first", "last_name": "leak-last", "name": "leak-name"}
    people[0] |= {"company": "leak-company", "position": "leak-position", "tickets": [{"holder": "leak-ticket"}]}
    people[1] |= {"EMail": "p2@leak.example", "user": {"email": "p3@leak.example"}, "role": {"x": "leak-role"}}
    people[2] |= {"email ": "p4@leak.example", "mobile": "leak-mobile", "group_id": ["leak-group"]}
    people.append({**people[0], "id": 777_777, "name": "leak-rejected"})
    people.append({"id": 777_778, "email": None, "note": "leak-payload"})
    speakers[0] |= {"email": "s@leak.example", "phone": "leak-phone", "order": "leak-order"}
    partners[0] |= {"email": "c@leak.example", "phone": "leak-phone-2", "sections": [{"x": "leak-section"}]}
    lectures[0] |= {"booking_info": [{"id": 1, "booked_attendees": [{"email": "b@leak.example"}]}]}
    lectures[1] |= {"speakers": [{"id": 1, "email": "l@leak.example"}, {"mail": "leak-link"}], "files": ["leak-file"]}
    return {b"leak"}


@pytest.fixture
def event() -> Event:
    return generate_event(lectures=6, participants=12, seed=7)


@pytest.fixture
def published(warehouse: Reader) -> Reader:
    return Reader(warehouse.path.with_name("published.duckdb"))


def lacking(published: Reader, status: str = "left out") -> dict[str, str]:
    rows = published.rows(
        f"select concat_ws('.', relation, column_name), why from about_this_copy where status = '{status}'"
    )
    return dict(rows)


def test_it_has_no_personal_data_and_all_else(
    event: Event, api: Sandbox, run: Run, warehouse: Reader, published: Reader
):
    needles = planted(event)
    result = run()
    held = warehouse.path.read_bytes()
    assert all(needle in held for needle in needles), "the search must be able to find something"
    assert not any(needle in published.path.read_bytes() for needle in needles)
    tables = {row[0] for row in published.rows("select schema_name || '.' || table_name from duckdb_tables()")}
    for asset in result.materialised - COPY:
        table = asset.replace("/", ".")
        assert table in tables
        assert published.count(table) == warehouse.count(table)
    assert {table.partition(".")[0] for table in tables} == {"raw", "staging", "history", "summary", "main"}
    assert {table for table in tables if table.startswith("main.") or "._dlt" in table} == {"main.about_this_copy"}
    assert (
        PERSONAL | {"raw.rejected.payload", "raw.participants.e_mail", "staging.participants.company"}
        <= lacking(published).keys()
    )
    assert published.rows("select resource, reason from raw.rejected order by all") == warehouse.rows(
        "select resource, reason from raw.rejected order by all"
    )
    assert result.metadata("published/warehouse")["held_back"] == "Nothing: every table is current."
    # What is made of personal data and shows none of it is there, and link tables still lead to their lectures.
    counts = "select count(*), sum(account), count_if(has_address) from staging.participants"
    assert published.rows(counts) == warehouse.rows(counts)
    links = (
        "select l.id, s._dlt_list_idx, s.value from raw.lectures l join raw.lectures__speakers s"
        " on s._dlt_parent_id = l._dlt_id where s.value not like '{%' order by all"
    )
    assert published.rows(links) == warehouse.rows(links) != []
    for table in ("summary.agenda", "summary.checkin_rate", "summary.data_quality"):
        assert published.rows(f"from {table}") == warehouse.rows(f"from {table}") != []


def test_with_the_setting_it_has_everything(
    event: Event, api: Sandbox, warehouse: Reader, published: Reader, monkeypatch: pytest.MonkeyPatch
):
    planted(event)
    with dg.DagsterInstance.ephemeral() as instance:
        Run(build_definitions(read_event()), instance)(
            "raw/participants", "staging/participants", "published/warehouse"
        )
        version = code_version(instance)
        monkeypatch.setenv("WAREHOUSE__PUBLISHED_PERSONAL_DATA", "true")
        Run(build_definitions(read_event()), instance)("published/warehouse")
        assert code_version(instance) != version, "so that the copy is made anew where the setting has changed"
    assert published.rows("select email, name, company from raw.participants order by email_key") == warehouse.rows(
        "select email, name, company from raw.participants order by email_key"
    )
    for table in ("raw.rejected", "raw._dlt_loads", "main.identity", "staging.participants"):
        assert published.rows(f"from {table} order by all") == warehouse.rows(f"from {table} order by all") != []
    assert lacking(published) == {}


def code_version(instance: dg.DagsterInstance) -> str | None:
    event = instance.get_latest_materialization_event(dg.AssetKey(["published", "warehouse"]))
    assert event
    assert event.asset_materialization
    return (event.asset_materialization.tags or {}).get("dagster/code_version")


BROKEN = {
    "summary/agenda": "Its check is_never_true failed.",
    "staging/partners": "Its check is_never_true failed.",
    "summary/speaker_load": "Its latest build failed.",
}
CONTENT = [f"raw/{name}" for name in TABLES if name not in ("partners", "participants")]
STAGING = [
    f"staging/{name}"
    for name in ("days", "halls", "speakers", "tracks", "pauses", "sessions", "session_speakers", "session_tracks")
]
BUILT = [*CONTENT, "raw/partners", *STAGING, *BROKEN]


@contextmanager
def broken_models(folder: Path) -> Iterator[None]:
    """Have definitions made in which two models fail a data test, and a third one cannot be built."""
    shutil.copytree(MODELS_FOLDER, folder)
    for model, why in BROKEN.items():
        path = folder / model
        if "check" in why:
            facts = path.with_suffix(".yml")
            tests = "" if "\ntests:" in facts.read_text() else "tests:\n"
            facts.write_text(facts.read_text() + f"{tests}  - expression:\n      is_never_true: 1 = 2\n")
        else:
            select = path.with_suffix(".sql")
            fails = "cast('x' || known.speaker_id as integer) as speaker_id,"
            select.write_text(select.read_text().replace("known.speaker_id,", fails, 1))
    load = model_assets.load_models
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model_assets, "load_models", lambda raw: load(raw, folder))
        yield


def test_what_fails_is_as_it_was_and_the_rest_is_new(
    event: Event, api: Sandbox, warehouse: Reader, published: Reader, tmp_path: Path
):
    tables = {model.replace("/", "."): why for model, why in BROKEN.items()}
    with dg.DagsterInstance.ephemeral() as instance:
        Run(build_definitions(read_event()), instance)(*BUILT, "published/warehouse")
        before = {table: published.rows(f"from {table} order by all") for table in tables}
        event.content["lectures"][0]["name"] = "Another title"
        event.partners[0]["company"] = "Another company"
        with broken_models(tmp_path / "models"):
            changed = build_definitions(read_event())
            Run(changed, instance)(*BUILT, succeeds=False)
            for _ in range(2):
                said = Run(changed, instance)("published/warehouse").metadata("published/warehouse")["held_back"]
                for table, why in tables.items():
                    assert re.search(rf"^\* `{table}`, since 20.*: {why}$", said, re.MULTILINE)
                assert {table: published.rows(f"from {table} order by all") for table in tables} == before
                assert lacking(published, "held back") == tables
                for name, title in (("raw.lectures", "name"), ("staging.sessions", "title")):
                    assert published.count(f"{name} where {title} = 'Another title'") == 1
                # A run that plans the checks and does not come to them changes nothing.
                api.fail("content", faults.status(401), times=1)
                Run(changed, instance)("raw/lectures", *STAGING, "summary/agenda", succeeds=False)
        assert ("Another company",) in warehouse.rows("select company from staging.partners")
        Run(build_definitions(read_event()), instance)(*BUILT, "published/warehouse")
    assert lacking(published, "held back") == {}
    assert published.count("summary.agenda where title = 'Another title'") == 1
    assert ("Another company",) in published.rows("select company from staging.partners")


def test_views_that_show_what_is_held_back_are_held_back_with_it(monkeypatch: pytest.MonkeyPatch):
    since = datetime(2026, 5, 1, tzinfo=timezone.utc)
    failed = {Relation("staging", "days"): HeldBack("Its check failed.", since)}
    monkeypatch.setattr(held_back, "_failed_checks", lambda *_: failed)
    with dg.DagsterInstance.ephemeral() as instance:
        found = held_back.held_back(instance, model_assets.project_models())
    assert {str(relation): held.why for relation, held in found.items()} == {
        "staging.days": "Its check failed.",
        "staging.pauses": "It reads staging.days, which is held back.",
    }
    assert {held.since for held in found.values()} == {since}

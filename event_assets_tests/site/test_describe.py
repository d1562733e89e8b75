"""What the catalogue says of tables and columns: the same as the facts, the product's lineage, and a person."""

import pytest
import yaml

from event_assets.assets.keys import raw_columns
from event_assets.models import Model
from event_assets.models.lineage import Lineage
from event_assets.site.catalogue import Catalogue, CatalogueColumn
from event_assets.source.tables.more import ALL_TABLES
from event_assets.warehouse.relations import Relation

BY_HAND = {
    # a constant
    "staging.sessions.kind": [],
    # a union with a constant in one branch
    "summary.agenda.kind": ["staging.sessions.kind"],
    # a union of expressions
    "summary.agenda.entry_key": ["staging.pauses.pause_id", "staging.sessions.session_key"],
    # a union of joins
    "staging.session_speakers.speaker_id": ["raw.lectures__speakers.value", "raw.workshops__speakers.value"],
    # a left join
    "summary.agenda.hall": ["staging.halls.hall"],
    # an ordered aggregate of a join
    "summary.agenda.speakers": ["staging.session_speakers.list_index", "staging.speakers.speaker"],
    # a coalesce of a join and of a macro
    "staging.pauses.day": ["raw.pauses.start", "staging.days.day"],
    # a window: what it is partitioned and ordered by counts
    "staging.participants.account": ["raw.participants.email_key", "raw.participants.id"],
    # a window over an aggregate that counts rows
    "summary.registrations_by_day.registrations_so_far": [
        "staging.participants.registered_day",
        "staging.participants.role",
    ],
    # a count of rows is made of no column; one with a condition is made of that
    "summary.checkin_rate.registered": [],
    "summary.checkin_rate.checked_in": ["staging.participants.checked_in"],
    # a group of a group of a self join, and a pattern
    "summary.speaker_conflicts.likely_team": ["staging.session_speakers.speaker_id", "staging.speakers.speaker"],
    # renamed, and given a type by the raw table alone
    "raw.halls.stream__url": ["api.halls.stream.url"],
    "raw.participants.email_key": ["api.participants.email", "api.participants.id"],
    "raw.lectures__speakers.value": ["api.lectures.speakers"],
}
"""What a person says who reads the SQL, with the reason why it is asked."""

ROWS_BY_HAND = {
    "staging.halls": {"raw.halls.removed_at": "filter"},
    "staging.rejected": {"raw.rejected.resource": "group", "raw.rejected.reason": "group"},
    "summary.workshop_capacity": {
        "staging.sessions.kind": "filter",
        "staging.sessions.hall_id": "join",
        "staging.halls.hall_id": "join",
    },
    # "group by all"
    "summary.registrations_by_day": {
        "staging.participants.registered_day": "group",
        "staging.participants.role": "group",
    },
    # through the aliases of a union: entries.entry_key is one of two
    "summary.agenda": {
        "staging.sessions.session_key": "join",
        "staging.pauses.pause_id": "join",
        "staging.sessions.hall_id": "join",
        "staging.halls.hall_id": "join",
        "staging.session_speakers.session_key": "group, join",
        "staging.session_speakers.speaker_id": "join",
        "staging.speakers.speaker_id": "join",
        "staging.session_tracks.session_key": "group, join",
        "staging.session_tracks.track_id": "join",
        "staging.tracks.track_id": "join",
    },
}


def column(catalogue: Catalogue, table: str, name: str) -> CatalogueColumn:
    return next(each for each in catalogue.by_id[table].columns if each.name == name)


def test_the_lineage_of_every_column_is_that_of_the_product(catalogue: Catalogue, models: dict, lineage: Lineage):
    compared = 0
    for relation in models:
        origins = lineage.origins(relation)
        shown = {each.name: set(each.sources) for each in catalogue.by_id[str(relation)].columns}
        assert shown == {name: {f"{read}.{source}" for read, source in made} for name, made in origins.items()}
        compared += len(shown)
    assert compared > 200


@pytest.mark.parametrize(("name", "sources"), BY_HAND.items(), ids=BY_HAND)
def test_the_lineage_is_what_a_person_says(catalogue: Catalogue, name: str, sources: list[str]):
    table = next(table for table in catalogue.tables if name.startswith(f"{table.id}."))
    assert list(column(catalogue, table.id, name.removeprefix(f"{table.id}.")).sources) == sources


@pytest.mark.parametrize(("table", "uses"), ROWS_BY_HAND.items(), ids=ROWS_BY_HAND)
def test_the_columns_that_decide_rows_are_what_a_person_says(catalogue: Catalogue, table: str, uses: dict[str, str]):
    assert catalogue.by_id[table].row_sources == uses


def test_every_table_and_column_has_its_facts(catalogue: Catalogue, models: dict[Relation, Model]):
    for relation, model in models.items():
        table = catalogue.by_id[str(relation)]
        facts = yaml.safe_load(model.path.with_suffix(".yml").read_text(encoding="utf-8"))
        described = {each.name: each.description for each in table.columns}
        assert described == facts["columns"]
        assert (table.description, list(table.grain)) == (facts["description"], facts["grain"])
        assert table.sql == model.path.read_text(encoding="utf-8")
        assert {each.name for each in table.columns if each.pii} == set(facts.get("pii", []))
        assert {each.name: each.not_pii for each in table.columns if each.not_pii} == facts.get("not_pii", {})
        assert set(table.reads) == {str(read) for read in model.reads}
    for relation, names in raw_columns().items():
        assert [each.name for each in catalogue.by_id[str(relation)].columns] == names
    assert {table.name for table in catalogue.tables if table.layer == "api"} == set(ALL_TABLES)


def test_every_id_that_is_named_is_there_once(catalogue: Catalogue):
    columns = [f"{table.id}.{each.name}" for table in catalogue.tables for each in table.columns]
    known = {*columns, *catalogue.by_id}
    assert len(known) == len(columns) + len(catalogue.tables)
    for table in catalogue.tables:
        named = {*table.reads, *table.row_sources, *(source for each in table.columns for source in each.sources)}
        assert named <= known, table.id


def test_personal_data_is_marked_and_what_the_copy_leaves_out(catalogue: Catalogue):
    email = column(catalogue, "raw.participants", "email")
    assert (email.pii, email.left_out) == (True, "Personal data.")
    assert column(catalogue, "api.participants", "email").pii
    assert column(catalogue, "staging.participants", "company").pii
    role = column(catalogue, "raw.participants", "role")
    assert (role.pii, role.left_out) == (False, "")
    assert column(catalogue, "raw.rejected", "payload").left_out == "Complete records with personal data."


def test_a_column_that_several_use_names_them_all(catalogue: Catalogue):
    users = catalogue.used_by["staging.halls.hall"]
    by_hand = {"summary.agenda.hall", "summary.workshop_capacity.hall", "summary.speaker_conflicts.other_hall"}
    assert by_hand < set(users)
    assert "summary.agenda" in catalogue.rows_by["staging.halls.hall_id"]
    assert "summary.agenda" in catalogue.read_by["staging.halls"]

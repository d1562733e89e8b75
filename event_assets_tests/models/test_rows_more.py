"""What is made of the optional resources: reviews, groups and registrations."""

from typing import Any

import pytest

from event_assets.source.tables.more import ALL_TABLES
from event_assets.source.tables.schema import TABLES
from event_assets_tests.models.bench import build
from event_assets_tests.models.rows import GONE, only, person, session

pytestmark = pytest.mark.usefixtures("engine")

GONE_AT = GONE["removed_at"]
THERE = {"checked_at": "2026-05-12T06:14:59Z"}


def review(key: str, lecture: str | None = "1", **fields: Any) -> dict[str, Any]:
    return {"id": key, "lecture_id": lecture, "user_id": f"u{key}", "username": "Planted Name", "stars": 4, **fields}


# --- staging.reviews and session_ratings


def test_a_review_is_of_the_lecture_else_of_the_workshop_with_its_identifier():
    raw = {
        "lectures": [session("1"), session("gone", **GONE)],
        "workshops": [session("1"), session("2")],
        "reviews": [
            review("a"),
            review("b", "2"),
            review("c", "gone"),
            review("d", None),
            review("e", removed_at=GONE_AT),
        ],
    }
    rows = build(raw, "staging.reviews")
    assert {row["review_id"]: row["session_key"] for row in rows} == {
        "a": "lecture:1", "b": "workshop:2", "c": None, "d": None
    }  # fmt: skip


def test_ratings_of_each_session_without_names():
    raw = {
        "lectures": [session("1"), session("2"), session("3")],
        "reviews": [
            review("b", stars=5, comment=" Great, really!\n"),
            review("a", stars=2, comment="Too fast"),
            review("c", stars=None, comment=" ", user_id="ua"),
            review("d", "2", stars=3, user_id=None),
            review("e", "elsewhere", stars=1),
            review("f", stars=1, removed_at=GONE_AT),
        ],
        "participants": [person("1", **THERE), person("2", **THERE), person("3", **THERE), person("4")],
    }
    rows = build(raw, "summary.session_ratings")
    # Reviews, reviewers, reviewers per checked-in person, average, lowest, highest, commented, comments.
    assert {row["session_key"]: tuple(row.values())[4:] for row in rows} == {
        "lecture:1": (3, 2, pytest.approx(2 / 3), 3.5, 2, 5, 2, "Too fast | Great, really!"),
        "lecture:2": (1, None, None, 3, 3, 3, 0, None),
        "lecture:3": (0, 0, 0, None, None, None, 0, None),
    }
    assert [row["session_key"] for row in rows] == ["lecture:1", "lecture:2", "lecture:3"]
    assert "Planted" not in str(rows)


def test_while_nobody_is_there_nobody_knows_which_share_has_reviewed():
    raw = {"lectures": [session("1"), session("2")], "reviews": [review("a")], "participants": [person("1")]}
    rows = build(raw, "summary.session_ratings")
    assert [row["reviewers_per_checked_in"] for row in rows] == [None, None]


# --- staging.groups, and the groups of summaries


PEOPLE = [
    person("1", group_id="1", **THERE),
    person("2", group_id="2"),
    person("3", group_id="2"),
    person("4", group_id="3"),
    person("5", group_id="9"),
    person("6", group_id=" "),
]
NAMED = [
    {"id": "1", "name": " Press "},
    {"id": "2", "name": "Team"},
    {"id": "3", "name": "Team"},
    {"id": "4", "name": " ", "public_name": "Guests"},
    {"id": "5", "name": None, "public_name": ""},
    {"id": "6", "name": "Gone", **GONE},
]


def test_groups_have_names_where_they_are_synced_and_several_of_one_name_their_identifiers():
    rows = build({"participants": PEOPLE, "groups": NAMED}, "staging.groups")
    assert {row["group_id"]: (row["name"], row["label"]) for row in rows} == {
        "1": ("Press", "Press"),
        "2": ("Team", "Team (2)"),
        "3": ("Team", "Team (3)"),
        "4": ("Guests", "Guests"),
        "5": (None, "5"),
        "9": (None, "9"),
    }
    assert len(rows) == 6


def test_groups_are_their_identifiers_where_they_are_not_synced():
    rows = build({"participants": PEOPLE}, "staging.groups", tables=TABLES)
    assert sorted(tuple(row.values()) for row in rows) == [(key, None, key) for key in "1239"]


@pytest.mark.parametrize("summary", ["checkin_rate", "no_shows", "attendance_over_time"])
def test_summaries_show_the_names_of_groups(summary: str):
    on = build({"participants": PEOPLE, "groups": NAMED}, f"summary.{summary}")
    off = build({"participants": PEOPLE}, f"summary.{summary}", tables=TABLES)
    groups = [{row["value"] for row in rows if row["dimension"] == "group"} for rows in (on, off)]
    assert groups == [{"Press", "Team (2)", "Team (3)", "9", "(none)"}, {"1", "2", "3", "9", "(none)"}]
    assert len(on) == len(off)


# --- registration_funnel


def test_registrations_by_status_of_all_and_of_each_group():
    raw = {
        "registrations": [
            {"id": "1", "status": "accepted", "group_id": "1", "email_valid": True, "send_email": True},
            {"id": "2", "status": " accepted\n", "group_id": "1", "email_valid": False, "send_email": None},
            {"id": "3", "status": "pending", "group_id": "8", "email": "planted@example.org"},
            {"id": "4", "status": " ", "group_id": None},
            {"id": "5", "status": "rejected", **GONE},
        ],
        "groups": [{"id": "1", "name": "Press"}],
    }
    rows = build(raw, "summary.registration_funnel")
    assert [tuple(row.values()) for row in rows] == [
        ("all", "(all)", "accepted", 2, 0.5, 1, 1),
        ("all", "(all)", "(none)", 1, 0.25, 0, 0),
        ("all", "(all)", "pending", 1, 0.25, 0, 0),
        ("group", "(none)", "(none)", 1, 1, 0, 0),
        ("group", "8", "pending", 1, 1, 0, 0),
        ("group", "Press", "accepted", 2, 1, 1, 1),
    ]
    assert "planted" not in str(rows)


def test_without_groups_a_registration_has_the_identifier_of_its_group():
    tables = {name: table for name, table in ALL_TABLES.items() if name != "groups"}
    raw = {"registrations": [{"id": "1", "status": "new", "group_id": "8"}]}
    row = only([r for r in build(raw, "summary.registration_funnel", tables=tables) if r["dimension"] == "group"])
    assert (row["value"], row["registrations"]) == ("8", 1)


# --- companies


def test_companies_are_called_alike_in_both_summaries():
    names = ["ACME", "Acme", "Acme ", "acme", "Two Ltd", "Two Ltd", "Sole"]
    people = [person(str(number), company=name) for number, name in enumerate(names)]
    assert {row["company"]: row["shown_as"] for row in build({"participants": people}, "staging.companies")} == {
        "ACME": "Acme", "Acme": "Acme", "acme": "Acme", "Two Ltd": "(other)", "Sole": "(other)"
    }  # fmt: skip
    for summary in ("checkin_rate", "no_shows"):
        rows = build({"participants": people}, f"summary.{summary}")
        assert {r["value"]: r["registered"] for r in rows if r["dimension"] == "company"} == {"Acme": 4, "(other)": 3}

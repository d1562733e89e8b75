"""Participants, registrations and check-in."""

from datetime import date, datetime

import pytest

from event_assets_tests.models.bench import build
from event_assets_tests.models.rows import GONE, UTC, found, only, person

pytestmark = pytest.mark.usefixtures("engine")

# --- participants


@pytest.mark.parametrize(
    ("registered_at", "instant", "day"),
    [
        pytest.param("2026-03-28T23:30:00Z", (28, 23, 30), 29, id="another day here"),
        pytest.param("2026-03-29T00:30:00+02:00", (28, 22, 30), 28, id="another day there"),
        pytest.param("2026-03-29T00:30:00", (28, 23, 30), 29, id="no offset, before the clock change"),
        pytest.param("2026-03-29T12:00", (29, 10, 0), 29, id="no offset, after the clock change"),
        pytest.param("2026-03-29T12:00+02:00", (29, 10, 0), 29, id="no seconds"),
        pytest.param("2026-03-29 12:00:00.5-05", (29, 17, 0), 29, id="hours only"),
    ],
)
def test_people_register_on_a_day_of_the_event_s_zone(registered_at: str, instant: tuple, day: int):
    row = only(
        build({"participants": [person("p", registered_at=registered_at)]}, "staging.participants", "Europe/Vienna")
    )
    assert row["registered_at"].astimezone(UTC).replace(microsecond=0) == datetime(2026, 3, *instant, tzinfo=UTC)
    assert row["registered_day"] == date(2026, 3, day)


@pytest.mark.parametrize(
    ("code", "role"),
    [
        ("a", "admin"),
        ("m", "moderator"),
        ("l", "lecturer"),
        (" e ", "attendee"),
        ("e\r\n", "attendee"),
        ("x", "x"),
        (" ", None),
        (None, None),
    ],
)
def test_a_role_has_a_name_or_stays_the_code(code: str | None, role: str | None):
    assert only(build({"participants": [person("p", role=code)]}, "staging.participants"))["role"] == role


@pytest.mark.parametrize(
    ("checked_at", "checked_in"),
    [
        (None, False),
        ("", False),
        (" ", False),
        ("\r\n", False),
        ("2026-05-12T08:00:00Z", True),
        ("yes", True),
        ("1", True),
        ("true", True),
    ],
)
def test_who_has_checked_in_has_even_where_the_time_cannot_be_read(checked_at: str | None, checked_in: bool):
    row = only(build({"participants": [person("p", checked_at=checked_at)]}, "staging.participants"))
    assert row["checked_in"] is checked_in
    assert (row["checked_at"] is not None) is (checked_at == "2026-05-12T08:00:00Z")


@pytest.mark.parametrize(
    "nothing", ["0", "false", "False\n", "0000-00-00 00:00:00", "0000-00-00", "-0001-11-30T00:00:00.000000Z"]
)
def test_what_servers_send_for_no_time_is_no_check_in(nothing: str):
    row = only(build({"participants": [person("p", checked_at=nothing)]}, "staging.participants"))
    assert row["checked_in"] is False


@pytest.mark.parametrize(
    ("email", "key", "has_address"),
    [
        ("p@example.org", "p@example.org", True),
        ("anonymous-17", "id:p", False),
        ("anonymous-17", "anonymous-17", False),
        ("", "id:p", False),
        (None, "id:p", False),
        ("hmac:0f0f", "hmac:0f0f", True),
        ("hmac:0f0f", "id:p", False),
        (None, "p", None),
    ],
)
def test_who_has_no_address_is_known_unless_it_is_dropped(email: str | None, key: str, has_address: bool | None):
    raw = {"participants": [person("p", email=email, email_key=key)]}
    assert only(build(raw, "staging.participants"))["has_address"] is has_address
    assert len(found(raw)) == (has_address is False)


def test_people_of_one_identifier_or_none_are_distinguished_without_their_address():
    people = [person("p", email_key=key) for key in ("b", "a")]
    people += [{**person(key), "id": None} for key in ("c", "d")]
    rows = build({"participants": [*people, person("gone", **GONE)]}, "staging.participants")
    assert sorted((str(row["participant_id"]), row["account"]) for row in rows) == [
        ("None", 1), ("None", 2), ("p", 1), ("p", 2)
    ]  # fmt: skip
    assert not rows[0].keys() & {"email", "email_key", "name", "first_name", "last_name", "position"}


# --- registrations_by_day


def test_registrations_add_up_by_role_on_every_day_on_which_anybody_registered():
    people = [
        person("1", role="e", registered_at="2026-03-01T23:30:00Z"),
        person("2", role="e", registered_at="2026-03-02T12:00:00"),
        person("3", role="e", registered_at="2026-03-09T12:00:00Z"),
        person("4", role="e", registered_at="soon"),
        person("5", role="e", registered_at=None),
        person("6", role="l", registered_at="2026-03-09T12:00:00Z"),
        person("7", role=None, registered_at="2026-03-09T12:00:00Z"),
        person("8", role="zz", registered_at="2026-03-09T12:00:00Z"),
        person("9", role="e", registered_at="2026-03-09T12:00:00Z", **GONE),
    ]
    rows = build({"participants": people}, "summary.registrations_by_day", "Europe/Vienna")
    assert [tuple(row.values()) for row in rows] == [
        (date(2026, 3, 2), "(none)", 0, 0),
        (date(2026, 3, 2), "attendee", 2, 2),
        (date(2026, 3, 2), "lecturer", 0, 0),
        (date(2026, 3, 2), "zz", 0, 0),
        (date(2026, 3, 9), "(none)", 1, 1),
        (date(2026, 3, 9), "attendee", 1, 3),
        (date(2026, 3, 9), "lecturer", 1, 1),
        (date(2026, 3, 9), "zz", 1, 1),
        (None, "(none)", 0, 1),
        (None, "attendee", 2, 5),
        (None, "lecturer", 0, 1),
        (None, "zz", 0, 1),
    ]


# --- checkin_rate


def test_companies_that_differ_only_by_case_are_one_called_as_most_write_it():
    names = ["ACME", "Acme", "Acme ", "acme", "BÄCKER", "Bäcker", "bäcker", "\u0391\u0393", "\u03b1\u03b3", "Acme Ltd"]
    people = [person(str(number), company=name) for number, name in enumerate(names)]
    rows = build({"participants": people}, "summary.checkin_rate")
    companies = {row["value"]: row["registered"] for row in rows if row["dimension"] == "company"}
    # Of spellings that are used equally often, the first by its characters.
    assert companies == {"Acme": 4, "BÄCKER": 3, "(other)": 3}


def test_check_in_by_role_group_and_company_where_few_are_not_named():
    there = {"checked_at": "2026-05-12T08:00:00Z"}
    people = [
        person("1", role="e", company="Three Ltd", group_id="g", **there),
        person("2", role="e", company=" Three Ltd\r\n", group_id="g\r", **there),
        person("3", role="e", company="Three Ltd", group_id=""),
        person("4", role="q", company="Two Ltd", **there),
        person("5", role="e", company="Two Ltd"),
        # Gone, so that the company has two people left.
        person("6", role="e", company="Two Ltd", **GONE),
        person("7", role="e", company="Grace's own"),
        person("8", role="e", company=" "),
        person("9", role="", company=None, **there),
    ]
    rows = build({"participants": people}, "summary.checkin_rate")
    assert {(row["dimension"], row["value"]): (row["registered"], row["checked_in"]) for row in rows} == {
        ("all", "(all)"): (8, 4),
        ("role", "attendee"): (6, 2),
        ("role", "q"): (1, 1),
        ("role", "(none)"): (1, 1),
        ("group", "g"): (2, 2),
        ("group", "(none)"): (6, 2),
        ("company", "Three Ltd"): (3, 2),
        ("company", "(other)"): (3, 1),
        ("company", "(none)"): (2, 1),
    }
    assert len(rows) == 9
    for row in rows:
        assert row["rate"] == pytest.approx(row["checked_in"] / row["registered"])

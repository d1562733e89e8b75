"""What the models of people, partners and findings make of rows, with the awkward ones."""

from datetime import date, datetime, timezone
from typing import Any

import pytest

from event_assets_tests.models.bench import build

UTC = timezone.utc
GONE = {"removed_at": datetime(2026, 5, 1, tzinfo=UTC)}


def person(key: str, **fields: Any) -> dict[str, Any]:
    address = f"{key}@example.org"
    return {"id": key, "email": address, "email_key": address, "registered_at": "2026-03-01T12:00:00Z", **fields}


def session(key: str = "1", **fields: Any) -> dict[str, Any]:
    """A session that nothing is wrong with, in the event ``SOUND``."""
    sound = {"event_day_id": "d", "hall_id": "h", "speakers": ["s"], "tracks": ["t"]}
    times = {"start": "2026-05-12T09:00:00", "end": "2026-05-12T10:00:00"}
    return {"id": key, "name": f"Session {key}", **sound, **times, **fields}


SOUND = {
    "halls": [{"id": "h", "name": "Hall"}],
    "days": [{"id": "d", "date": "2026-05-12"}],
    "speakers": [{"id": "s", "name": "Ada"}],
    "tracks": [{"id": "t", "name": "Track"}],
}


def only(rows: list[dict[str, Any]]) -> dict[str, Any]:
    assert len(rows) == 1
    return rows[0]


def found(raw: dict[str, Any], timezone: str = "UTC") -> list[tuple]:
    rows = build({**SOUND, **raw}, "summary.data_quality", timezone)
    return [(row["rule"], row["resource"], row["id"], row["detail"]) for row in rows]


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
    [("a", "admin"), ("m", "moderator"), ("l", "lecturer"), (" e ", "attendee"), ("x", "x"), (" ", None), (None, None)],
)
def test_a_role_has_a_name_or_stays_the_code(code: str | None, role: str | None):
    assert only(build({"participants": [person("p", role=code)]}, "staging.participants"))["role"] == role


@pytest.mark.parametrize(
    ("checked_at", "checked_in"),
    [(None, False), ("", False), (" ", False), ("2026-05-12T08:00:00Z", True), ("yes", True)],
)
def test_who_has_checked_in_has_even_where_the_time_cannot_be_read(checked_at: str | None, checked_in: bool):
    row = only(build({"participants": [person("p", checked_at=checked_at)]}, "staging.participants"))
    assert row["checked_in"] is checked_in
    assert (row["checked_at"] is not None) is (checked_at == "2026-05-12T08:00:00Z")


@pytest.mark.parametrize(
    ("email", "has_address"),
    [("p@example.org", True), ("anonymous-17", False), ("", False), ("hmac:0f0f", None), (None, None)],
)
def test_an_address_has_an_at_and_a_hash_does_not_tell(email: str | None, has_address: bool | None):
    raw = {"participants": [person("p", email=email)]}
    assert only(build(raw, "staging.participants"))["has_address"] is has_address
    assert len(found(raw)) == (has_address is False)


def test_people_of_one_identifier_or_none_are_told_apart_without_their_address():
    people = [person("p", email_key=key) for key in ("b", "a")]
    people += [{**person(key), "id": None} for key in ("c", "d")]
    rows = build({"participants": [*people, person("gone", **GONE)]}, "staging.participants")
    assert sorted((str(row["participant_id"]), row["account"]) for row in rows) == [
        ("None", 1), ("None", 2), ("p", 1), ("p", 2)
    ]  # fmt: skip
    assert not rows[0].keys() & {"email", "email_key", "name", "first_name", "last_name", "position"}


# --- registrations_by_day


def test_registrations_add_up_by_role_and_skip_days_without_any():
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
        (date(2026, 3, 2), "attendee", 2, 2),
        (date(2026, 3, 9), "(none)", 1, 1),
        (date(2026, 3, 9), "attendee", 1, 3),
        (date(2026, 3, 9), "lecturer", 1, 1),
        (date(2026, 3, 9), "zz", 1, 1),
        (None, "attendee", 2, 5),
    ]


# --- checkin_rate


def test_check_in_by_role_group_and_company_where_few_are_not_named():
    there = {"checked_at": "2026-05-12T08:00:00Z"}
    people = [
        person("1", role="e", company="Three Ltd", group_id="g", **there),
        person("2", role="e", company=" Three Ltd ", group_id="g", **there),
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


# --- partners_overview

PROFILE = {
    "description": "<p>Tools.</p>",
    "web": "https://example.org",
    "address": "1 Street",
    "logo__url": "https://example.org/l.png",
    "photo": "https://example.org/p.png",
}


@pytest.mark.parametrize(
    ("changed", "completeness", "missing"),
    [
        pytest.param({}, 1, None, id="complete"),
        pytest.param({"web": ""}, 0.8, "web", id="blank"),
        pytest.param({"description": "<p>&nbsp;\n</p>", "photo": None}, 0.6, "description, photo", id="empty HTML"),
        pytest.param(dict.fromkeys(PROFILE), 0, "description, web, address, logo, photo", id="nothing"),
        pytest.param(dict.fromkeys(PROFILE, " "), 0, "description, web, address, logo, photo", id="blanks"),
    ],
)
def test_a_profile_is_as_complete_as_its_five_fields(changed: dict, completeness: float, missing: str | None):
    row = only(build({"partners": [{"id": "p1", **PROFILE, **changed}]}, "summary.partners_overview"))
    assert (row["profile_completeness"], row["missing"]) == (pytest.approx(completeness), missing)


def test_a_partner_is_what_its_flags_say():
    partners = [
        {"id": "a", "company": " Acme ", "sponsor": True, "sponsor_info__order": 2},
        {"id": "b", "company": "", "exhibitor": True, "exhibitor_info__order": 1, "exhibitor_info__booth_number": "A3"},
        {"id": "gone", "company": "Gone", **GONE},
    ]
    rows = {row.pop("partner_id"): row for row in build({"partners": partners}, "summary.partners_overview")}
    facts = ["company", "sponsor", "exhibitor", "sponsor_order", "exhibitor_order", "booth_number"]
    assert {key: [row[fact] for fact in facts] for key, row in rows.items()} == {
        "a": ["Acme", True, False, 2, None, None],
        "b": [None, False, True, None, 1, "A3"],
    }
    assert not rows["a"].keys() & {"email", "phone"}


# --- data_quality


def test_a_sound_event_has_no_findings():
    assert found({"lectures": [session()], "workshops": [session()], "participants": [person("p")]}) == []


@pytest.mark.parametrize(
    ("changed", "rule", "detail"),
    [
        ({"hall_id": None}, "session_without_hall", None),
        ({"speakers": []}, "session_without_speaker", None),
        ({"tracks": []}, "session_without_track", None),
        ({"hall_id": "TR212"}, "unknown_hall", "TR212"),
        ({"event_day_id": "d9"}, "unknown_day", "d9"),
        ({"speakers": ["s", "ghost", "ghost"]}, "unknown_speaker", "ghost"),
        ({"tracks": ["t", "t9"]}, "unknown_track", "t9"),
        ({"end": "2026-05-12T09:00:00"}, "end_not_after_start", "0 minutes"),
        ({"end": "2026-05-12T08:30:00"}, "end_not_after_start", "-30 minutes"),
        ({"end": "2026-05-12T15:01:00"}, "overlong_session", "361 minutes"),
        ({"end": None}, "no_readable_end", None),
        ({"end": "late"}, "no_readable_end", None),
        ({"start": ""}, "no_readable_start", None),
        # Half past one on the day itself, on the clock of the event's zone.
        ({"start": "2026-05-11T23:30:00Z", "end": "2026-05-12T00:30:00Z"}, None, None),
        (
            {"start": "2026-05-12T22:30:00Z", "end": "2026-05-12T23:00:00Z"},
            "starts_on_another_day",
            "starts on 2026-05-13, its day is 2026-05-12",
        ),
        ({"name": " "}, "blank_name", None),
        ({"name": None}, "blank_name", None),
    ],
)
@pytest.mark.parametrize("resource", ["lectures", "workshops"])
def test_each_rule_finds_its_session_and_no_other(resource: str, changed: dict, rule: str | None, detail: str | None):
    odd = session("GUID-7", **changed)
    expected = [(rule, resource, "GUID-7", detail)] if rule else []
    assert found({resource: [session(), odd]}, "Europe/Vienna") == expected


def test_six_hours_are_not_too_long_also_through_a_clock_change():
    days = {"days": [{"id": "d", "date": "2026-10-24"}]}
    six = session(start="2026-10-24T22:00:00", end="2026-10-25T03:00:00")
    seven = session("2", start="2026-10-24T22:00:00", end="2026-10-25T04:00:00")
    expected = [("overlong_session", "lectures", "2", "420 minutes")]
    assert found({**days, "lectures": [six, seven]}, "Europe/Vienna") == expected


def test_where_no_days_are_sent_no_day_is_unknown():
    assert found({"days": [], "lectures": [session()]}) == []


def test_what_was_removed_is_neither_found_nor_known():
    raw = {
        "halls": [{"id": "h", "name": "Hall", **GONE}],
        "lectures": [session(), session("2", name="", **GONE)],
        "participants": [person("p", email="deleted", **GONE)],
    }
    assert found(raw) == [("unknown_hall", "lectures", "1", "h")]


@pytest.mark.parametrize("resource", ["halls", "speakers", "tracks", "partners"])
@pytest.mark.parametrize("name", [None, "", "  "])
def test_a_blank_name_is_found(resource: str, name: str | None):
    field = "company" if resource == "partners" else "name"
    rows = [*SOUND.get(resource, []), {"id": "odd", field: name}]
    assert found({resource: rows}) == [("blank_name", resource, "odd", None)]


def test_people_without_an_address_are_found_by_their_identifier():
    people = [person("1", email="anonymous"), person("1", email="deleted-2", email_key="x"), person("2")]
    assert found({"participants": people}) == [("participant_without_address", "participants", "1", None)]


def test_records_that_were_not_loaded_are_counted_and_not_shown():
    payload = '{"email": "hidden.person@example.org"}'
    rejected = [
        {"resource": "participants", "reason": "no usable email", "payload": payload},
        {"resource": "participants", "reason": "no usable email", "payload": payload},
        {"resource": "halls", "reason": "no usable id", "payload": "{}"},
    ]
    assert found({"rejected": rejected}) == [
        ("record_not_loaded", "halls", None, "no usable id: 1"),
        ("record_not_loaded", "participants", None, "no usable email: 2"),
    ]


def test_one_record_can_have_several_findings():
    odd = session(hall_id=None, speakers=["x", "y"], tracks=[], start=None, end=None)
    assert [(rule, detail) for rule, _, _, detail in found({"lectures": [odd]})] == [
        ("no_readable_end", None),
        ("no_readable_start", None),
        ("session_without_hall", None),
        ("session_without_track", None),
        ("unknown_speaker", "x"),
        ("unknown_speaker", "y"),
    ]


# --- event_overview


def test_an_empty_event_has_an_overview_of_noughts():
    row = only(build({}, "summary.event_overview"))
    unknown = {"event_id", "first_day", "last_day"}
    assert {name for name, value in row.items() if value is None} == unknown
    assert {value for name, value in row.items() if name not in unknown} == {0}


def test_the_overview_counts_what_is_there():
    raw = {
        "halls": [{"id": "h", "name": "Hall", "event_id": "7"}, {"id": "h2", "name": "Hall 2"}],
        "days": [{"id": "d", "date": "2026-05-12"}, {"id": "d2", "date": "someday"}],
        "speakers": [{"id": "s", "name": "Ada"}, {"id": "idle", "name": "Bo"}, {"id": "gone", **GONE}],
        "tracks": [{"id": "t", "name": "Track"}],
        "lectures": [
            session("1", speakers=["s", "s", "ghost"]),
            # Past midnight, and still of its day; then one without a day of the event.
            session("2", start="2026-05-13T00:30:00", end="2026-05-13T01:00:00"),
            session("3", event_day_id=None, start="2026-05-14T09:00:00", end="2026-05-14T08:00:00", speakers=[]),
            session("4", hall_id=None, start=None, event_day_id=None),
            session("5", **GONE),
        ],
        "workshops": [session("1")],
        "pauses": [{"id": "p", "name": "Coffee"}, {"id": "p2", **GONE}],
        "partners": [
            {"id": "1", "company": "A", "sponsor": True, "exhibitor": True},
            {"id": "2", "company": "B", "exhibitor": True},
            {"id": "3", "company": "C"},
        ],
        "participants": [person("1", checked_at="2026-05-12T08:00:00Z"), person("2"), person("3", **GONE)],
    }
    assert only(build(raw, "summary.event_overview")) == {
        "event_id": "7",
        "days": 2,
        "first_day": date(2026, 5, 12),
        "last_day": date(2026, 5, 14),
        "halls": 2,
        "tracks": 1,
        "lectures": 4,
        "workshops": 1,
        "pauses": 1,
        "session_minutes": 60 + 30 + 60,
        "sessions_without_hall": 1,
        "sessions_without_speaker": 1,
        "speakers": 2,
        "speakers_with_session": 1,
        "partners": 3,
        "sponsors": 1,
        "exhibitors": 2,
        "participants": 2,
        "checked_in": 1,
        "findings": 6,
    }


@pytest.mark.parametrize("model", ["registrations_by_day", "checkin_rate", "partners_overview", "data_quality"])
def test_an_empty_event_has_empty_summaries(model: str):
    assert build({}, f"summary.{model}") == []

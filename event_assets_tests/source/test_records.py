"""What becomes of a record: its key, the types of its values, personal data, and what passes on."""

import json
from typing import Any

import pytest

from event_assets.settings import PersonalData, PrivacySettings
from event_assets.source.records.privacy import Privacy
from event_assets.source.records.process import Reject
from event_assets.source.tables.schema import TABLES
from event_assets_tests.source.diffing import compared


def row(record: dict[str, Any], resource: str = "lectures", **options: Any) -> dict[str, Any]:
    rows = compared(resource, [{"id": 1, **record}], **options).rows
    assert len(rows) == 1
    return {name: value for name, value in rows[0].items() if name not in ("record_hash", "id")}


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [
        # text takes any scalar
        ("name", "Ada", {"name": "Ada"}),
        ("name", 7, {"name": "7"}),
        ("name", 7.0, {"name": "7"}),
        ("name", 7.5, {"name": "7.5"}),
        ("name", True, {"name": "true"}),
        ("name", 10**30, {"name": str(10**30)}),
        ("name", "half a \ud83d pair", {"name": "half a \\ud83d pair"}),
        ("name", {"de": "Ä"}, {"name": {"v_text": '{"de": "Ä"}'}}),
        ("name", ["a"], {"name": {"v_text": '["a"]'}}),
        ("hall_id", 301, {"hall_id": "301"}),
        ("hall_id", "TR212", {"hall_id": "TR212"}),
        # bigint takes whole numbers, however they are written
        ("capacity", 12, {"capacity": 12}),
        ("capacity", 12.0, {"capacity": 12}),
        ("capacity", " 12 ", {"capacity": 12}),
        ("capacity", "-12", {"capacity": -12}),
        ("capacity", True, {"capacity": 1}),
        ("capacity", 12.5, {"capacity": {"v_text": "12.5"}}),
        ("capacity", "twelve", {"capacity": {"v_text": "twelve"}}),
        ("capacity", "", {"capacity": {"v_text": ""}}),
        ("capacity", 2**63 - 1, {"capacity": 2**63 - 1}),
        ("capacity", 2**63, {"capacity": {"v_text": str(2**63)}}),
        ("capacity", "99999999999999999999", {"capacity": {"v_text": "99999999999999999999"}}),
        ("capacity", [1], {"capacity": {"v_text": "[1]"}}),
        # bool takes true, false, 1 and 0, also as text: anything else would be another value afterwards
        ("booked", True, {"booked": True}),
        ("booked", 0, {"booked": False}),
        ("booked", 1.0, {"booked": True}),
        ("booked", 7, {"booked": {"v_text": "7"}}),
        ("booked", "yes", {"booked": {"v_text": "yes"}}),
        ("booked", "1", {"booked": True}),
        ("booked", " TRUE\n", {"booked": True}),
        ("booked", "0", {"booked": False}),
        ("booked", "False", {"booked": False}),
        ("booked", "01", {"booked": {"v_text": "01"}}),
        ("booked", "", {"booked": {"v_text": ""}}),
        # json takes objects and lists
        ("files", [{"a": None}], {"files": [{"a": None}]}),
        ("files", "none", {"files": ["none"]}),
        ("files", [10**30], {"files": [f"[{10**30}]"]}),
        # links take identifiers, one or many
        ("speakers", [1, "x", None, 2.0], {"speakers": ["1", "x", "2"]}),
        ("speakers", 5, {"speakers": ["5"]}),
        ("speakers", [{"id": 5, "name": "Ada"}, {"id": "x"}, 7.0], {"speakers": ["5", "x", "7"]}),
        ("speakers", {"id": 5.0}, {"speakers": ["5"]}),
        ("speakers", [{"id": None}, {"id": " "}, [5]], {"speakers": ['{"id": null}', '{"id": " "}', "[5]"]}),
        # nested objects
        ("stream", {"url": 1, "provider": None, "new": [1]}, {"stream": {"url": "1", "new": "[1]"}}),
        ("stream", "off", {"stream": {"v_text": "off"}}),
        # fields that the data dictionary does not know are text
        ("icon", "🛠", {"icon": "🛠"}),
        ("icon", 7, {"icon": "7"}),
        ("icon", {"b": 1, "a": 2}, {"icon": '{"a": 2, "b": 1}'}),
        ("Icon URL", "x", {"icon_url": "x"}),
        ("", "x", {"unnamed": "x"}),
        ("removed_at", "x", {"api_removed_at": "x"}),
        ("_dlt_id", "x", {"api_dlt_id": "x"}),
        ("name", None, {}),
        # what not every database stores is as JSON escapes it
        ("name", "a\x00b\ud800", {"name": r"a\u0000b\ud800"}),
        ("icon", {"a": "\x00"}, {"icon": r'{"a": "\u0000"}'}),
        ("speakers", ["\x00", {"id": "x\x00"}], {"speakers": [r"\u0000", r"x\u0000"]}),
        ("files", [{"name": "a\x00"}], {"files": [r'[{"name": "a\u0000"}]']}),
        ("files", [{"name": r"a\u0000"}], {"files": [{"name": r"a\u0000"}]}),
    ],
)
def test_a_value_is_kept_in_its_column_or_beside_it(field: str, value: Any, kept: dict[str, Any]):
    assert row({field: value}) == kept


def test_what_does_not_fit_is_counted():
    first = [{"id": 1, "capacity": "many", "files": "x"}, {"id": 2, "capacity": "few", "speakers": [{}], "stream": 1}]
    second = [{"id": 3, "speakers": [{"id": 5, "name": "An identifier that can be read"}], "tracks": [6, None]}]
    assert compared("lectures", first, second).changes.type_mismatches == {
        "capacity": 2,
        "files": 1,
        "speakers": 1,
        "stream": 1,
    }


def test_fields_that_would_share_a_column_each_have_one():
    fields = {"linkedIn": "a", "linked_in": "b", "LinkedIn": "c"}
    expected = {"linked_in": "b", "linked_in_2": "c", "linked_in_3": "a"}
    assert row(fields, "speakers") == row(dict(reversed(fields.items())), "speakers") == expected


@pytest.mark.parametrize(
    ("record", "key"),
    [
        ({"id": 7}, "7"),
        ({"id": "7"}, "7"),
        ({"id": 7.0}, "7"),
        ({"id": "TR212"}, "TR212"),
        ({"id": 0}, "0"),
        ({"id": 10**30}, str(10**30)),
        ({}, None),
        ({"id": None}, None),
        ({"id": ""}, None),
        ({"id": "  "}, None),
        ({"id": True}, None),
        ({"id": 7.5}, None),
        ({"id": {"a": 1}}, None),
        ({"id": [7]}, None),
        ({"id": "a\x00b"}, r"a\u0000b"),
        ({"id": "\ud800"}, r"\ud800"),
    ],
)
def test_an_identifier_is_a_number_or_a_text(record: dict[str, Any], key: str | None):
    rows, changes = compared("tracks", [record])
    assert [row["id"] for row in rows] == ([key] if key else [])
    assert [reject.reason for reject in changes.rejects] == ([] if key else ["no usable id"])


@pytest.mark.parametrize(
    ("email", "key", "key_without_id"),
    [
        ("ada@example.org", "ada@example.org", "ada@example.org"),
        (" Ada@Example.ORG ", "ada@example.org", "ada@example.org"),
        ("Anonymous-17", "id:1", "anonymous-17"),
        ("", "id:1", None),
        ("   ", "id:1", None),
        (None, "id:1", None),
        (17, "id:1", None),
        (["ada@example.org"], "id:1", None),
        ("ada\x00@Example.org", r"ada\u0000@example.org", r"ada\u0000@example.org"),
    ],
)
def test_a_participant_is_known_by_the_address_or_else_by_the_identifier(
    email: Any, key: str, key_without_id: str | None
):
    assert row({"email": email}, "participants")["email_key"] == key
    for nothing in ({}, {"id": None}, {"id": " "}, {"id": True}):
        rows, changes = compared("participants", [{**nothing, "email": email}])
        assert [each["email_key"] for each in rows] == ([key_without_id] if key_without_id else [])
        assert [reject.reason for reject in changes.rejects] == ([] if key_without_id else ["no usable email or id"])


def test_of_two_records_with_one_key_the_first_wins_also_across_pages():
    pages = [[{"id": 1, "email": "ada@example.org"}], [{"id": 2, "email": "ADA@example.org "}]]
    rows, changes = compared("participants", *pages)
    assert [row["id"] for row in rows] == ["1"]
    reason = "another record of the same answer has this email"
    assert changes.rejects == [Reject(reason, '{"email": "ADA@example.org ", "id": 2}')]


def test_only_what_the_table_does_not_hold_passes_on():
    first = compared("tracks", [{"id": n, "name": f"Track {n}"} for n in range(5)]).rows
    held = {**{row["id"]: row["record_hash"] for row in first}, "4": None, "9": "gone by now"}
    said = [{"id": n, "name": "Renamed" if n == 2 else f"Track {n}"} for n in range(1, 6)]
    rows, changes = compared("tracks", said, existing=held)

    assert [row["id"] for row in rows] == ["2", "4", "5"], "changed, back again, new"
    assert (changes.received, changes.upserted, changes.removed_keys) == (5, 3, ["0", "9"])


def test_keep_changes_nothing():
    person = {"email": "Ada@example.org", "first_name": "Ada", "role": "e"}
    assert row(person, "participants") == {**person, "email_key": "ada@example.org"}


def test_equal_values_have_equal_hashes_that_reveal_nothing():
    person = {"email": " Ada@example.org", "name": "Ada", "role": "e", "tickets": [{"name": "VIP"}]}
    first = row(person, "participants", personal_data="hash")
    second = row({**person, "email": "ada@EXAMPLE.org "}, "participants", personal_data="hash")
    assert first == second
    assert first["email"] == first["email_key"]
    assert first["email"].startswith("hmac:")
    assert first["name"] == row({"email": "x", "name": "ADA"}, "participants", personal_data="hash")["name"]
    assert (first["role"], first["tickets"]) == ("e", [{"name": "VIP"}])
    assert "ada" not in str(first).lower().replace("hmac", "")

    other = Privacy(PrivacySettings("hash", "another secret of the tests")).key(TABLES["participants"], person)
    assert other != first["email_key"]


@pytest.mark.parametrize("blank", ["", "  "])
def test_what_is_blank_is_not_hashed(blank: str):
    person = {"email": "ada@example.org", "company": blank}
    assert row(person, "participants", personal_data="hash")["company"] == ""
    info = [{"booked_attendees": [blank, "Bo"]}]
    attendees = row({"booking_info": info}, "workshops", personal_data="hash")["booking_info"][0]["booked_attendees"]
    assert attendees[0] == ""
    assert attendees[1].startswith("hmac:")


def test_drop_leaves_out_what_is_personal_and_keys_by_identifier():
    person = {"id": 7, "email": "ada@example.org", "name": "Ada", "role": "e"}
    assert row(person, "participants", personal_data="drop") == {"email_key": "7", "role": "e"}
    rows, changes = compared("participants", [{"email": "ada@example.org"}], personal_data="drop")
    assert rows == []
    assert changes.rejects == [Reject("no usable id", "{}")]


@pytest.mark.parametrize("personal_data", ["hash", "drop"])
def test_personal_data_within_lists_is_found(personal_data: PersonalData):
    info = [{"id": 1, "booked": True, "booked_attendees": [{"name": "Ada", "email": "ada@example.org"}, "Bo"]}]
    kept = row({"booking_info": info}, "workshops", personal_data=personal_data)["booking_info"][0]
    assert (kept["id"], kept["booked"]) == (1, True)
    assert "Ada" not in str(kept)
    assert "Bo" not in str(kept).replace("Booked", "")
    assert len(kept.get("booked_attendees", [])) == (2 if personal_data == "hash" else 0)


ATTENDEE = {"name": "Ada", "email": "ada@example.org"}


@pytest.mark.parametrize("personal_data", ["hash", "drop"])
@pytest.mark.parametrize(
    "info",
    [
        [{"bookedAttendees": [ATTENDEE]}],
        [{"slot": {"booked_attendees": [ATTENDEE]}}],
        {"booked_attendees": ATTENDEE},
        json.dumps([{"booked_attendees": [ATTENDEE]}]),
        json.dumps(json.dumps([{"booked_attendees": [ATTENDEE]}])),
        [json.dumps({"booked_attendees": [ATTENDEE]})],
        [{"slot": json.dumps({"booked_attendees": [ATTENDEE]})}],
        "Ada, ada@example.org",
        ["Ada, ada@example.org"],
    ],
)
def test_personal_data_is_found_in_whatever_form_a_list_comes(personal_data: PersonalData, info: Any):
    kept = row({"booking_info": info, "name": "Soldering"}, "workshops", personal_data=personal_data)
    assert "ada" not in str(kept).lower()
    assert kept["name"] == "Soldering"
    # Elsewhere than where it is declared, nothing of it is known, and nothing is kept.
    declared = "slot" not in str(info) and isinstance(_decoded(info), list | dict) and "Ada, " not in str(info)
    assert ("hmac:" in str(kept)) is (personal_data == "hash" and declared)


def _decoded(info: Any) -> Any:
    return json.loads(info) if isinstance(info, str) and info[0] in '["' else info


@pytest.mark.parametrize("personal_data", ["keep", "hash", "drop"])
def test_of_records_in_the_place_of_identifiers_only_these_are_kept(personal_data: PersonalData):
    embedded = [{"id": 7, **ATTENDEE}, 8, {"name": "Nobody"}]
    (row,), changes = compared("lectures", [{"id": 1, "speakers": embedded}], personal_data=personal_data)
    kept = row["speakers"]
    assert kept[:2] == ["7", "8"]
    if personal_data == "keep":
        assert kept[2].startswith('{"name": "Nobody"')
        assert (changes.type_mismatches, changes.undeclared) == ({"speakers": 1}, 0)
    else:
        assert len(kept) == 2
        assert (changes.type_mismatches, changes.undeclared) == ({}, 1)


@pytest.mark.parametrize("personal_data", ["hash", "drop"])
def test_fields_that_are_not_declared_are_left_out_and_counted(personal_data: PersonalData):
    person = {"id": 7, "email": "ada@example.org", "role": "e", "Role": "x", "mobile": "+43", "group_id": {"a": "b"}}
    tickets = [{"name": "VIP for bo@example.org", "holder": "Bo"}, "Bo", {"name": ["Bo"]}]
    said = {**person, "tickets": tickets, "checkedAt": "2026-12-01"}
    (kept,), changes = compared("participants", [said], personal_data=personal_data)
    assert set(kept) - {"email", "email_key", "record_hash"} == {"role", "tickets", "checked_at"} | (
        {"id"} if "id" in kept else set()
    )
    assert "Bo" not in str(kept)
    assert "bo@" not in str(kept)
    assert kept["tickets"][0]["name"].startswith("VIP for ")
    assert changes.undeclared == 6


def test_rejects_are_protected_too():
    said = [
        {"id": None, "email": None, "name": "Ada"},
        {"email": "bo@example.org"},
        {"email": "bo@example.org", "name": "Bo"},
    ]
    changes = compared("participants", said, personal_data="hash").changes
    assert len(changes.rejects) == 2
    assert "Ada" not in str(changes.rejects)
    assert "bo@" not in str(changes.rejects)

"""Partners and how complete their profiles are."""

import pytest

from event_assets_tests.models.bench import build
from event_assets_tests.models.rows import GONE, only

pytestmark = pytest.mark.usefixtures("engine")

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
        pytest.param({"address": "\r\n"}, 0.8, "address", id="a line break"),
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

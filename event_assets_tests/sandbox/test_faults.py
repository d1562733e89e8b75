"""Answers that are wrong on purpose, as a plain client sees them."""

import json
from typing import Any

import pytest
import requests

from event_assets.sandbox import Sandbox, faults
from event_assets.sandbox.responses import Envelope
from event_assets_tests.sandbox.asking import CONTENT, HALLS, LECTURES, PARTNERS, get

# Answers that are another one.


@pytest.mark.parametrize(
    ("fault", "body"),
    [
        (faults.not_json, b"We are updating our servers, please come back later.\n"),
        (faults.empty_body, b""),
        (faults.top_level([]), b"[]"),
        (faults.top_level(7), b"7"),
        (faults.top_level("x"), b'"x"'),
        (faults.top_level(None), b"null"),
        (faults.top_level({}), b"{}"),
    ],
    ids=lambda value: value.name if isinstance(value, faults.Fault) else "",
)
def test_another_body_that_calls_itself_json_with_status_200(api: Sandbox, fault: faults.Fault, body: bytes):
    for endpoint in faults.ENDPOINTS:
        api.fail(endpoint, fault)
        for _ in range(2):
            response = get(api, endpoint)
            assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")
            assert response.headers["Content-Length"] == str(len(body))
            assert response.content == body


def test_a_login_page(api: Sandbox):
    api.fail("content", faults.html_page)
    response = get(api, "content")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.text.startswith("<!DOCTYPE html>")
    assert "<title>Log in</title>" in response.text


def test_a_body_that_calls_itself_gzip(api: Sandbox):
    api.fail("partners", faults.broken_gzip)
    with pytest.raises(requests.exceptions.ContentDecodingError):
        get(api, "partners")


def test_an_error_object_with_status_200(api: Sandbox):
    api.fail("partners", faults.error_object)
    response = get(api, "partners")
    assert response.status_code == 200
    assert response.json() == {"error": {"code": 500, "message": "This error was asked for."}}


def test_an_error_has_the_body_of_the_api(api: Sandbox):
    for code in (400, 401, 403, 404, 429, 500, 501, 502, 503, 504, 599):
        api.fail("partners", faults.status(code), times=1)
        response = get(api, "partners")
        assert response.status_code == code
        assert response.json() == {"error": {"code": code, "message": "This error was asked for."}}
        assert "Retry-After" not in response.headers


def test_retry_after_is_sent_as_it_is(api: Sandbox):
    for value in ("0", "1", "Wed, 21 Oct 2015 07:28:00 GMT", "99999999", "soon", "-1", ""):
        api.fail("participants", faults.status(429, retry_after=value), times=1)
        response = get(api, "participants")
        assert response.status_code == 429
        assert response.headers["Retry-After"] == value


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_a_redirect_leads_elsewhere(api: Sandbox, code: int):
    api.fail("content", faults.redirect_elsewhere("http://elsewhere.example/login", code))
    response = get(api, "content")
    assert response.status_code == code
    assert response.headers["Location"] == "http://elsewhere.example/login"
    assert response.content == b""


# The right answer, changed.


@pytest.mark.parametrize(
    ("fault", "faulty"),
    [
        (faults.replace_resource("halls", "x"), {**CONTENT, "halls": "x"}),
        (faults.replace_resource("days", {"id": 1}), {**CONTENT, "days": {"id": 1}}),
        (faults.replace_resource("lectures", None), {**CONTENT, "lectures": None}),
        (faults.replace_resource("tracks", [1, {"id": 2}]), {**CONTENT, "tracks": [1, {"id": 2}]}),
        (faults.without_resource("halls"), {"days": [], "lectures": LECTURES}),
        (faults.without_resource("days"), {"halls": HALLS, "lectures": LECTURES}),
    ],
    ids=lambda value: value.name if isinstance(value, faults.Fault) else "",
)
def test_one_array_of_content_is_wrong_and_the_others_right(api: Sandbox, fault: faults.Fault, faulty: Any):
    api.fail("content", fault)
    assert get(api, "content").json() == faulty


@pytest.mark.parametrize("envelope", ["data", "bare", "pages"])
@pytest.mark.parametrize(
    ("fault", "faulty"),
    [
        (faults.data_value("x"), {"data": "x"}),
        (faults.data_value(None), {"data": None}),
        (faults.data_value([1]), {"data": [1]}),
        (faults.single_object, PARTNERS[0]),
        (faults.single_object_in_data, {"data": PARTNERS[0]}),
        (faults.bare_array, PARTNERS),
    ],
    ids=lambda value: value.name if isinstance(value, faults.Fault) else "",
)
def test_a_list_in_another_envelope(api: Sandbox, envelope: Envelope, fault: faults.Fault, faulty: Any):
    api.envelope = envelope
    api.fail("partners", fault)
    assert get(api, "partners").json() == faulty


@pytest.mark.parametrize("endpoint", faults.ENDPOINTS)
def test_one_text_that_is_not_utf_8(api: Sandbox, endpoint: str):
    right = get(api, endpoint)
    api.fail(endpoint, faults.invalid_utf8)
    response = get(api, endpoint)
    with pytest.raises(UnicodeDecodeError):
        response.content.decode()
    assert json.loads(response.content.decode(errors="ignore")) == right.json()


@pytest.mark.parametrize("endpoint", faults.ENDPOINTS)
def test_json_that_stops_in_the_middle_of_a_whole_answer(api: Sandbox, endpoint: str):
    right = get(api, endpoint).content
    api.fail(endpoint, faults.truncated_json)
    response = get(api, endpoint)
    assert response.status_code == 200
    assert response.content == right[: len(right) // 2]
    with pytest.raises(ValueError, match=r"Unterminated|Expecting|delimiter"):
        json.loads(response.content.decode(errors="ignore"))


def follow(api: Sandbox, steps: int) -> list[str]:
    """The links that a client which follows all of them sees, without their host."""
    links, query = [], ""
    for _ in range(steps):
        link = get(api, "participants", query).json()["links"]["next"]
        assert link.startswith(f"{api.base_url}/participants")
        query = link.removeprefix(f"{api.base_url}/participants")
        links.append(query)
    return links


@pytest.mark.parametrize(
    ("fault", "links"),
    [
        (faults.endless_pages, ["", "", "", "", ""]),
        (faults.circular_pages, ["?page=2", "?page=3", "?page=1", "?page=2", "?page=3"]),
        (faults.ever_more_pages, ["?page=2", "?page=3", "?page=4", "?page=5", "?page=6"]),
    ],
    ids=lambda value: value.name if isinstance(value, faults.Fault) else "",
)
def test_pages_that_never_end(api: Sandbox, fault: faults.Fault, links: list[str]):
    api.envelope, api.page_size = "pages", 10
    api.fail("participants", fault)
    assert follow(api, 5) == links
    assert [record["id"] for record in get(api, "participants").json()["data"]] == list(range(1, 11))


def test_every_page_has_the_same_records_in_another_order(api: Sandbox):
    right = get(api, "partners").json()["data"]
    api.fail("partners", faults.reshuffled_pages)
    first, second = (get(api, "partners", query).json() for query in ("", "?page=2"))
    assert first["data"] != second["data"]
    for page, number in ((first, 2), (second, 3)):
        assert page["links"]["next"] == f"{api.base_url}/partners?page={number}"
        assert sorted(page["data"], key=lambda record: record["id"]) == right


def test_a_later_page_leads_back_to_itself(api: Sandbox):
    api.envelope, api.page_size = "pages", 10
    get(api, "participants")
    api.fail("participants", faults.endless_pages)
    page = get(api, "participants", "?page=2").json()
    assert page["links"]["next"] == f"{api.base_url}/participants?page=2"
    assert page["data"][0]["id"] == 11


@pytest.mark.parametrize("envelope", ["data", "bare", "pages"])
def test_the_next_link_leads_to_another_host_in_every_envelope(api: Sandbox, envelope: Envelope):
    api.envelope = envelope
    api.fail("partners", faults.next_link_elsewhere("http://elsewhere.example/partners"))
    assert get(api, "partners").json() == {"data": PARTNERS, "links": {"next": "http://elsewhere.example/partners"}}

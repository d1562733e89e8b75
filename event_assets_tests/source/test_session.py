"""The wire: what is retried, what is asked once, where a next link may lead."""

import pytest
import requests
from requests import Request, Response

from event_assets.sandbox import Event, Sandbox
from event_assets.sandbox.responses import error_response
from event_assets.source.session import NextLinkPaginator, UnusableAnswerError, accept_bare_array, new_session

PAGE = "https://api.example.com/public/v1/participants"


def answer(body: str, url: str = PAGE, **headers: str) -> Response:
    response = Response()
    response.status_code = 200
    response.url = url
    response._content = body.encode()
    response.headers.update(headers)
    return response


def follow(*pages: str) -> list[str | None]:
    """Where the paginator goes after each page."""
    request = Request("GET", PAGE)
    paginator = NextLinkPaginator()
    paginator.init_request(request)
    visited = []
    for page in pages:
        paginator.update_state(answer(page, str(request.url)))
        paginator.update_request(request)
        visited.append(request.url if paginator.has_next_page else None)
    return visited


@pytest.mark.parametrize(
    "page",
    [
        '{"data": [], "links": {"next": "https://api.example.com/public/v1/participants?page=2"}}',
        '{"data": [], "next_page_url": "https://api.example.com/public/v1/participants?page=2"}',
        '{"data": [], "next": "/public/v1/participants?page=2"}',
        '{"data": [], "links": {"next": null}, "next": "?page=2"}',
    ],
)
def test_next_links_are_followed_wherever_they_stand(page: str):
    assert follow(page, '{"data": []}') == [f"{PAGE}?page=2", None]


def test_a_link_header_is_followed():
    paginator = NextLinkPaginator()
    paginator.init_request(Request("GET", PAGE))
    paginator.update_state(answer("[]", Link=f'<{PAGE}?page=2>; rel="next"'))
    assert paginator.has_next_page


@pytest.mark.parametrize(
    "page", ['{"data": []}', "[]", '{"data": [], "links": {"next": null}}', '{"data": [], "links": [], "next": 7}']
)
def test_without_a_next_link_the_page_is_the_last(page: str):
    assert follow(page) == [None]


@pytest.mark.parametrize(
    "link",
    ["https://elsewhere.example.org/participants?page=2", "http://api.example.com/public/v1/participants?page=2"],
)
def test_a_link_to_another_host_is_refused(link: str):
    with pytest.raises(UnusableAnswerError, match="the token is not meant for another host"):
        follow(f'{{"links": {{"next": "{link}"}}}}')


def test_a_link_that_repeats_is_refused():
    second = f'{{"next": "{PAGE}?page=2"}}'
    with pytest.raises(UnusableAnswerError, match="leads back to a page that was read already"):
        follow(second, second)


def test_a_link_to_the_first_page_is_refused():
    with pytest.raises(UnusableAnswerError, match="leads back"):
        follow(f'{{"next": "{PAGE}"}}')


@pytest.mark.parametrize("body", ["[]", '[{"id": 1}]', '\n  [{"id": 1}]'])
def test_a_bare_array_gets_its_envelope(body: str):
    assert accept_bare_array(answer(body)).json() == {"data": answer(body).json()}


def test_an_envelope_stays_as_it_is():
    assert accept_bare_array(answer('{"data": [1]}')).json() == {"data": [1]}


def test_an_address_that_several_resources_read_is_asked_once(event: Event):
    with Sandbox(event) as api:
        session = new_session(answer_once=[f"{api.base_url}/content"])
        session.headers["Authorization"] = f"Bearer {api.token}"
        first = session.get(f"{api.base_url}/content").json()
        event.content["halls"] = []
        assert session.get(f"{api.base_url}/content").json() == first
        for _ in range(2):
            session.get(f"{api.base_url}/partners")
        assert dict(api.requests) == {"/public/v1/content": 1, "/public/v1/partners": 2}


def test_a_failed_answer_is_not_kept(event: Event):
    with Sandbox(event) as api:
        session = new_session(answer_once=[f"{api.base_url}/content"])
        assert session.get(f"{api.base_url}/content").status_code == 401
        session.headers["Authorization"] = f"Bearer {api.token}"
        assert session.get(f"{api.base_url}/content").status_code == 200


@pytest.mark.parametrize(("status", "attempts"), [(503, 3), (429, 3), (500, 3), (400, 1), (403, 1), (404, 1), (501, 1)])
def test_only_what_may_pass_is_retried(event: Event, monkeypatch: pytest.MonkeyPatch, status: int, attempts: int):
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "3")
    monkeypatch.setenv("RUNTIME__REQUEST_BACKOFF_FACTOR", "0")
    with Sandbox(event) as api:
        count = api.respond
        monkeypatch.setattr(api, "respond", lambda *asked: (count(*asked), error_response(status, "Not now."))[1])
        assert new_session().get(f"{api.base_url}/content").status_code == status
        assert api.requests["/public/v1/content"] == attempts


def test_a_lost_server_is_tried_again_and_then_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "2")
    monkeypatch.setenv("RUNTIME__REQUEST_BACKOFF_FACTOR", "0")
    with pytest.raises(requests.ConnectionError):
        new_session().get("http://127.0.0.1:9/public/v1/content")

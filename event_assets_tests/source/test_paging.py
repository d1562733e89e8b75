"""From page to page: where a next link may lead, and when it is followed no longer."""

import json
from dataclasses import replace

import pytest
from requests import Request, Response

from event_assets.source.api.pages import Page
from event_assets.source.api.paging import next_link as paging
from event_assets.source.api.paging.next_link import NextLinkPaginator
from event_assets.source.errors import InvalidResponseError
from event_assets_tests.source.diffing import answered, listed

PAGE = "https://api.example.com/public/v1/participants"


def data(number: int, body: str, url: str = PAGE, **headers: str) -> tuple[Response, list[Page]]:
    """An answer, and what dlt takes from it: a page whose records are none of the others'."""
    envelope = json.loads(body)
    if isinstance(envelope, dict):
        envelope = {"data": [], **envelope}
    response = answered(json.dumps(envelope).encode(), **headers)
    response.url = url
    return response, [replace(listed(response), array=b'[{"id": %d}]' % number)]


def follow(*pages: str) -> list[str | None]:
    """Where the paginator goes after each page."""
    request = Request("GET", PAGE)
    paginator = NextLinkPaginator()
    paginator.init_request(request)
    visited = []
    for page in pages:
        paginator.update_state(*data(len(visited), page, str(request.url)))
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
        '{"data": [], "links": {"next": {"href": "?page=2", "meta": {}}}}',
        '{"data": [], "next_page_url": "?page=2", "meta": {"current_page": 1, "last_page": 2}}',
    ],
)
def test_next_links_are_followed_wherever_they_stand(page: str):
    assert follow(page, '{"data": []}') == [f"{PAGE}?page=2", None]


def test_a_link_header_is_followed():
    paginator, request = NextLinkPaginator(), Request("GET", PAGE)
    paginator.init_request(request)
    paginator.update_state(*data(1, "[]", Link=f'<{PAGE}?page=2>; rel="next"'))
    assert paginator.has_next_page
    paginator.update_request(request)
    assert request.url == f"{PAGE}?page=2"


@pytest.mark.parametrize(
    "page",
    [
        '{"data": []}',
        "[]",
        '{"data": [], "links": {"next": null}}',
        '{"data": [], "links": [], "next": ""}',
        '{"data": [], "next": false, "meta": {"current_page": 5, "last_page": 5}}',
        '{"data": [], "meta": [1]}',
        '{"data": [], "current_page": "5", "last_page": "5", "total": 9}',
        '{"data": [], "current_page": true, "last_page": "many"}',
        '{"data": [], "has_more": false, "meta": {"hasMore": null}}',
        '{"data": [], "next_cursor": null, "meta": {"nextCursor": "", "next_cursor": 0}}',
        '{"data": [], "pagination": {"next_cursor": "0"}}',
    ],
)
def test_without_a_next_link_the_page_is_the_last(page: str):
    assert follow(page) == [None]


@pytest.mark.parametrize(
    ("page", "came"),
    [
        ('{"data": [], "next": 7}', "a number as `next`"),
        ('{"data": [], "links": {"next": {"page": 2}}}', "an object with the fields page as `next`"),
        ('{"data": [], "meta": {"current_page": 1, "last_page": 5}}', "page 1 of 5 without an address"),
        ('{"data": [], "current_page": 1, "last_page": 5, "next_page_url": null}', "page 1 of 5 without an address"),
        ('{"data": [], "meta": {"current_page": "9", "last_page": "10"}}', "page 9 of 10 without an address"),
        ('{"data": [], "has_more": true}', "`has_more` without an address"),
        ('{"data": [], "meta": {"hasMore": true}}', "`hasMore` without an address"),
        ('{"data": [], "pagination": {"next_cursor": "abc"}}', "`next_cursor` without an address"),
        ('{"data": [], "meta": {"pagination": {"nextCursor": 7}}}', "`nextCursor` without an address"),
    ],
)
def test_a_next_page_without_an_address_is_refused(page: str, came: str):
    with pytest.raises(
        InvalidResponseError, match=f"returned {came}; expected the address of the next page, where one follows"
    ):
        follow(page)


@pytest.mark.parametrize(
    "link",
    ["https://elsewhere.example.org/participants?page=2", "http://api.example.com/public/v1/participants?page=2"],
)
def test_a_link_to_another_host_is_refused(link: str):
    with pytest.raises(InvalidResponseError, match="the token is not meant for another host"):
        follow(f'{{"links": {{"next": "{link}"}}}}')


@pytest.mark.parametrize("host", ["https://api.example.com:443", "https://API.Example.com", "HTTPS://api.example.com"])
def test_a_link_that_writes_the_host_in_another_way_is_followed_and_counts_as_the_same(host: str):
    second = f'{{"next": "{host}/public/v1/participants?page=2"}}'
    assert follow(second, "[]")[1] is None
    with pytest.raises(InvalidResponseError, match="leads back to a page that was already read"):
        follow(second, second)


def test_the_same_host_at_another_port_is_another():
    with pytest.raises(
        InvalidResponseError, match=r"leads to https://api\.example\.com:8443 instead of .*\. It was not followed"
    ):
        follow('{"next": "https://api.example.com:8443/public/v1/participants?page=2"}')


@pytest.mark.parametrize("link", ["//[", "http://", "https://x:port/"])
def test_a_link_that_is_no_address_is_refused(link: str):
    with pytest.raises(InvalidResponseError, match=r"leads to an invalid address instead of .*\. It was not followed"):
        follow(f'{{"next": "{link}"}}')


def test_a_link_with_a_password_is_reported_without_it():
    with pytest.raises(InvalidResponseError, match=r"leads to https://elsewhere\.example\.org instead of ") as error:
        follow('{"next": "https://somebody:secret@elsewhere.example.org/?page=2"}')
    assert "secret" not in str(error.value)


def test_a_link_that_repeats_is_refused():
    second = f'{{"next": "{PAGE}?page=2"}}'
    with pytest.raises(InvalidResponseError, match="leads back to a page that was already read"):
        follow(second, second)


def test_a_link_to_the_first_page_is_refused():
    with pytest.raises(InvalidResponseError, match="leads back"):
        follow(f'{{"next": "{PAGE}"}}')


def test_pages_that_repeat_under_new_addresses_are_refused():
    request = Request("GET", PAGE)
    paginator = NextLinkPaginator()
    paginator.init_request(request)
    for number in (2, 3, 4):
        paginator.update_state(*data(number, f'{{"next": "?page={number}"}}'))
    with pytest.raises(InvalidResponseError, match="returned the records of the previous page again"):
        paginator.update_state(*data(4, '{"next": "?page=5"}'))


def test_pages_that_never_end_are_refused_after_many(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(paging, "MOST_PAGES", 5)
    pages = [f'{{"next": "?page={number}"}}' for number in range(2, 7)]
    assert len(follow(*pages[:4])) == 4
    with pytest.raises(InvalidResponseError, match="still has a next link after 5 pages"):
        follow(*pages)

"""The part of the fault matrix on lists in pages: how they are linked, and how they say that there is more of them."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from event_assets.sandbox import faults
from event_assets.sandbox.faults import Fault
from event_assets.sandbox.responses import Response, json_response
from event_assets_tests.source.envelopes import ADDRESSES, NEXT
from event_assets_tests.source.matrix_case import PROVIDER, Case

_LISTS = ("partners", "participants")
_ELSEWHERE = faults.next_link_elsewhere("http://elsewhere.example.org/public/v1/participants?page=2")

_FRACTAL = {"meta": {"pagination": {"current_page": 1, "total_pages": 2, "links": {"next": NEXT}}}}
_FORMS = ("Laravel resources", "HAL", "Spring HATEOAS", "Facebook", "OData 2", "pagination.next_page_url")
"""Of all forms, see ``test_more_pages``, these are synced for real."""


def _first_part(headers: dict[str, str] | None = None, **says: Any) -> Fault:
    """One record, and an envelope or headers that say that there are more, without a link."""
    name = f"first_part={says or headers}"
    return Fault(name, lambda *_: json_response(200, {"data": [{"id": 1}], **says}, headers))


def _halves(
    name: str, beside: dict[str, Any] | None = None, headers: dict[str, str] | None = None, *, bare: bool = False
) -> Fault:
    """The right answer in two pages.

    Args:
        name: What the fault is called.
        beside: What stands in the envelope of the first page.
        headers: The headers of the first page.
        bare: Whether the second page has no envelope.
    """

    def answer(right: Response, address: str) -> Response:
        records = orjson.loads(b"".join(right.chunks))["data"]
        half = len(records) // 2 + 1
        if "page" not in parse_qs(urlsplit(address).query):
            return json_response(200, {"data": records[:half], **(beside or {})}, headers)
        return json_response(200, records[half:] if bare else {"data": records[half:]})

    return Fault(f"halves={name}", answer, _LISTS)


def _beside(**says: Any) -> Fault:
    """The right answer, and fields beside it."""
    return Fault(
        f"beside={says}", lambda right, _: json_response(200, {**orjson.loads(b"".join(right.chunks)), **says})
    )


OF_PAGES = (
    Case(
        "sends a list in pages, with the address of the next one in one of the usual places (`links.next`, "
        "`_links.next.href`, `next_page_url`, `paging.next`, the header `Link`, …)",
        "loaded",
        (
            *(_halves(form, ADDRESSES[form]) for form in _FORMS),
            _halves("Laravel Fractal", _FRACTAL),
            _halves("Link", headers={"Link": f'<{NEXT}>; rel="NEXT last"'}),
        ),
        requests=2,
        do="Nothing: it is followed.",
    ),
    Case(
        "links from a page to itself",
        "refused",
        (faults.endless_pages,),
        says="leads back to a page that was already read",
        do=PROVIDER,
        endpoints=_LISTS,
    ),
    Case(
        "links from the last page to the first",
        "refused",
        (faults.circular_pages,),
        says="leads back to a page that was already read",
        requests=2,
        do=PROVIDER,
        endpoints=_LISTS,
    ),
    Case(
        "links to ever more pages with the same records",
        "refused",
        (faults.ever_more_pages,),
        says="returned the records of the previous page again",
        requests=2,
        do=PROVIDER,
        endpoints=_LISTS,
    ),
    Case(
        "links to ever more pages with the same records in another order",
        "refused",
        (faults.reshuffled_pages,),
        says="with records of earlier pages only, and a link to a next one",
        requests=3,
        do=PROVIDER,
        endpoints=_LISTS,
    ),
    Case(
        "links from `/content` to a next page",
        "refused",
        (faults.endless_pages, faults.ever_more_pages, _ELSEWHERE),
        says="returned a page with a link to the next one",
        do=PROVIDER,
        endpoints=("content",),
    ),
    Case(
        "links to a page on another host",
        "refused",
        (_ELSEWHERE,),
        says="was not followed, because the token is not meant for another host",
        do=PROVIDER,
        endpoints=_LISTS,
    ),
    Case(
        "says that a page follows (`current_page` and `last_page`), and not where",
        "refused",
        (
            _first_part(meta={"current_page": 1, "last_page": 5}),
            _first_part(current_page=1, last_page=5, next_page_url=None),
            _first_part(current_page="1", last_page="5"),
            _first_part(meta={"currentPage": 1, "lastPage": 5}),
        ),
        says="returned page 1 of 5 without an address",
        do=PROVIDER,
        endpoints=_LISTS,
    ),
    Case(
        "says that more follows (`has_more`, `next_cursor`, `is_last: false`), and not where, in any spelling",
        "refused",
        (
            _first_part(has_more=True),
            _first_part(meta={"hasMore": True}),
            _first_part(next_cursor="eyJpZCI6MX0"),
            _first_part(meta={"nextCursor": 2}),
            _first_part(has_more=1),
            _first_part(meta={"Has-More": "true"}),
            _first_part(pagination={"next_page": 2}),
            _first_part(nextPageToken="eyJpZCI6MX0"),
            _first_part(meta={"isLast": False}),
            _first_part(headers={"X-Next-Page": "2"}),
        ),
        says="expected the address of the next page, where one follows",
        do=PROVIDER,
        endpoints=_LISTS,
    ),
    Case(
        "says that it has more pages than it links to (`total_pages`, `pages`)",
        "refused",
        (
            _first_part(meta={"page": 1, "total_pages": 5}),
            _first_part(page={"number": 0, "totalPages": 5}),
            _first_part(pagination={"page": 1, "pages": "5"}),
            _first_part(headers={"X-Total-Pages": "5"}),
        ),
        says="returned 1 of 5 pages, without the address of the next page",
        do=PROVIDER,
        endpoints=_LISTS,
    ),
    Case(
        "says so on the first of several pages only",
        "refused",
        (_halves("total", {"next": NEXT, "total": 4000}),),
        says="of 4,000 records, without the address of the next page",
        requests=2,
        do=PROVIDER,
    ),
    Case(
        "sends pages in envelopes, and one without, which cannot say whether more follow",
        "refused",
        (_halves("bare", {"next": NEXT}, bare=True),),
        says="page 2 without the envelope of those before",
        requests=2,
        do=PROVIDER,
    ),
    Case(
        "says that `/content` is a part (`total_pages`, `has_more`, `total`)",
        "refused",
        (
            _beside(meta={"page": 1, "total_pages": 2}),
            _beside(hasMore=True),
            _beside(total=100_000),
            _beside(counts={"lectures": 100_000}),
        ),
        says="and all their records at once",
        do=PROVIDER,
        endpoints=("content",),
    ),
    Case(
        "says that it has more records than it sends (`total`, `totalCount`, `X-Total-Count`), on whichever page",
        "refused",
        (
            _first_part(total=300),
            _first_part(meta={"total": "300"}),
            _first_part(meta={"pagination": {"total": 300}}),
            _first_part(count=300),
            _first_part(meta={"totalCount": 300.0}),
            _first_part(total_count="300"),
            _first_part(page={"totalElements": 300}),
            _first_part(headers={"X-Total-Count": "300"}),
            _first_part(headers={"Content-Range": "items 0-0/300"}),
        ),
        says="returned 1 of 300 records, without the address of the next page",
        do=PROVIDER,
        endpoints=_LISTS,
    ),
)

"""Envelopes of lists as servers write them: forms that say that more follows, and forms that do not.

Each is written for a page of 25 records of a list of 40, or for the whole of a list of 25.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

RECORDS, ALL = 25, 40
NEXT = "?page=2"

ADDRESSES: dict[str, dict[str, Any]] = {
    "Laravel resources": {"links": {"first": "?page=1", "last": NEXT, "prev": None, "next": NEXT}},
    "Laravel paginator": {"next_page_url": NEXT, "current_page": 1, "last_page": 2, "total": ALL},
    "Laravel links": {
        "meta": {"links": [{"url": None, "label": "« Previous"}, {"url": NEXT, "label": "Next &raquo;"}]}
    },
    "Laravel Fractal": {
        "meta": {"pagination": {"total": ALL, "current_page": 1, "total_pages": 2, "links": {"next": NEXT}}}
    },
    "Django REST framework": {"count": ALL, "next": NEXT, "previous": None},
    "HAL": {"_links": {"self": {"href": "?page=1"}, "next": {"href": NEXT}}, "page": 1},
    "HAL list": {"_links": {"next": [{"href": NEXT}]}},
    "JSON:API": {"links": {"next": {"href": NEXT, "meta": {}}}},
    "Spring HATEOAS": {"links": [{"rel": "self", "href": "?page=1"}, {"rel": "next", "href": NEXT}]},
    "Spring HATEOAS upper": {"links": [{"rel": "NEXT", "href": NEXT}]},
    "FHIR": {"link": [{"relation": "next", "url": NEXT}]},
    "Facebook": {"paging": {"cursors": {"before": "a", "after": "b"}, "next": NEXT}},
    "HubSpot": {"paging": {"next": {"after": "NTI", "link": NEXT}}},
    "OData": {"@odata.nextLink": NEXT, "@odata.count": ALL},
    "OData 2": {"d": {"__next": NEXT}},
    "Salesforce": {"done": False, "totalSize": ALL, "nextRecordsUrl": NEXT},
    "Zendesk": {"meta": {"has_more": True, "after_cursor": "b"}, "links": {"next": NEXT}},
    "Twilio": {"next_page_uri": NEXT, "page": 0, "page_size": RECORDS},
    "meta.next": {"meta": {"next": NEXT}},
    "pagination.next": {"pagination": {"next": NEXT}},
    "pagination.next_page_url": {"pagination": {"next_page_url": NEXT}},
    "next_url": {"next_url": NEXT},
    "next_page": {"next_page": NEXT},
}
"""The address of the next page, by where servers put it."""

NUMBERS: dict[str, Callable[[int, int], dict[str, Any]]] = {
    "total": lambda records, _: {"total": records},
    "total_count": lambda records, _: {"total_count": records},
    "count": lambda records, _: {"count": records},
    "total_items": lambda records, _: {"total_items": records},
    "total_records": lambda records, _: {"total_records": records, "per_page": 100},
    "total_size": lambda records, _: {"total_size": records},
    "num_found": lambda records, _: {"num_found": records, "start": 0},
    "nb_hits": lambda records, _: {"nb_hits": records, "hits_per_page": 20},
    "results": lambda records, _: {"results": records},
    "participants_count": lambda records, _: {"participants_count": records},
    "total.value": lambda records, _: {"total": {"value": records, "relation": "eq"}},
    "totals.records": lambda records, _: {"totals": {"records": records}},
    "total_pages": lambda _, pages: {"total_pages": pages, "page": 1},
    "zero-based total_pages": lambda _, pages: {"total_pages": pages, "number": 0, "page": 0},
    "page_count": lambda _, pages: {"page_count": pages, "page_size": RECORDS},
    "last_page": lambda _, pages: {"last_page": pages, "current_page": 1},
    "last_page and page": lambda _, pages: {"last_page": pages, "page": 1},
    "pages": lambda _, pages: {"pages": pages},
    "pages.total": lambda _, pages: {"pages": {"total": pages, "current": 1}},
    "page.total_pages": lambda _, pages: {"page": {"number": 1, "size": RECORDS, "total_pages": pages}},
    "page.total": lambda _, pages: {"page": {"current": 1, "total": pages}},
    "page of total": lambda _, pages: {"page": 1, "total": pages},
    "page of": lambda _, pages: {"paging": {"page": 1, "of": pages}},
}
"""How many records or pages there are."""

_TRUE = (
    "has_more has_next has_next_page has_more_pages more_items more truncated is_truncated incomplete_results"
    " more_results_available"
)
_FALSE = "is_last is_last_page done complete last"
_TEXTS = "next_cursor next_page_token next_token continuation_token next_key next_marker"
_NUMBERS = "next_page next next_offset next_page_number remaining_pages"
FLAGS: dict[str, tuple[Any, Any]] = {
    **dict.fromkeys(_TRUE.split(), (True, False)),
    **dict.fromkeys(_FALSE.split(), (False, True)),
    **dict.fromkeys(_TEXTS.split(), ("eyJpZCI6MX0", None)),
    **dict.fromkeys(_NUMBERS.split(), (2, None)),
}
"""What says that more follows, and what says that nothing does."""

PATHS: tuple[tuple[str, ...], ...] = (
    (), ("meta",), ("_meta",), ("pagination",), ("paging",), ("meta", "pagination"), ("response", "metadata"),
    ("page_info",), ("additional_data", "pagination"), ("result_info",),
)  # fmt: skip
"""Where servers say it."""

HARMLESS: tuple[dict[str, Any], ...] = (
    {},
    {"version": 3, "status": 200, "code": 0, "generated_at": "2026-05-12T09:00:00Z", "timestamp": 1778576400},
    {"event_id": 4711, "event": {"id": 4711, "total": 900, "capacity": 500}, "user_id": 12, "took": 57},
    {"per_page": 100, "limit": 500, "page_size": 50, "max_results": 1000, "offset": 0, "from": 1, "to": 25},
    {"total": 25, "count": 25, "page": 1, "pages": 1, "current_page": 1, "last_page": 1, "next_page_url": None},
    {"page": {"number": 0, "size": 100, "totalElements": 25, "totalPages": 1}, "first": True, "last": True},
    {"meta": {"count": 7, "total": 20, "limit": 100}},
    {"links": {"first": "?page=1", "last": "?page=1", "prev": None, "next": None, "self": "?page=1"}},
    {"meta": {"links": [{"url": None, "label": "Next &raquo;", "active": False}, {"url": "?page=1", "label": "1"}]}},
    {"_links": {"self": {"href": "/x"}, "next": {"href": None, "templated": False, "title": "Next"}}},
    {"paging": {"cursors": {"before": "a", "after": "b"}}, "pageInfo": {"hasNextPage": False, "endCursor": "b"}},
    {"included": [{"total": 900, "total_count": 800, "links": {"next": "?page=2"}}], "errors": []},
    {"rate_limit": {"limit": 60, "remaining": 59, "total": 60}, "quota_remaining": 5},
    {"next_sync_at": "2026-05-12", "next_event_id": 9, "last_modified": "x", "last_updated": 1778576400},
    {"total_price": 9000, "unread_count": 400, "total_seconds": 99, "params": {"rows": 100, "page": 4}},
    {"next": False, "next_page": 0, "next_cursor": "0", "has_more": "false", "hasMore": 0, "is_last": 1},
    {"next": "", "next_page": -1, "nextPageToken": "", "has_next": "no", "more": [], "continue": {}},
    {"total": None, "count": "many", "pages": True, "meta": [1], "pagination": "none", "links": []},
)
"""Envelopes of a whole list."""


def spellings(name: str) -> Iterator[str]:
    """Yield a name in snake, camel, Pascal, kebab and upper case, and in one word."""
    words = name.split("_")
    camel = words[0] + "".join(map(str.capitalize, words[1:]))
    yield from dict.fromkeys(
        (name, camel, camel[:1].upper() + camel[1:], name.replace("_", "-"), name.upper(), name.replace("_", ""))
    )


def respelled(fields: Any, way: int) -> Any:
    """Return fields with all names in snake case spelled in another of the ways."""
    if not isinstance(fields, dict):
        return fields
    return {_respelled(name, way): respelled(value, way) for name, value in fields.items()}


def _respelled(name: str, way: int) -> str:
    ways = [*spellings(name)]
    return ways[way % len(ways)] if re.fullmatch(r"[a-z]+(_[a-z]+)*", name) else name


def placed(fields: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """Return an envelope that has fields at a path."""
    for name in reversed(path):
        fields = {name: fields}
    return fields

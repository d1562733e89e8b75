"""Follows next links from page to page, and refuses unsafe or endless ones.

Where a response has its next link is in ``responses``.
"""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlsplit

from dlt.sources.helpers.rest_client.paginators import BaseNextUrlPaginator
from requests import Request, Response

from event_assets.source.api.addresses import as_sent, led_to, site
from event_assets.source.api.pages import Page
from event_assets.source.errors import InvalidResponseError

MOST_PAGES = 100_000
"""A list of a million records in pages of fifteen has fewer. A server that invents records would go on for ever."""


class NextLinkPaginator(BaseNextUrlPaginator):
    """Follows the next link of a response; without one, the page is the last.

    A link to another host is refused, because the token would go there. So is one that was followed
    before, or that brings the same records again, because it would never end. Pages that go round under ever new
    addresses are refused in ``load.diff``, where the keys are known.
    """

    def init_request(self, request: Request) -> None:
        """Start at the first page."""
        super().init_request(request)
        self._next_reference = None
        self._followed = {as_sent(str(request.url))}
        self._page: Page | None = None

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        """Find the next link.

        Raises:
            InvalidResponseError: The link leads to another host, or back, or brought nothing new, or there is no end.
        """
        (page,) = cast(list[Page], data)
        if page.next_url is None:
            self._next_reference = None
            return
        path, address = urlsplit(response.url).path, led_to(response.url, page.next_url)
        here, there = site(response.url), site(address)
        if there != here:
            raise InvalidResponseError(
                f"The next link of {path} leads to {there} instead of {here}. It was not followed, because the token "
                "is not meant for another host."
            )
        url = as_sent(address)
        if url in self._followed:
            raise InvalidResponseError(
                f"The next link of {path} leads back to a page that was already read (after {len(self._followed)} "
                "pages)."
            )
        if len(self._followed) >= MOST_PAGES:
            raise InvalidResponseError(
                f"{path} still has a next link after {len(self._followed):,} pages. It was not followed."
            )
        if self._page and page.has_records_of(self._page):
            raise InvalidResponseError(
                f"The next link of {path} returned the records of the previous page again (after "
                f"{len(self._followed)} pages)."
            )
        self._page = page
        self._followed.add(url)
        self._next_reference = url

"""Checks that the pages of a list are complete, from the totals that they announce.

What a single page says is found in ``more_pages``.
"""

from __future__ import annotations

from event_assets.source.api.pages import Page
from event_assets.source.api.paging.claims import Claims


class WholeList:
    """Collects the totals that the pages of a list announce."""

    def __init__(self) -> None:
        self._claims = Claims()
        self._in_envelopes = False

    def add(self, page: Page, records: int) -> None:
        """Add a page.

        Args:
            page: The page.
            records: How many records it had.
        """
        self._claims |= page.claims.without(records)
        self._in_envelopes = self._in_envelopes or not page.is_bare

    def refuse_a_part(self, last: Page, records: int, pages: int) -> None:
        """Raise an error if the last page was received and something is missing.

        Args:
            last: The last page.
            records: How many records came in all.
            pages: On how many pages.

        Raises:
            InvalidResponseError: Records or pages are missing, or the last page cannot say that it is the last.
        """
        # Servers have counted too few, but who says that there are more has not sent them all.
        if missing := self._claims.shortfall(records, pages):
            last.expected.refuse(f"{missing}, without the address of the next page")
        if last.is_bare and self._in_envelopes and not self._claims.records:
            last.expected.refuse(f"page {pages:,} without the envelope of those before, which says whether more follow")

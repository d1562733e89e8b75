"""Compares the totals that pages announce with what was received.

Where a response says it is found in ``more_pages``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from event_assets.source.api.paging.values import COUNTLESS


@dataclass(frozen=True)
class Claims:
    """The totals that the pages of a list announce.

    Attributes:
        records: So many records.
        pages: So many pages.
        either: So many of either.
        of: So many records of one kind, by a word for the kind. A list has one kind.
    """

    records: int = 0
    pages: int = 0
    either: frozenset[int] = frozenset()
    of: Mapping[str, int] = field(default_factory=dict)

    def __or__(self, other: Claims) -> Claims:
        """Combine totals: the largest counts."""
        of = {word: max(self.of.get(word, 0), other.of.get(word, 0)) for word in {*self.of, *other.of}}
        return Claims(max(self.records, other.records), max(self.pages, other.pages), self.either | other.either, of)

    def without(self, page_records: int) -> Claims:
        """Return them without numbers that may be the number of records on their own page."""
        return replace(self, either=self.either - {page_records})

    def shortfall(self, records: int, pages: int) -> str | None:
        """Return what is missing of a list, as a phrase; None if nothing.

        Args:
            records: How many records came on all pages.
            pages: How many pages came.
        """
        claimed = max(self.records, 0, *self.of.values(), *(claim for claim in self.either if claim > records))
        if claimed > records:
            return f"{records:,} of {_written(claimed)} records"
        claimed = max(self.pages, 0, *(claim for claim in self.either if claim != records))
        if claimed > pages:
            return f"{pages:,} of {_written(claimed)} pages"
        return None


def _written(claimed: int) -> str:
    return f"{claimed:,}" if claimed < COUNTLESS else "countless"

"""Fetches the pages of an endpoint, and compares them with those of the last sync.

The one way to ask the API, for syncs and for looks whether something has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain

from event_assets.settings import EventApiSettings, RetrySettings
from event_assets.source.api.fingerprint import ResponseFingerprint
from event_assets.source.api.pages import PackedPage, Page
from event_assets.source.api.resources import event_api, parts_of, resources_of
from event_assets.source.api.responses import read_content, read_listing
from event_assets.source.api.session import ApiSession
from event_assets.source.api.validators import Validators
from event_assets.source.progress import Progress, count


@dataclass(frozen=True)
class Fetched:
    """The response of an endpoint, page by page.

    Attributes:
        resources: The requested resources.
        first: The first page: of a list, or of the first of the resources. Empty once the pages were had.
        rest: The further pages of a list, each fetched when it is asked for, or those of the other resources. They can
            be had once.
    """

    resources: Sequence[str]
    first: list[Page]
    rest: Iterator[Page]

    @property
    def has_more(self) -> bool:
        """Whether there are pages that were not fetched yet."""
        return any(page.next_url is not None for page in self.first[-1:])

    @property
    def validators(self) -> Validators:
        """The validators of the response; none if it has several pages."""
        return Validators() if self.has_more else self.first[0].validators

    def by_resource(self) -> Mapping[str, Iterable[Page]]:
        """Return the pages of each resource, once: a list of a million is not kept in memory while it is loaded."""
        if len(self.resources) == 1:
            return {self.resources[0]: chain(_drained(self.first), self.rest)}
        pages = [*self.first, *self.rest]
        return {name: [page for page in pages if page.resource == name] for name in self.resources}

    def unless_repeated(self, previous: Sequence[str], progress: Progress | None = None) -> Fetched | None:
        """Fetch pages as long as they are unchanged; return None if all are.

        Args:
            previous: The digests of the earlier response's pages; none, where there is none to compare with.
            progress: Takes lines about the progress.
        """
        if self.first[0].is_unmodified:
            return None
        same: list[PackedPage] = []
        latest, rest = [*self.first], self.rest
        for number, digest in enumerate(previous, 1):
            if latest[0].digest != digest:
                break
            if progress:
                so_far = f"/{latest[0].resource}: {count(number, 'page')} unchanged so far"
                progress.note(lambda _, so_far=so_far: so_far)
            if latest[0].next_url is None:
                return None if number == len(previous) else self._after(same, latest, rest)
            same += [page.packed() for page in latest]  # most answers have one page, which needs no packing
            latest = [next(rest)]
        return self._after(same, latest, rest)

    def _after(self, same: Sequence[PackedPage], latest: Sequence[Page], rest: Iterator[Page]) -> Fetched:
        """Return the response with the pages that were compared first."""
        if not same:
            return self
        first, *others = (*same, *latest)
        return Fetched(self.resources, [_page(first)], chain(map(_page, others), rest))


def _drained(pages: list[Page]) -> Iterator[Page]:
    while pages:
        yield pages.pop(0)


def _page(page: Page | PackedPage) -> Page:
    return page.page() if isinstance(page, PackedPage) else page


def fetch(
    api: EventApiSettings,
    endpoint: str,
    resources: Sequence[str],
    retry: RetrySettings,
    fingerprint: ResponseFingerprint,
    *,
    validators: Validators | None = None,
    log: Callable[[str], object] = lambda _: None,
    progress: Progress | None = None,
) -> Fetched:
    """Request an endpoint, and wait for its first response.

    Args:
        api: The address and token of the API.
        endpoint: The endpoint's name.
        resources: Which of its resources are wanted.
        retry: How often and for how long to try again, and how large a response may be.
        fingerprint: Makes digests of what is answered.
        validators: The server's own of an earlier response: it may answer that nothing has changed.
        log: Takes a line for each retry.
        progress: Takes lines about the progress.

    Raises:
        ResourceExtractionError: There is no usable response. Further pages raise it as well.
    """
    whole = resources_of(endpoint)
    is_list = not parts_of(endpoint)
    read = (
        partial(read_listing, resource=whole[0], fingerprint=fingerprint)
        if is_list
        else partial(read_content, resources=whole, fingerprint=fingerprint)
    )
    session = ApiSession(
        api.base_url, read, retry, log, progress=progress, asks_once=not is_list, validators=validators
    )
    # dlt makes a client for each resource, which takes longer than most responses: that nothing has changed, one tells.
    pages: Iterator[Page] = iter(event_api(api, session, resources[:1]))
    return Fetched(resources, [next(pages)], chain(pages, _pages_of(api, session, resources[1:])))


def _pages_of(api: EventApiSettings, session: ApiSession, resources: Sequence[str]) -> Iterator[Page]:
    """Yield the pages of further resources, of the response that the session has."""
    if resources:
        yield from event_api(api, session, resources)

"""Fetches an endpoint: its pages, one after another, and whether they are those of last time.

The one way to ask the API, for syncs and for looks whether something has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain

from event_assets.settings import EventApiSettings, RetrySettings
from event_assets.source.api.answers import read_content, read_listing
from event_assets.source.api.fingerprint import ResponseFingerprint
from event_assets.source.api.pages import PackedPage, Page
from event_assets.source.api.resources import event_api, parts_of, resources_by_endpoint
from event_assets.source.api.session import ApiSession
from event_assets.source.api.validators import Validators
from event_assets.source.progress import Progress, count


@dataclass(frozen=True)
class Fetched:
    """What an endpoint answers.

    Attributes:
        is_repeat: Whether it is what it answered last time. Then there is nothing to read.
        resources: What was asked for.
        pages: What it says of them, page by page: nothing, where it is a repeat. Each is fetched when it is asked for,
            so they can be had once.
        validators: What the server tells the answer from others by; none of an answer in pages, and none that are new
            where the server has said that the answer is that of those that were sent.
    """

    is_repeat: bool
    resources: Sequence[str]
    pages: Iterator[Page]
    validators: Validators

    def by_resource(self) -> Mapping[str, Iterable[Page]]:
        """Return the pages of each resource: of a list as they come, of an answer with several resources at once."""
        if len(self.resources) == 1:
            return {self.resources[0]: self.pages}
        there = [*self.pages]
        return {name: [page for page in there if page.resource == name] for name in self.resources}


def fetch(
    api: EventApiSettings,
    endpoint: str,
    resources: Sequence[str],
    retry: RetrySettings,
    fingerprint: ResponseFingerprint,
    *,
    previous: Sequence[str] = (),
    validators: Validators | None = None,
    report: Callable[[str], object] = lambda _: None,
    progress: Progress | None = None,
) -> Fetched:
    """Ask an endpoint, as far as it takes to see whether it answers as it did last time.

    Args:
        api: Where to ask and with which token.
        endpoint: The endpoint's name.
        resources: Which of its resources are wanted.
        retry: How often and for how long to try again, and how large an answer may be.
        fingerprint: Makes digests of what is answered.
        previous: The digests of the last answer's pages; none, where there is none to compare with.
        validators: The server's own of that answer: it may answer that nothing has changed.
        report: Takes a line for the run's log.
        progress: Is told how far it is.

    Raises:
        ResourceExtractionError: There is no usable answer. The pages raise it as well.
    """
    progress = progress or Progress()
    whole = resources_by_endpoint()[endpoint]
    is_list = not parts_of(endpoint)
    read = (
        partial(read_listing, resource=whole[0], fingerprint=fingerprint)
        if is_list
        else partial(read_content, resources=whole, fingerprint=fingerprint)
    )
    session = ApiSession(
        api.base_url, read, retry, report, progress=progress, asks_once=not is_list, validators=validators
    )
    pages: Iterator[Page] = iter(event_api(api, session, resources))
    previous, own = [*previous], Validators()
    same: list[PackedPage] = []
    latest: list[Page] = []  # is packed when another one comes: most answers have one page
    for number, page in enumerate(pages):
        index = number if is_list else 0
        own = page.validators if index == 0 and page.next_url is None else Validators()
        if not page.is_unmodified and previous[index : index + 1] != [page.digest]:
            return Fetched(False, resources, chain((each.page() for each in same), latest, [page], pages), own)
        same += [each.packed() for each in latest]
        latest = [page]
        progress.note(lambda _, pages=number + 1: f"/{endpoint}: the same {count(pages, 'page')} as last time so far")
    is_whole = latest[-1].is_unmodified or (len(same) + len(latest) if is_list else 1) == len(previous)
    there = () if is_whole else chain((each.page() for each in same), latest)
    return Fetched(is_whole, resources, iter(there), own)

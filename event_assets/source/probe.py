"""Checks whether the response of an endpoint has changed, without writing anything.

A response is first compared as a whole: by HTTP validators (ETag, Last-Modified), otherwise by the fingerprint of each
page. Only a changed response is decoded, to find out which resources have changed.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import requests

from event_assets.settings import EventApiSettings
from event_assets.source.api.deadline import Bounds, Deadline
from event_assets.source.api.fetch import Fetched, fetch
from event_assets.source.api.fingerprint import ResponseFingerprint
from event_assets.source.api.resources import resources_of
from event_assets.source.api.retries import RETRIED_STATUS_CODES, causes, certificate_fault
from event_assets.source.api.retry_after import retry_after
from event_assets.source.api.validators import Validators
from event_assets.source.errors import SyncError
from event_assets.source.failures import api_failure
from event_assets.source.load.changes import Changes, ExistingRows, Upserts
from event_assets.source.load.diff import diff
from event_assets.source.records.privacy import Privacy
from event_assets.source.records.process import RecordProcessor
from event_assets.source.sync import SyncSettings
from event_assets.source.tables.more import ALL_TABLES

_LONGEST_RETRY_AFTER = 6 * 3600.0
"""In seconds: what is more is taken for a mistake."""


@dataclass(frozen=True)
class Seen:
    """The fingerprints of a response, without any of its data.

    Attributes:
        versions: The data version of each resource in it, as a sync of it would have.
        etag: The server's validator, or ""; none of a response in pages.
        last_modified: Likewise.
        pages: The digest of each page.
        reading: By which code and settings of privacy it was read: with others, the same response has other versions.
    """

    versions: Mapping[str, str]
    etag: str = ""
    last_modified: str = ""
    pages: Sequence[str] = ()
    reading: str = ""


class ProbeError(SyncError):
    """The endpoint did not return a valid response.

    Attributes:
        passes: Whether the failure is transient.
        retry_after: The seconds of ``Retry-After``, if the server has sent one.
    """

    def __init__(self, message: str, *, passes: bool, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.passes = passes
        self.retry_after = retry_after


class UnfinishedError(ProbeError):
    """The response was not complete at the deadline, so nothing is known of it."""


def probe(
    api: EventApiSettings, endpoint: str, before: Seen | None, settings: SyncSettings, deadline: Deadline | None = None
) -> Seen:
    """Request an endpoint without retries, and return the fingerprints of its response.

    Args:
        api: The address and token of the API.
        endpoint: The endpoint's name.
        before: The result of the previous probe; ignored if the response would be decoded differently now.
        settings: As a sync has them, because a data version depends on what becomes of personal data.
        deadline: When to give up; never, if not given.

    Returns:
        What it answers now.

    Raises:
        UnfinishedError: It was not read to its end before the deadline.
        ProbeError: There is no usable response.
    """
    deadline = deadline or Deadline()
    resources = resources_of(endpoint)
    fingerprint = ResponseFingerprint([ALL_TABLES[name] for name in resources], settings.privacy)
    if before and before.reading != fingerprint.reading:
        before = None
    try:
        with Bounds(deadline, settings.retry.max_bytes).kept():
            fetched = fetch(
                api,
                endpoint,
                resources,
                replace(settings.retry, max_attempts=1),
                fingerprint,
                validators=Validators(before.etag, before.last_modified) if before else None,
            )
            changed = fetched.unless_repeated(before.pages) if before else fetched
            if changed is None and before:
                return replace(before, **asdict(fetched.validators)) if fetched.validators.headers else before
            return _read(changed or fetched, settings, fingerprint, deadline)
    except Exception as failure:  # dlt takes all that a sync meets for a failed one, and so do we
        raise _error(failure, api, endpoint, deadline) from None


def _read(fetched: Fetched, settings: SyncSettings, fingerprint: ResponseFingerprint, deadline: Deadline) -> Seen:
    """Read a response to its end, for the data version of each resource in it.

    Raises:
        ResourceExtractionError: It gives no usable response.
        InvalidResponseError: Likewise.
        Timeout: The deadline has passed.
    """
    privacy, versions, digests = Privacy(settings.privacy), {}, ()
    validators = fetched.validators
    for name, pages in fetched.by_resource().items():
        table = ALL_TABLES[name]
        changes = _changes(diff(table, ExistingRows(), pages, RecordProcessor(table, privacy)), deadline)
        digests = tuple(changes.page_digests)
        if not changes.is_absent:
            versions[name] = changes.version
    return Seen(versions, **asdict(validators), pages=digests, reading=fingerprint.reading)


def _changes(found: Generator[Upserts, None, Changes], deadline: Deadline) -> Changes:
    while True:
        try:
            next(found)
        except StopIteration as end:
            return end.value
        deadline.check()


def _error(failure: Exception, api: EventApiSettings, endpoint: str, deadline: Deadline) -> ProbeError:
    if deadline.has_passed:
        return UnfinishedError(
            f"GET {api.base_url}/{endpoint} was not complete within {deadline.seconds:.0f} s, the limit of the change "
            "sensor. Its tables are unchanged. They are still synced as their freshness policies require.",
            passes=True,
        )
    sentence = str(api_failure(failure, api, endpoint))
    refused = [error for error in causes(failure) if isinstance(error, requests.HTTPError)]
    if not refused or refused[0].response is None:
        # It was answered, if not usably: with the page of a server in repair, or one of many pages too few.
        return ProbeError(sentence, passes=certificate_fault(failure) is None)
    response = refused[0].response
    asked = retry_after(response)
    return ProbeError(
        sentence,
        passes=response.status_code in RETRIED_STATUS_CODES,
        retry_after=None if asked is None else min(asked, _LONGEST_RETRY_AFTER),
    )

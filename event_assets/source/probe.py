"""Looks whether an endpoint's answer has changed, and writes nothing: as cheaply as the server lets us.

An answer is first compared as a whole: by the server's own validators (ETag, Last-Modified), else by a digest of its
body. Only one that is another is read, to find out which resources are. What to do about it is not known here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import requests
from dlt.extract.exceptions import ResourceExtractionError
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

from event_assets.settings import EventApiSettings, RetrySettings
from event_assets.source.body import Deadline, receive
from event_assets.source.failures import SyncError, api_failure, certificate_fault
from event_assets.source.privacy import Privacy
from event_assets.source.records import Intake, Known
from event_assets.source.resources import event_api, parts_of, resources_by_endpoint
from event_assets.source.schema import TABLES
from event_assets.source.session import RETRIED_STATUS_CODES, ApiSession
from event_assets.source.sync import SyncSettings

_TELLS_CHANGES_APART = timedelta(seconds=2)
"""Last-Modified counts in seconds: an answer that has just changed may change again without it."""
_LONGEST_RETRY_AFTER = 6 * 3600.0
"""In seconds: what is more is taken for a mistake."""


@dataclass(frozen=True)
class Seen:
    """What an endpoint answered, without any of its data.

    Attributes:
        versions: The data version of each resource in it, as a sync of it would have.
        etag: The server's validator, or "".
        last_modified: Likewise.
        digest: A digest of the body; "" for an answer in pages or behind a redirect.
    """

    versions: Mapping[str, str]
    etag: str = ""
    last_modified: str = ""
    digest: str = ""


class ProbeError(SyncError):
    """The endpoint did not give a usable answer.

    Attributes:
        passes: Whether a later attempt may go better without anybody's doing.
        retry_after: Seconds after which the server wants to be asked again, if it said so.
    """

    def __init__(self, message: str, *, passes: bool, retry_after: float | None = None) -> None:
        """Begin.

        Args:
            message: The sentence.
            passes: Whether a later attempt may go better without anybody's doing.
            retry_after: Seconds after which the server wants to be asked again.
        """
        super().__init__(message)
        self.passes = passes
        self.retry_after = retry_after


def probe(api: EventApiSettings, endpoint: str, before: Seen | None, settings: SyncSettings) -> Seen:
    """Ask an endpoint once, and without retries, what it has.

    Args:
        api: Where to ask and with which token.
        endpoint: The endpoint's name.
        before: What it answered the last time.
        settings: As a sync has them, because a data version depends on what becomes of personal data.

    Returns:
        What it answers now.

    Raises:
        ProbeError: There is no usable answer.
    """
    try:
        response = _ask(api, endpoint, before, settings.retry)
    except requests.RequestException as failure:
        passes = certificate_fault(failure) is None
        raise ProbeError(str(api_failure(failure, api, endpoint)), passes=passes) from None
    if response.status_code == HTTPStatus.NOT_MODIFIED and before:
        return before
    if not response.ok:
        failure = requests.HTTPError(response=response)
        passes = response.status_code in RETRIED_STATUS_CODES
        raise ProbeError(
            str(api_failure(failure, api, endpoint)), passes=passes, retry_after=_retry_after(response)
        ) from None
    # A redirect does not stand for what is there, nor a page for those after it: of these, nothing is remembered.
    whole = response.status_code == HTTPStatus.OK
    digest = _digest(response) if whole else ""
    validators = {"etag": response.headers.get("ETag", ""), "last_modified": _last_modified(response)} if whole else {}
    if before and digest and digest == before.digest:
        return replace(before, **validators)
    versions, pages = _read(api, endpoint, settings)
    return Seen(versions, **validators, digest=digest) if pages <= 1 else Seen(versions)


def _ask(api: EventApiSettings, endpoint: str, before: Seen | None, retry: RetrySettings) -> requests.Response:
    headers = {"Authorization": f"Bearer {api.api_token}"}
    if before and before.etag:
        headers["If-None-Match"] = before.etag
    if before and before.last_modified:
        headers["If-Modified-Since"] = before.last_modified
    deadline, address = Deadline(retry), f"{api.base_url}/{endpoint}"
    with requests.get(address, headers=headers, timeout=retry.timeout, allow_redirects=False, stream=True) as response:
        receive(response, deadline)
    return response


def _read(api: EventApiSettings, endpoint: str, settings: SyncSettings) -> tuple[Mapping[str, str], int]:
    """The data version of each resource that the endpoint answers now, by the same way that a sync takes.

    Returns:
        The versions, and in how many pages they came; none of ``/content``, which is one answer.
    """
    resources: Sequence[str] = resources_by_endpoint()[endpoint]
    once = replace(settings.retry, max_attempts=1)
    session = ApiSession(api.base_url, parts_of(endpoint), once, lambda _: None)
    intakes = {name: Intake(TABLES[name], Known({}), Privacy(settings.privacy)) for name in resources}
    source = event_api(api, session, resources)
    for name, intake in intakes.items():
        source.resources[name].add_step(intake)
    try:
        for _ in source:
            pass
    except ResourceExtractionError as failure:
        # It was answered, if not usably: with the page of a server in repair, or one of many pages too few.
        raise ProbeError(str(api_failure(failure, api, endpoint)), passes=True) from None
    versions = {name: intake.version for name, intake in intakes.items() if name not in session.absent}
    return versions, max(intake.pages for intake in intakes.values())


def _digest(response: requests.Response) -> str:
    """Of the body, and of the header that can have the link to a next page."""
    digest = hashlib.blake2b(response.content, digest_size=16)
    digest.update(response.headers.get("Link", "").encode())
    return digest.hexdigest()


def _last_modified(response: requests.Response) -> str:
    """When the answer was last changed, where it can be told from a change in the same second."""
    value = response.headers.get("Last-Modified", "")
    try:
        age = parsedate_to_datetime(response.headers["Date"]) - parsedate_to_datetime(value)
    except (KeyError, ValueError, TypeError):
        return ""
    return value if age >= _TELLS_CHANGES_APART else ""


def _retry_after(response: requests.Response) -> float | None:
    value = response.headers.get("Retry-After")
    try:
        seconds = Retry().parse_retry_after(value) if value else None
    except InvalidHeader:
        return None
    return min(seconds, _LONGEST_RETRY_AFTER) if seconds is not None else None

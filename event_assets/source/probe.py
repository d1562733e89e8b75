"""Looks whether an endpoint's answer has changed, and writes nothing: as cheaply as the server lets us.

An answer is first compared as a whole: by the server's own validators (ETag, Last-Modified), else by a digest of its
body. Only one that is another is read, to find out which resources are. What to do about it is not known here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import requests
from dlt.sources.helpers.requests import Session
from dlt.sources.helpers.rest_client.auth import BearerTokenAuth

from event_assets.settings import EventApiSettings
from event_assets.source.api.answers import read_content, read_listing
from event_assets.source.api.body import leave, receive
from event_assets.source.api.deadline import BoundedAdapter, Bounds, Deadline
from event_assets.source.api.pages import Page
from event_assets.source.api.recall import Recall
from event_assets.source.api.resources import event_api, parts_of, resources_by_endpoint
from event_assets.source.api.retries import RETRIED_STATUS_CODES, certificate_fault
from event_assets.source.api.retry_after import retry_after
from event_assets.source.api.session import ApiSession
from event_assets.source.errors import SyncError
from event_assets.source.failures import api_failure
from event_assets.source.records.intake import Intake, Known
from event_assets.source.records.privacy import Privacy
from event_assets.source.sync import SyncSettings
from event_assets.source.tables.schema import TABLES

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
        reading: By which code and settings of privacy it was read: with others, the same answer has other versions.
    """

    versions: Mapping[str, str]
    etag: str = ""
    last_modified: str = ""
    digest: str = ""
    reading: str = ""


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


class UnfinishedError(ProbeError):
    """The endpoint was not read to its end before the deadline. That says nothing of the answer."""


def probe(
    api: EventApiSettings, endpoint: str, before: Seen | None, settings: SyncSettings, deadline: Deadline | None = None
) -> Seen:
    """Ask an endpoint, without retries, what it has: once, unless it answers in pages or with a redirect.

    Args:
        api: Where to ask and with which token.
        endpoint: The endpoint's name.
        before: What it answered the last time; of no use, if it would be read otherwise now.
        settings: As a sync has them, because a data version depends on what becomes of personal data.
        deadline: When to give up; never, if not given.

    Returns:
        What it answers now.

    Raises:
        UnfinishedError: It was not read to its end before the deadline.
        ProbeError: There is no usable answer.
    """
    deadline = deadline or Deadline()
    reading = Recall([TABLES[name] for name in resources_by_endpoint()[endpoint]], settings.privacy).reading
    if before and before.reading != reading:
        before = None
    try:
        with Bounds(deadline, settings.retry.max_bytes).kept() as bounds:
            return replace(_probe(api, endpoint, before, settings, bounds), reading=reading)
    except ProbeError:
        raise
    except Exception as failure:  # dlt takes all that a sync meets for a failed one, and so do we
        if deadline.has_passed:
            raise UnfinishedError(
                f"GET {api.base_url}/{endpoint} could not be read to its end within {deadline.seconds:.0f} s, which is "
                "all that a look for changes may take. Its tables are unchanged, and are synced as often as their "
                "freshness policies ask for.",
                passes=True,
            ) from None
        # It was answered, if not usably: with the page of a server in repair, or one of many pages too few.
        passes = certificate_fault(failure) is None
        raise ProbeError(str(api_failure(failure, api, endpoint)), passes=passes) from None


def _probe(api: EventApiSettings, endpoint: str, before: Seen | None, settings: SyncSettings, bounds: Bounds) -> Seen:
    response = _ask(api, endpoint, before, settings.retry.timeout, bounds)
    if response.status_code == HTTPStatus.NOT_MODIFIED and before:
        return before
    if not response.ok:
        failure = api_failure(requests.HTTPError(response=response), api, endpoint)
        passes, asked = response.status_code in RETRIED_STATUS_CODES, retry_after(response)
        retry = min(asked, _LONGEST_RETRY_AFTER) if asked is not None else None
        raise ProbeError(str(failure), passes=passes, retry_after=retry)
    if response.status_code != HTTPStatus.OK:
        return Seen(_walk(api, endpoint, settings, bounds.deadline))  # a redirect does not stand for what is there
    validators = {"etag": response.headers.get("ETag", ""), "last_modified": _last_modified(response)}
    digest = _digest(response)
    if before and digest == before.digest:
        return replace(before, **validators)
    versions = _read(endpoint, response, settings, bounds.deadline)
    if versions is None:
        return Seen(_walk(api, endpoint, settings, bounds.deadline))  # a page does not stand for those after it
    return Seen(versions, **validators, digest=digest)


def _ask(
    api: EventApiSettings, endpoint: str, before: Seen | None, timeout: float, bounds: Bounds
) -> requests.Response:
    """Ask, and wait for the body of a good answer. As a sync does: dlt's session, the token past any ``.netrc``."""
    headers = {}
    if before and before.etag:
        headers["If-None-Match"] = before.etag
    if before and before.last_modified:
        headers["If-Modified-Since"] = before.last_modified
    with Session(timeout=timeout, raise_for_status=False) as session:
        for scheme in ("http://", "https://"):
            session.mount(scheme, BoundedAdapter())
        response = session.get(
            f"{api.base_url}/{endpoint}",
            headers=headers,
            auth=BearerTokenAuth(api.api_token),
            allow_redirects=False,
            stream=True,
        )
        if response.status_code == HTTPStatus.OK:
            receive(response, bounds)
        else:
            leave(response)
    return response


def _read(
    endpoint: str, response: requests.Response, settings: SyncSettings, deadline: Deadline
) -> Mapping[str, str] | None:
    """The data version of each resource in an answer; None of one that other pages follow.

    Raises:
        UnusableAnswerError: It is not what it should be.
        Timeout: The deadline has passed.
    """
    intakes = _intakes(endpoint, settings)
    if parts := parts_of(endpoint):
        answer: Mapping[str, list[Any]] = read_content(response, parts, set(), None)
    else:
        pages: list[Page] = read_listing(response, None)["data"]
        if not pages[0].last:
            return None
        answer = dict.fromkeys(intakes, pages)
    for name, records in answer.items():
        for _ in intakes[name](records):
            deadline.check()
    return {name: intakes[name].version for name in answer}


def _walk(api: EventApiSettings, endpoint: str, settings: SyncSettings, deadline: Deadline) -> Mapping[str, str]:
    """The data version of each resource that the endpoint answers now, by the same way that a sync takes.

    Raises:
        ResourceExtractionError: It gives no usable answer, or the deadline has passed.
        Timeout: The deadline has passed.
    """
    intakes = _intakes(endpoint, settings)
    retry = replace(settings.retry, max_attempts=1)
    session = ApiSession(api.base_url, parts_of(endpoint), retry, lambda _: None)
    source = event_api(api, session, [*intakes])
    for name, intake in intakes.items():
        source.resources[name].add_step(intake)
    for _ in source:
        deadline.check()
    return {name: intake.version for name, intake in intakes.items() if name not in session.absent}


def _intakes(endpoint: str, settings: SyncSettings) -> dict[str, Intake]:
    privacy = Privacy(settings.privacy)
    return {name: Intake(TABLES[name], Known({}), privacy) for name in resources_by_endpoint()[endpoint]}


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

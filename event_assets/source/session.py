"""What happens on the wire: retries, timeouts, one request per endpoint and run, and the shapes of an answer.

Which endpoints there are is in ``resources``; what becomes of the records is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urljoin, urlsplit

from dlt.sources.helpers.requests import Client
from dlt.sources.helpers.rest_client.paginators import BaseNextUrlPaginator
from requests import PreparedRequest, Request, Response, Session
from requests.adapters import HTTPAdapter

RETRIED_STATUS_CODES = (429, 500, 502, 503, 504)
"""Answers that a later attempt may better. All others are final: 401 does not become right by asking again."""


class UnusableAnswerError(Exception):
    """The API's answer cannot be what it should be; the message says what was expected and what came."""


def new_session(answer_once: Iterable[str] = ()) -> Session:
    """A session for one sync: dlt's client, which retries as its runtime configuration says (``runtime.request_*``).

    Args:
        answer_once: Addresses that several resources read. They are requested once, and every resource gets the same
            answer, so that its tables fit each other whatever changes upstream meanwhile.
    """
    client = Client(raise_for_status=False, status_codes=RETRIED_STATUS_CODES)
    client.configure()
    session = client.session
    for url in answer_once:
        session.mount(url, _AnswerOnce())
    return session


class _AnswerOnce(HTTPAdapter):
    """A transport that keeps the first good answer of its address for as long as the session lives."""

    def __init__(self) -> None:
        super().__init__()
        self._answers: dict[str | None, Response] = {}

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        """Send the request, unless the same address was answered with 200 before."""
        answer = self._answers.get(request.url)
        if answer is None:
            answer = super().send(request, *args, **kwargs)
            if answer.status_code == 200:
                self._answers[request.url] = answer
        return answer


def accept_bare_array(response: Response, *_: Any, **__: Any) -> Response:
    """Put a bare array into the ``{"data": [...]}`` envelope: servers of this API have been seen to send either.

    A response action of ``rest_api``, which reads the answer after it; replacing the body is the way dlt documents.
    """
    body = response.content
    if response.ok and body[:64].lstrip().startswith(b"["):
        response._content = b'{"data":' + body + b"}"
    return response


class NextLinkPaginator(BaseNextUrlPaginator):
    """Follows the link to the next page where an answer has one; without one, the page is the last.

    Looks in the body (``links.next`` and ``next_page_url``, the two forms of Laravel, and plain ``next``) and in the
    ``Link`` header. A link to another host is refused, because the token would go there, and so is one that was
    followed before, because it would never end.
    """

    def init_request(self, request: Request) -> None:
        """Begin at the first page."""
        super().init_request(request)
        self._next_reference = None
        self._followed = {request.url}

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        """Find the next link.

        Raises:
            UnusableAnswerError: The link leads to another host, or back.
        """
        link = _next_link(response)
        if link is None:
            self._next_reference = None
            return
        url = urljoin(response.url, link)
        here, there = urlsplit(response.url), urlsplit(url)
        if (there.scheme, there.netloc) != (here.scheme, here.netloc):
            raise UnusableAnswerError(
                f"The next link of {here.path} should stay on {here.netloc}, and leads to {there.netloc}: it was not "
                "followed, because the token is not meant for another host."
            )
        if url in self._followed:
            raise UnusableAnswerError(
                f"The next link of {here.path} should lead on, and leads back to a page that was read already "
                f"(after {len(self._followed)} pages)."
            )
        self._followed.add(url)
        self._next_reference = url


def _next_link(response: Response) -> str | None:
    body = response.json()
    if isinstance(body, dict):
        links = body.get("links")
        candidates = [
            links.get("next") if isinstance(links, dict) else None,
            body.get("next_page_url"),
            body.get("next"),
        ]
        for candidate in candidates:
            if isinstance(candidate, str) and candidate:
                return candidate
    return response.links.get("next", {}).get("url")

"""What happens on the wire: retries, timeouts, one request per endpoint and run, and the shapes of an answer.

Which endpoints there are is in ``resources``; what becomes of the records is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dlt.sources.helpers.requests import Client
from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter

RETRIED_STATUS_CODES = (429, 500, 502, 503, 504)
"""Answers that a later attempt may better. All others are final: 401 does not become right by asking again."""

NEXT_LINK = "(links.next) | (next_page_url) | (next)"
"""Where a page says what the next one is, as JSONPath: Laravel's two forms and the plain one. None: the last page."""


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

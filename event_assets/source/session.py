"""What happens on the wire: retries, timeouts, one request per endpoint and run, the shape of an answer, next links.

Which endpoints there are is in ``resources``; what becomes of the records is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, TypeAlias
from urllib.parse import urljoin, urlsplit

from dlt.sources.helpers.requests import Session
from dlt.sources.helpers.requests.retry import (
    DEFAULT_RETRY_EXCEPTIONS,
    retry_if_status,
    wait_exponential_retry_after,
)
from dlt.sources.helpers.rest_client.paginators import BaseNextUrlPaginator
from requests import PreparedRequest, Request, Response
from requests.adapters import HTTPAdapter
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_before_delay,
    wait_random,
)

from event_assets.settings import RetrySettings
from event_assets.source.answers import UnusableAnswerError, next_link, read_content, read_listing
from event_assets.source.pages import PackedPage
from event_assets.source.progress import Progress
from event_assets.source.recall import Recall

RETRIED_STATUS_CODES = (429, 500, 502, 503, 504)
"""Answers that a later attempt may better. All others are final: 401 does not become right by asking again."""

_PIECE_BYTES = 1 << 20

Tell: TypeAlias = Callable[[str], object]


class ApiSession(Session):
    """The session of one sync: dlt's own, with retries, and answers that are checked before anybody reads them.

    Attributes:
        absent: Resources that the answer of ``/content`` does not have.
    """

    def __init__(
        self,
        base_url: str,
        content: Collection[str],
        retry: RetrySettings,
        tell: Tell,
        recall: Recall | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Begin.

        Args:
            base_url: Where the API is.
            content: The resources that ``/content`` has.
            retry: How often and for how long to try again.
            tell: Takes a line for the run's log.
            recall: Recognises an answer that came the same before.
            progress: Is told how much of a large answer is there.
        """
        super().__init__(timeout=retry.timeout, raise_for_status=False)
        self.absent: set[str] = set()
        self._scheme, self._host, *_ = urlsplit(base_url)
        retrying = _retrying(retry, tell)
        self._lists = _CheckedAnswers(lambda answer: read_listing(answer, recall), retrying, progress)
        self.mount(f"{self._scheme}://{self._host}", self._lists)
        self.mount(
            f"{base_url}/content",
            _OneAnswer(lambda answer: read_content(answer, content, self.absent, recall), retrying, progress),
        )

    @contextmanager
    def looking_ahead(self) -> Iterator[None]:
        """Ask in a block what will be asked again: each answer of it is given once more then, and not asked for."""
        self._lists.keeps = True
        try:
            yield
        finally:
            self._lists.keeps = False

    def get_redirect_target(self, resp: Response) -> str | None:
        """Where a redirect leads.

        Raises:
            UnusableAnswerError: To another host or scheme, which is not where the API is, and whose answers nobody
                would check.
        """
        target = super().get_redirect_target(resp)
        here, there = urlsplit(resp.url), urlsplit(urljoin(resp.url, target or ""))
        if there.netloc != self._host:
            raise UnusableAnswerError(
                f"{here.path} should be answered by {self._host}, and redirects to {there.netloc}: it was not "
                "followed, because the token is not meant for another host."
            )
        if there.scheme != self._scheme:
            raise UnusableAnswerError(
                f"{here.path} should be answered at {self._scheme}://, and redirects to {there.scheme}://: if that is "
                f"where the API is, let `base_url` begin with {there.scheme}://. It was not followed."
            )
        return target


class _CheckedAnswers(HTTPAdapter):
    """A transport that reads and checks each good answer as soon as it is there.

    Attributes:
        keeps: Whether it keeps answers, to give each of them once more.
    """

    def __init__(self, read: Callable[[Response], Any], retrying: Retrying, progress: Progress | None) -> None:
        super().__init__()
        self.keeps = False
        self._read = read
        self._progress = progress or Progress()
        self._kept: dict[str | None, _KeptAnswer] = {}
        # Here, and not around the session, in which a redirect begins anew: attempts there would be multiplied.
        self._ask = retrying.wraps(self._ask_once)

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        """Send the request.

        Raises:
            UnusableAnswerError: The answer is a good one by its status and not by its content.
        """
        if kept := self._kept.pop(request.url, None):
            return kept.answer()
        response = self._ask(request, *args, **kwargs)
        if not _is_good(response):
            return response
        answer = _ReadAnswer(response, self._read(response))
        if self.keeps:
            for earlier in self._kept.values():
                earlier.pack()
            self._kept[request.url] = _KeptAnswer(answer)
        return answer

    def _ask_once(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        response = super().send(request, *args, **kwargs)
        if _is_good(response):
            self._receive(response)
        else:
            _ = response.content  # so that the connection is free for the next attempt
        return response

    def _receive(self, response: Response) -> None:
        """Wait for the whole body. In larger pieces than requests itself: there can be 300 MB of it."""
        body = BytesIO()  # gives its bytes away in the end, where pieces would have to be joined in new memory

        def so_far(_: float) -> str:
            return f"GET {urlsplit(response.url).path}: {body.tell() / 1e6:,.0f} MB received"

        for piece in response.iter_content(_PIECE_BYTES):
            body.write(piece)
            self._progress.note(so_far)
        response._content = body.getvalue()


class _OneAnswer(_CheckedAnswers):
    """A transport that asks once: everybody gets the same answer, so that what is made of it fits together."""

    def __init__(self, read: Callable[[Response], Any], retrying: Retrying, progress: Progress | None) -> None:
        super().__init__(read, retrying, progress)
        self._answer: Response | None = None

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        """Send the request, or give the good answer that there is."""
        if self._answer is not None:
            return self._answer
        response = super().send(request, *args, **kwargs)
        if isinstance(response, _ReadAnswer):
            self._answer = response
        return response


class _ReadAnswer(Response):
    """An answer whose body was read: its JSON is parsed once, and the text is not kept beside it."""

    def __init__(self, response: Response, payload: Any) -> None:
        super().__init__()
        self.__dict__.update(response.__dict__)
        self._content = b""
        self._payload = payload

    def json(self, **_: Any) -> Any:
        """The parsed body."""
        return self._payload


class _KeptAnswer:
    """An answer of a list until it is given once more."""

    def __init__(self, answer: _ReadAnswer) -> None:
        self._answer = answer
        self._packed: list[PackedPage] | None = None

    def pack(self) -> None:
        """Take a sixth of the memory from now on."""
        if self._packed is None:
            envelope = self._answer.json()
            self._packed = [page.packed() for page in envelope["data"]]
            self._answer = _ReadAnswer(self._answer, {**envelope, "data": None})

    def answer(self) -> Response:
        """The answer as it was."""
        if self._packed is None:
            return self._answer
        return _ReadAnswer(self._answer, {**self._answer.json(), "data": [packed.page() for packed in self._packed]})


def _is_good(response: Response) -> bool:
    return response.ok and not response.is_redirect


def _retrying(settings: RetrySettings, tell: Tell) -> Retrying:
    """Exponential backoff with jitter, ``Retry-After`` obeyed up to the cap, bounded in attempts and in time."""
    wait = wait_exponential_retry_after(multiplier=settings.backoff_factor, max=settings.max_delay)

    def say(state: RetryCallState) -> None:
        tell(
            f"{_asked(state)} {_outcome(state)}: attempt {state.attempt_number + 1} of {settings.max_attempts}"
            f" in {state.next_action.sleep if state.next_action else 0:.1f} s"
        )

    return Retrying(
        wait=wait + wait_random(0, settings.backoff_factor),
        retry=retry_if_status(RETRIED_STATUS_CODES) | retry_if_exception_type(DEFAULT_RETRY_EXCEPTIONS),
        stop=stop_after_attempt(settings.max_attempts) | stop_before_delay(settings.max_total),
        before_sleep=say,
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
    )


def _asked(state: RetryCallState) -> str:
    request = state.args[0]
    return f"{request.method} {urlsplit(request.url).path}"


def _outcome(state: RetryCallState) -> str:
    error = state.outcome.exception() if state.outcome else None
    response = getattr(error, "response", None) if error else state.outcome and state.outcome.result()
    if response is not None:
        return f"was answered with {response.status_code}"
    return f"failed ({type(error).__name__})"


class NextLinkPaginator(BaseNextUrlPaginator):
    """Follows the link to the next page where an answer has one; without one, the page is the last.

    A link to another host is refused, because the token would go there. So is one that was followed
    before, or that brings the same records again, because it would never end.
    """

    def init_request(self, request: Request) -> None:
        """Begin at the first page."""
        super().init_request(request)
        self._next_reference = None
        self._followed = {request.url}
        self._page: tuple[Any, ...] | None = None

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        """Find the next link.

        Raises:
            UnusableAnswerError: The link leads to another host, or back, or brought nothing new.
        """
        link = next_link(response.json(), response)
        if link is None:
            self._next_reference = None
            return
        url = urljoin(response.url, link)
        here, there = urlsplit(response.url), urlsplit(url)
        if (there.scheme, there.netloc) != (here.scheme, here.netloc):
            raise UnusableAnswerError(
                f"The next link of {here.path} should stay on {here.scheme}://{here.netloc}, and leads to "
                f"{there.scheme}://{there.netloc}: it was not followed, because the token is not meant for another "
                "host."
            )
        if url in self._followed:
            raise UnusableAnswerError(
                f"The next link of {here.path} should lead on, and leads back to a page that was read already "
                f"(after {len(self._followed)} pages)."
            )
        page = (len(data), data[0], data[-1]) if data else ()
        if page == self._page:
            raise UnusableAnswerError(
                f"The next link of {here.path} should bring other records, and brings those of the page before again "
                f"(after {len(self._followed)} pages)."
            )
        self._page = page
        self._followed.add(url)
        self._next_reference = url

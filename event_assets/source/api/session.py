"""What happens on the wire: retries, timeouts, one request per endpoint and run, answers read as they come.

Which endpoints there are is in ``resources``, how pages follow one another in ``paging``; what becomes of the records
is not known here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from dlt.sources.helpers.requests import Session
from requests import PreparedRequest, Response
from tenacity import (
    Retrying,
)

from event_assets.settings import RetrySettings
from event_assets.source.api.addresses import Site, as_sent, led_to, site, sites_asked
from event_assets.source.api.answers import read_content, read_listing
from event_assets.source.api.body import leave, receive
from event_assets.source.api.deadline import BoundedAdapter, Bounds, Deadline
from event_assets.source.api.pages import PackedPage
from event_assets.source.api.recall import Recall
from event_assets.source.api.retries import Tell, retrying
from event_assets.source.errors import UnusableAnswerError
from event_assets.source.progress import Progress


class ApiSession(Session):
    """The session of one sync: dlt's own, with retries, and answers that are checked before anybody reads them.

    It asks one endpoint. Whatever it is answered is read as that endpoint's answer, wherever a redirect has led.

    Attributes:
        absent: Resources that the answer of ``/content`` does not have.
    """

    def __init__(
        self,
        base_url: str,
        parts: Collection[str],
        retry: RetrySettings,
        tell: Tell,
        recall: Recall | None = None,
        progress: Progress | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin.

        Args:
            base_url: Where the API is.
            parts: The resources that the endpoint's answer holds under their names; none where it is one list.
            retry: How often and for how long to try again, and how large an answer may be.
            tell: Takes a line for the run's log.
            recall: Recognises an answer that came the same before.
            progress: Is told how much of a large answer is there.
            clock: The time in seconds, from whenever.
        """
        super().__init__(timeout=retry.timeout, raise_for_status=False)
        self.absent: set[str] = set()
        self._site = site(base_url)
        self._deadline = lambda: Deadline.of_a_request(retry, clock)
        wire = _Wire(self._site, retrying(retry, tell), retry.max_bytes, progress or Progress())
        if parts:
            self._answers = _OneAnswer(lambda answer: read_content(answer, parts, self.absent, recall), wire)
        else:
            self._answers = _CheckedAnswers(lambda answer: read_listing(answer, recall), wire)
        # For every address, or an answer at one that is written differently would go unread.
        for scheme in ("http://", "https://"):
            self.mount(scheme, self._answers)

    @contextmanager
    def looking_ahead(self) -> Iterator[None]:
        """Ask in a block what will be asked again: each answer of it is given once more then, and not asked for."""
        self._answers.keeps = True
        try:
            yield
        finally:
            self._answers.keeps = False

    def send(self, request: PreparedRequest, **options: Any) -> Response:
        """Send a request, and follow where it is redirected to: all attempts, waits and hops within one deadline.

        Raises:
            TooSlowError: The deadline has passed.
        """
        with Bounds(self._deadline()).kept():  # the hops come through here as well, and what is around them counts
            return super().send(request, **options)

    def get_redirect_target(self, resp: Response) -> str | None:
        """Return where a redirect leads, as it will be asked; None if the answer is none.

        Raises:
            UnusableAnswerError: To another host or scheme, which is not where the API is.
        """
        try:
            target = super().get_redirect_target(resp)
        except UnicodeError:  # bytes that are no text are no address either
            target = "//["
        if not target:
            return target
        target = led_to(resp.url, target)
        path, there = urlsplit(resp.url).path, site(target)
        if there.host != self._site.host:
            raise UnusableAnswerError(
                f"{path} should be answered by {self._site.host}, and redirects to {there.host or there}: it was not "
                "followed, because the token is not meant for another host."
            )
        if there.scheme != self._site.scheme:
            raise UnusableAnswerError(
                f"{path} should be answered at {self._site.scheme}://, and redirects to {there.scheme}://: if that is "
                f"where the API is, let `base_url` begin with {there.scheme}://. It was not followed."
            )
        return as_sent(target)  # requests would send it as it came, and read another host in it than was looked at


class _Wire(NamedTuple):
    """How a request is sent: where alone, when again, how large its answer may be, and who is told how far it is."""

    site: Site
    retrying: Retrying
    most_bytes: float
    progress: Progress


class _CheckedAnswers(BoundedAdapter):
    """A transport that asks the API and nobody else, and reads and checks each good answer as soon as it is there.

    Attributes:
        keeps: Whether it keeps answers, to give each of them once more.
    """

    def __init__(self, read: Callable[[Response], Any], wire: _Wire) -> None:
        super().__init__()
        self.keeps = False
        self._read = read
        self._site = wire.site
        self._most_bytes = wire.most_bytes
        self._progress = wire.progress
        self._kept: dict[str | None, _KeptAnswer] = {}
        # Here, and not around the session, in which a redirect begins anew: attempts there would be multiplied.
        self._ask = wire.retrying.wraps(self._ask_once)

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        """Send the request.

        Raises:
            UnusableAnswerError: The answer is a good one by its status and not by its content. Or the address is not
                the API's: whoever has made it, nothing is sent there.
        """
        if kept := self._kept.pop(request.url, None):
            return kept.answer()
        if sites_asked(str(request.url)) != {self._site}:
            raise UnusableAnswerError(
                f"All that is asked should be asked at {self._site}, and an address leads elsewhere: it was not "
                "followed, because the token is not meant for another host."
            )
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
        path = urlsplit(request.url).path

        def so_far(received: int) -> None:
            self._progress.note(lambda _: f"GET {path}: {received / 1e6:,.0f} MB received")

        with Bounds(Deadline(), self._most_bytes).kept() as bounds:
            response = super().send(request, *args, **kwargs)
            if _is_good(response):
                receive(response, bounds, so_far)
            else:
                leave(response)  # the status says all that is told of it
        return response


class _OneAnswer(_CheckedAnswers):
    """A transport that asks once: everybody gets the same answer, so that what is made of it fits together."""

    def __init__(self, read: Callable[[Response], Any], wire: _Wire) -> None:
        super().__init__(read, wire)
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

"""Sends requests: with retries and timeouts, once per endpoint and run, and to the API only.

The endpoints are declared in ``resources``, pages are followed in ``paging``, and responses are validated by a function
of ``responses`` that the session is given.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from dlt.sources.helpers.requests import Session
from requests import PreparedRequest, Response
from tenacity import Retrying

from event_assets.settings import RetrySettings
from event_assets.source.api.addresses import Site, as_sent, led_to, site, sites_asked
from event_assets.source.api.body import leave, receive
from event_assets.source.api.deadline import BoundedAdapter, Bounds, Deadline
from event_assets.source.api.retries import Log, retrying
from event_assets.source.api.validators import CONDITIONS, Validators
from event_assets.source.errors import InvalidResponseError
from event_assets.source.progress import Progress


class ApiSession(Session):
    """The session of one fetch: dlt's session with retries, a deadline and validated responses.

    It requests one endpoint. Every successful response is read as that of the endpoint, also after a redirect.
    """

    def __init__(
        self,
        base_url: str,
        read: Callable[[Response], Any],
        retry: RetrySettings,
        log: Log,
        *,
        progress: Progress | None = None,
        clock: Callable[[], float] = time.monotonic,
        asks_once: bool = False,
        validators: Validators | None = None,
    ) -> None:
        """Make a session.

        Args:
            base_url: The address of the API.
            read: Validates a successful response; returns what its ``json()`` returns then.
            retry: The settings of retries, timeouts and the size of a response.
            log: Takes a line for each retry.
            progress: Takes lines about the progress of a large response.
            clock: The time in seconds, from whenever.
            asks_once: Whether all requests get the first successful response, so that their data is consistent.
            validators: Sent with the first request.
        """
        super().__init__(timeout=retry.timeout, raise_for_status=False)
        self._site = site(base_url)
        self._read = read
        self._asks_once = asks_once
        self._response: Response | None = None
        self._validators = validators or Validators()
        self._deadline = lambda: Deadline.of_a_request(retry, clock)
        transport = _Transport(_Wire(self._site, retrying(retry, log), retry.max_bytes, progress or Progress()))
        # For every address, or a response at one that is written differently would come past it.
        for scheme in ("http://", "https://"):
            self.mount(scheme, transport)

    def send(self, request: PreparedRequest, **options: Any) -> Response:
        """Send a request and follow its redirects: all attempts, waits and hops within one deadline.

        Raises:
            TooSlowError: The deadline has passed.
        """
        if self._response is not None:
            return self._response
        request.headers.update(self._validators.headers)
        self._validators = Validators()
        with Bounds(self._deadline()).kept():  # the hops come through here as well, and what is around them counts
            response = super().send(request, **options)
        if not _is_good(response) or isinstance(response, _ValidatedResponse):
            return response
        validated = _ValidatedResponse(response, self._read)
        if self._asks_once:
            self._response = validated
        return validated

    def rebuild_auth(self, prepared_request: PreparedRequest, response: Response) -> None:
        """Prepare a request that follows a redirect, without the validators of the first address."""
        for name in CONDITIONS:
            prepared_request.headers.pop(name, None)
        super().rebuild_auth(prepared_request, response)

    def get_redirect_target(self, resp: Response) -> str | None:
        """Return where a redirect leads, as it will be asked; None if the response is none.

        Raises:
            InvalidResponseError: To another host or scheme, which is not where the API is.
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
            raise InvalidResponseError(
                f"{path} redirects to {there.host or there} instead of {self._site.host}. It was not followed, because "
                "the token is not meant for another host."
            )
        if there.scheme != self._site.scheme:
            raise InvalidResponseError(
                f"{path} redirects to {there.scheme}:// instead of {self._site.scheme}://. It was not followed. If the "
                f"API is there, begin `base_url` with {there.scheme}://."
            )
        return as_sent(target)  # requests would send it as it came, and read another host in it than was looked at


class _Wire(NamedTuple):
    """How requests are sent: to which site, with which retries and size limit."""

    site: Site
    retrying: Retrying
    most_bytes: float
    progress: Progress


class _Transport(BoundedAdapter):
    """Sends requests to the API only, and receives the whole body of each successful response."""

    def __init__(self, wire: _Wire) -> None:
        super().__init__()
        self._site = wire.site
        self._most_bytes = wire.most_bytes
        self._progress = wire.progress
        # Here, and not around the session, in which a redirect begins anew: attempts there would be multiplied.
        self._ask = wire.retrying.wraps(self._ask_once)

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        """Send a request to the API's site.

        Raises:
            InvalidResponseError: The address is not the API's. Nothing is sent there.
        """
        if sites_asked(str(request.url)) != {self._site}:
            raise InvalidResponseError(
                f"An address leads away from {self._site}. It was not followed, because the token is not meant for "
                "another host."
            )
        return self._ask(request, *args, **kwargs)

    def _ask_once(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        path = urlsplit(request.url).path

        def so_far(received: int) -> None:
            self._progress.note(lambda _: f"GET {path}: {received / 1e6:,.0f} MB received")

        with Bounds(Deadline(), self._most_bytes).kept() as bounds:
            response = super().send(request, *args, **kwargs)
            if _is_good(response):
                receive(response, bounds, so_far)
            else:
                leave(response)  # only its status is reported
        return response


class _ValidatedResponse(Response):
    """A successful response, which is read once."""

    def __init__(self, response: Response, read: Callable[[Response], Any]) -> None:
        super().__init__()
        self.__dict__.update(response.__dict__)
        self._read = read

    @cached_property
    def _payload(self) -> Any:
        payload = self._read(self)
        self._content = b""  # what is read is not kept beside it
        return payload

    def json(self, **_: Any) -> Any:
        """Return what was read.

        Raises:
            InvalidResponseError: It is not what it should be.
        """
        return self._payload


def _is_good(response: Response) -> bool:
    return response.ok and not response.is_redirect

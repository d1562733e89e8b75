"""Sends OpenLineage's events to a server, each within a deadline, however slowly it answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import requests
from openlineage.client.event_v2 import RunEvent
from openlineage.client.transport.http import ApiKeyTokenProvider, HttpConfig, HttpTransport, TokenProvider

from event_assets.settings import OpenLineageSettings
from event_assets.source.api.deadline import BoundedAdapter, Bounds, Deadline

_MOST_BYTES = 1_000_000
"""Of an answer, of which only the status counts."""
_LATER = (401, 403, 404, 408, 429)
"""What a server says until its address, the key or its load is another."""
_PLACE = "the section [openlineage] of .dlt/config.toml and .dlt/secrets.toml"


class UnreachableError(Exception):
    """The server did not take an event, and will not take the next one either. It is to be sent again."""


class RefusedError(Exception):
    """The server takes events, and not this one."""


class Sender:
    """A connection to a server.

    Args:
        settings: Where it is.
    """

    def __init__(self, settings: OpenLineageSettings) -> None:
        self._seconds = settings.timeout_seconds
        self._session = requests.Session()
        self._session.max_redirects = 0  # one would be followed with GET, which sends nothing
        key = settings.api_key
        self._transport = HttpTransport(
            HttpConfig(
                url=settings.url or "",
                endpoint="",
                timeout=settings.timeout_seconds,
                auth=ApiKeyTokenProvider({"api_key": key}) if key else TokenProvider({}),
                session=self._session,
                adapter=BoundedAdapter(),  # without further attempts: there is a next look
            )
        )

    @classmethod
    @contextmanager
    def connected(cls, settings: OpenLineageSettings) -> Iterator[Sender]:
        """Open a sender for the length of a block."""
        sender = cls(settings)
        try:
            yield sender
        finally:
            sender._session.close()

    def send(self, event: RunEvent) -> None:
        """Send an event.

        Raises:
            UnreachableError: The server cannot be reached, is too slow, or does not let us in.
            RefusedError: It finds the event to be wrong.
        """
        try:
            with Bounds(Deadline(self._seconds), _MOST_BYTES).kept():
                self._transport.emit(event)
        except requests.HTTPError as error:
            status = 0 if error.response is None else error.response.status_code
            if 400 <= status < 500 and status not in _LATER:
                raise RefusedError(
                    f"The OpenLineage server refuses the {event.eventType.name if event.eventType else ''} event of "
                    f"{event.job.name} (status {status}). It is left out; all others are sent."
                ) from None
            raise _unreachable(f"status {status}") from None
        except (requests.RequestException, ValueError) as error:  # the latter of a host that no name server could know
            raise _unreachable(type(error).__name__) from None


def _unreachable(why: str) -> UnreachableError:
    # Its address may have a key in it, and is not told.
    return UnreachableError(
        f"The OpenLineage server does not take events ({why}). Runs go on, and the events are kept and sent again. "
        f"Check the server, and {_PLACE}."
    )

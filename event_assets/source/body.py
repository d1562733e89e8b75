"""The body of an answer: received piece by piece as it arrives, and not waited for without end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from io import BytesIO

import requests
from urllib3.exceptions import DecodeError, ProtocolError, ReadTimeoutError, SSLError

from event_assets.settings import RetrySettings

_PIECE_BYTES = 1 << 20


class TooSlowError(requests.Timeout):
    """What has come of an answer when no more is waited for; the message says how much that is, and in which time."""


class Deadline:
    """How long a request may last, with all its attempts and waits, until its answer is there."""

    def __init__(self, settings: RetrySettings, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin to count.

        Args:
            settings: Have the time. One attempt may always last as long as a server may be silent.
            clock: The time in seconds, from whenever.
        """
        self.seconds = max(settings.max_total, settings.timeout)
        self._clock = clock
        self._ends = clock() + self.seconds

    @property
    def has_passed(self) -> bool:
        """Whether the time is over."""
        return self._clock() > self._ends


def receive(response: requests.Response, deadline: Deadline, note: Callable[[int], object] = lambda _: None) -> None:
    """Wait for the whole body, which is the response's content afterwards.

    Args:
        response: The answer, of which only the headers were read.
        deadline: Until when to wait.
        note: Is told how many bytes are there, after each piece.

    Raises:
        TooSlowError: The time is over, and the body is not there.
        requests.RequestException: It breaks off, falls silent or cannot be unpacked.
    """
    body = BytesIO()  # gives its bytes away in the end, where pieces would have to be joined in new memory
    for piece in _pieces(response):
        body.write(piece)
        note(body.tell())
        if deadline.has_passed:
            response.close()
            raise TooSlowError(f"{body.tell() / 1e6:,.1f} MB in {deadline.seconds:,.0f} s", response=response)
    response._content = body.getvalue()


def _pieces(response: requests.Response) -> Iterator[bytes]:
    """The body as it arrives. requests itself waits until a piece is full, however slowly it comes.

    Raises:
        requests.RequestException: As requests has it.
    """
    try:
        while piece := response.raw.read1(_PIECE_BYTES, decode_content=True):
            yield piece
    except ProtocolError as error:
        raise requests.exceptions.ChunkedEncodingError(error) from error
    except DecodeError as error:
        raise requests.exceptions.ContentDecodingError(error) from error
    except ReadTimeoutError as error:
        raise requests.ReadTimeout(error) from error
    except SSLError as error:
        raise requests.exceptions.SSLError(error) from error

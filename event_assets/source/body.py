"""The body of an answer: received piece by piece as it arrives, and not waited for without end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from math import inf
from time import monotonic

import requests
from urllib3.exceptions import DecodeError, ProtocolError, ReadTimeoutError, SSLError

from event_assets.settings import RetrySettings

_PIECE_BYTES = 1 << 20


class TooSlowError(requests.Timeout):
    """What has come of an answer when no more is waited for; the message says how much that is, and in which time."""


class Deadline:
    """When no more is waited for: one clock for all attempts, waits, pages and pieces.

    Attributes:
        seconds: How long it was at the beginning.
    """

    def __init__(self, seconds: float = inf, clock: Callable[[], float] = monotonic) -> None:
        """Begin to count.

        Args:
            seconds: How long from now on.
            clock: The time in seconds, from whenever.
        """
        self.seconds = seconds
        self._clock = clock
        self._end = clock() + seconds

    @classmethod
    def of_a_request(cls, retry: RetrySettings, clock: Callable[[], float] = monotonic) -> Deadline:
        """For a request with all its attempts. One attempt may always last as long as a server may be silent."""
        return cls(max(retry.max_total, retry.timeout), clock)

    @property
    def left(self) -> float:
        """The seconds that are left; not above 0 once it has passed."""
        return self._end - self._clock()

    @property
    def has_passed(self) -> bool:
        """Whether the time is over."""
        return self.left <= 0

    def check(self) -> None:
        """Go on only if there is time.

        Raises:
            Timeout: There is none.
        """
        if self.has_passed:
            raise requests.Timeout


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
    response._content = body.getvalue()  # requests has no public way to give a response the body that it came with


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

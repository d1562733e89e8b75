"""Receives the body of a response in pieces, within time and size limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO

import requests
from urllib3.exceptions import DecodeError, ProtocolError, ReadTimeoutError, SSLError

from event_assets.source.api.deadline import Bounds

_PIECE_BYTES = 1 << 20
_PACKED_PIECE_BYTES = 1 << 16
"""Of a packed body: a piece that a server has made on purpose may take long to unpack, and nothing ends that."""


def receive(response: requests.Response, bounds: Bounds, note: Callable[[int], object] = lambda _: None) -> None:
    """Receive the whole body into the response's content.

    Args:
        response: The response, of which only the headers were read.
        bounds: When it must be there, and how large it may be.
        note: Takes the number of received bytes, after each piece.

    Raises:
        TooLargeError: The body is larger than it may be. No more of it is read; nothing, where its length says so.
        requests.RequestException: It breaks off, falls silent, comes too slowly or cannot be unpacked.
    """
    body = BytesIO()  # gives its bytes away in the end, where pieces would have to be joined in new memory
    try:
        if (response.raw.length_remaining or 0) > bounds.most_bytes:
            raise bounds.too_large()
        for piece in _pieces(response):
            body.write(piece)
            note(body.tell())
            if body.tell() > bounds.most_bytes:
                raise bounds.too_large()
            bounds.deadline.check()
    except BaseException:
        leave(response)
        raise
    response._content = body.getvalue()  # requests has no public way to give a response the body that it came with


def leave(response: requests.Response) -> None:
    """Close the connection without receiving the body."""
    response.close()
    response._content = b""  # or requests would ask for it


def _pieces(response: requests.Response) -> Iterator[bytes]:
    """Yield the body as it arrives. requests itself would wait until a piece is full.

    Raises:
        requests.RequestException: As requests has it.
    """
    packed = response.headers.get("Content-Encoding", "")
    if "," in packed:
        # What is packed twice can unpack to so little of so much that urllib3 does not come back from it.
        raise requests.exceptions.ContentDecodingError("packed more than once")
    size = _PACKED_PIECE_BYTES if packed else _PIECE_BYTES
    try:
        while piece := response.raw.read1(size, decode_content=True):
            yield piece
    except ProtocolError as error:
        raise requests.exceptions.ChunkedEncodingError(error) from error
    except DecodeError as error:
        raise requests.exceptions.ContentDecodingError(error) from error
    except ReadTimeoutError as error:
        raise requests.ReadTimeout(error) from error
    except SSLError as error:
        raise requests.exceptions.SSLError(error) from error

"""Answers conditional requests: sends a 304 to a client that has the current response.

The API itself does not; other servers, and caches in front of it, do.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate, parsedate_to_datetime
from time import time

from event_assets.sandbox.responses import Response, Validators


@dataclass
class Known:
    """The latest response of each address, to know when it last changed.

    Attributes:
        answers: A digest and the time, in seconds, of the first answer that had it, by the address.
    """

    answers: dict[str, tuple[str, float]] = field(default_factory=dict)

    def validated(
        self, response: Response, target: str, headers: Mapping[str, str], validators: Validators
    ) -> Response:
        """The answer with its validator, or 304 without a body for who has it.

        Args:
            response: The right answer.
            target: Path and query as asked.
            headers: Those of the request.
            validators: Which one.
        """
        if validators == "none" or response.status != 200:
            return response
        chunks = tuple(response.chunks)
        digest = hashlib.blake2b(b"".join(chunks), digest_size=16).hexdigest()
        if self.answers.get(target, ("", 0))[0] != digest:
            self.answers[target] = (digest, time())
        if validators == "etag":
            name, value = "ETag", f'"{digest}"'
            has_it = headers.get("If-None-Match") == value
        else:
            name, value = "Last-Modified", formatdate(self.answers[target][1], usegmt=True)
            has_it = _not_before(headers.get("If-Modified-Since"), value)
        if has_it:
            return Response(304, {name: value, "Content-Length": "0"}, ())
        return replace(response, headers={**response.headers, name: value}, chunks=chunks)


def _not_before(asked: str | None, changed: str) -> bool:
    try:
        return asked is not None and parsedate_to_datetime(asked) >= parsedate_to_datetime(changed)
    except ValueError:
        return False  # no date: as if the header were not there

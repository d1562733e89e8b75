"""Reads the HTTP validators ETag and Last-Modified."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime

from requests import Response

_TELLS_CHANGES_APART = timedelta(seconds=2)
"""Last-Modified counts in seconds: a response that has just changed may change again without it."""

CONDITIONS = ("If-None-Match", "If-Modified-Since")
"""The headers by which a request asks for a response only if it has changed."""


@dataclass(frozen=True)
class Validators:
    """The HTTP validators of a response.

    Attributes:
        etag: The header ETag, or "".
        last_modified: The header Last-Modified, or "".
    """

    etag: str = ""
    last_modified: str = ""

    @classmethod
    def of(cls, response: Response) -> Validators:
        """Return those of a response. One that a redirect has led to has none: they would be sent to where it began."""
        if response.history:
            return cls()
        return cls(response.headers.get("ETag", ""), _last_modified(response))

    @property
    def headers(self) -> dict[str, str]:
        """The headers of a conditional request."""
        values = zip(CONDITIONS, (self.etag, self.last_modified), strict=True)
        return {name: value for name, value in values if value}


def _last_modified(response: Response) -> str:
    """Return when the response was last changed, if a change in the same second would show."""
    value = response.headers.get("Last-Modified", "")
    try:
        age = parsedate_to_datetime(response.headers["Date"]) - parsedate_to_datetime(value)
    except (KeyError, ValueError, TypeError):
        return ""
    return value if age >= _TELLS_CHANGES_APART else ""

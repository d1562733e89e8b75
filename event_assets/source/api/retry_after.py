"""Reads the header ``Retry-After``, in any form."""

from __future__ import annotations

from requests import Response
from tenacity import RetryCallState, wait_exponential
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry


def retry_after(response: Response) -> float | None:
    """Return the seconds that a server asks to wait, 0 or more; None where it asks for none that can be understood."""
    value = response.headers.get("Retry-After")
    try:
        return float(Retry().parse_retry_after(value)) if value else None
    # A year of five digits, a zone of a thousand hours, a number of five thousand digits: none is a time.
    except (InvalidHeader, ValueError, OverflowError, TypeError, IndexError):
        return None


class WaitAsAsked(wait_exponential):
    """Waits between attempts as long as the server asks for, up to ``max``; otherwise exponentially."""

    def __call__(self, retry_state: RetryCallState) -> float:
        """Return the seconds to wait."""
        outcome = retry_state.outcome
        response = outcome.result() if outcome and not outcome.failed else None
        asked = retry_after(response) if isinstance(response, Response) else None
        return min(asked, self.max) if asked else super().__call__(retry_state)

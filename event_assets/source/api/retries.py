"""Decides when a request is retried: after which failures, how often, and after how long."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from typing import TypeAlias
from urllib.parse import urlsplit

from dlt.sources.helpers.requests.retry import DEFAULT_RETRY_EXCEPTIONS, retry_if_status
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    stop_before_delay,
    wait_random,
)
from tenacity.stop import stop_base

from event_assets.settings import RetrySettings
from event_assets.source.api.deadline import TooSlowError, seconds_left
from event_assets.source.api.retry_after import WaitAsAsked

RETRIED_STATUS_CODES = (429, 500, 502, 503, 504)
"""Answers that a later attempt may better. All others are final: 401 does not become right by asking again."""

Log: TypeAlias = Callable[[str], object]


def retrying(settings: RetrySettings, log: Log) -> Retrying:
    """Return the retries: exponential backoff with jitter, ``Retry-After`` up to a cap, limited attempts and time."""
    wait = WaitAsAsked(multiplier=settings.backoff_factor, max=settings.max_delay)

    def log_retry(state: RetryCallState) -> None:
        log(
            f"{_asked(state)} {_outcome(state)}: attempt {state.attempt_number + 1} of {settings.max_attempts}"
            f" in {state.next_action.sleep if state.next_action else 0:.1f} s"
        )

    return Retrying(
        wait=wait + wait_random(0, settings.backoff_factor),
        retry=retry_if_status(RETRIED_STATUS_CODES) | retry_if_exception(may_pass),
        stop=stop_after_attempt(settings.max_attempts) | stop_before_delay(settings.max_total) | _StopAtDeadline(),
        before_sleep=log_retry,
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
    )


def may_pass(failure: BaseException) -> bool:
    """Return whether a failed request is worth a retry."""
    final = isinstance(failure, TooSlowError) or certificate_fault(failure) is not None
    return isinstance(failure, DEFAULT_RETRY_EXCEPTIONS) and not final


def certificate_fault(failure: BaseException) -> str | None:
    """Return what is wrong with the server's certificate; None if a request failed for another reason."""
    for error in causes(failure):
        if isinstance(error, ssl.SSLCertVerificationError):
            return getattr(error, "verify_message", "") or "it cannot be verified"
    return None


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error, then its causes, from the outside in."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


class _StopAtDeadline(stop_base):
    """Stops before an attempt that would start after the current deadline."""

    def __call__(self, retry_state: RetryCallState) -> bool:
        return retry_state.upcoming_sleep >= seconds_left()


def _asked(state: RetryCallState) -> str:
    request = state.args[0]
    return f"{request.method} {urlsplit(request.url).path}"


def _outcome(state: RetryCallState) -> str:
    error = state.outcome.exception() if state.outcome else None
    response = getattr(error, "response", None) if error else state.outcome and state.outcome.result()
    if response is not None:
        return f"returned {response.status_code}"
    return f"failed ({type(error).__name__})"

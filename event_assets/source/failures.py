"""How a failed sync is told: as a sentence for the person who must act, without anybody's data."""

from __future__ import annotations

from collections.abc import Iterator

import requests
from dlt.sources.helpers.requests.retry import DEFAULT_RETRY_EXCEPTIONS

from event_assets.settings import EventApiSettings
from event_assets.source.answers import UnusableAnswerError
from event_assets.source.body import TooSlowError
from event_assets.warehouse.failures import in_one_line


class SyncError(Exception):
    """A sync did not happen; the message says what was expected, what came, and what to do."""


def may_pass(failure: BaseException) -> bool:
    """Whether a request that failed so is worth another attempt at once."""
    return isinstance(failure, DEFAULT_RETRY_EXCEPTIONS) and not isinstance(failure, TooSlowError)


def api_failure(failure: BaseException, api: EventApiSettings, endpoint: str) -> SyncError:
    """Why an endpoint could not be read. Nothing has been written.

    Args:
        failure: What was raised while it was read.
        api: Where it was asked.
        endpoint: The endpoint's name.
    """
    asked = f"GET {api.base_url}/{endpoint}"
    sentence = _explain(failure, asked) or f"{asked} could not be read ({_root(failure)})."
    return SyncError(f"{sentence} The tables are unchanged.")


def warehouse_failure(failure: BaseException, endpoint: str) -> SyncError:
    """Why an answer could not be written.

    Args:
        failure: What was raised while it was written.
        endpoint: The endpoint's name.
    """
    return SyncError(
        f"The warehouse did not take the answer of /{endpoint} ({_root(failure)}). Each table holds either its old or "
        "its new rows; the next sync puts right what is missing."
    )


def _explain(failure: BaseException, asked: str) -> str | None:
    for error in _causes(failure):
        if isinstance(error, UnusableAnswerError):
            return str(error)
        if isinstance(error, requests.HTTPError) and error.response is not None:
            return f"{asked} was answered with {_status(error.response)}"
        if isinstance(error, TooSlowError):
            return (
                f"{asked} should be answered in time; what came is {error}, and the rest was not waited for. If the "
                "connection is so slow, raise `request_max_total_wait` in the section [runtime] of .dlt/config.toml; "
                "else ask who runs the API."
            )
        if isinstance(error, requests.Timeout):
            return f"{asked} was not answered in time, several attempts included."
        if isinstance(error, requests.exceptions.ChunkedEncodingError):
            return f"{asked} was answered with a body that is cut short, several attempts included."
        if isinstance(error, requests.ConnectionError):
            return (
                f"{asked} found no server that answers ({type(error).__name__}), several attempts included: "
                "check `base_url` and the network."
            )
        if isinstance(error, requests.RequestException):
            return f"{asked} could not be read ({type(error).__name__}): check `base_url` and `api_token`."
    return None


def _status(response: requests.Response) -> str:
    advice = {
        401: "the token is not accepted. Check `api_token`: making a new token for an event revokes the old one.",
        403: "the token may not read this. Check that `api_token` belongs to this event.",
        404: "there is no such address. Check `base_url`.",
    }
    code = response.status_code
    return f"{code} {response.reason}: {advice.get(code, 'the server has a problem; the next sync tries again.')}"


def _root(failure: BaseException) -> str:
    """The first cause, on one line."""
    root = [*_causes(failure)][-1]
    return f"{type(root).__name__}: {in_one_line(str(root))}"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__

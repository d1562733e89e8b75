"""Turns what failed in a sync into a `SyncError`: a message for the person who must act, without personal data."""

from __future__ import annotations

import errno
from http import HTTPStatus

import requests
from dlt.destinations.exceptions import DatabaseException

from event_assets.settings import EventApiSettings
from event_assets.source.api.deadline import TooLargeError, TooSlowError
from event_assets.source.api.retries import causes, certificate_fault
from event_assets.source.errors import InvalidResponseError, SyncError
from event_assets.warehouse.engines import database_failure, explain
from event_assets.warehouse.failures import without_values


def api_failure(failure: BaseException, api: EventApiSettings, endpoint: str) -> SyncError:
    """Return the error of an endpoint that could not be read. Nothing has been written.

    Args:
        failure: What was raised while it was read.
        api: The API that was requested.
        endpoint: The endpoint's name.
    """
    asked = f"GET {api.base_url}/{endpoint}"
    sentence = (
        _own_fault(failure, f"The response to {asked}")
        or _database_fault(failure)
        or _explain(failure, asked)
        or f"{asked} failed ({_root(failure)})."
    )
    return SyncError(f"{sentence} The tables are unchanged.")


def warehouse_failure(failure: BaseException, endpoint: str) -> SyncError:
    """Return the error of a response that could not be written.

    Args:
        failure: What was raised while it was written.
        endpoint: The endpoint's name.
    """
    sentence = (
        _server_fault(failure, endpoint)
        or _own_fault(failure, f"The response of /{endpoint}")
        or f"The warehouse could not store the response of /{endpoint} ({_root(failure)})."
    )
    return SyncError(
        f"{sentence} Each table holds either its old or its new rows. The next sync completes what is missing."
    )


def _own_fault(failure: BaseException, response: str) -> str | None:
    """Return what this machine lacks, as sentences; None if the API, the network or a statement has failed."""
    for error in causes(failure):
        if isinstance(error, (requests.RequestException, InvalidResponseError)):
            return None  # whose cause is an error of the system as well: of a socket
        if getattr(error, "errno", None) in _FULL or _FULL_TEXT in str(error):
            where = getattr(error, "filename", None)
            return (
                f"{response} could not be stored: the disk is full{f' ({where})' if where else ''}. Free some space "
                "where the warehouse is (`credentials` in the section [destination.duckdb]), or move it, then run "
                "again."
            )
        if isinstance(error, MemoryError):
            return (
                f"{response} did not fit into memory. Stop other programs, or give this machine more memory. Then run "
                "again."
            )
        if isinstance(error, OSError):
            return (
                f"{response} could not be stored on this machine ({_root(error)}). Check the folder of the warehouse "
                "(`credentials` in the section [destination.duckdb]). Then run again."
            )
    return None


def _server_fault(failure: BaseException, endpoint: str) -> str | None:
    """Return what the warehouse's server lacks, as sentences; None if something else has failed."""
    for error in causes(failure):
        if (found := explain(error)) and found.is_of_the_server:
            return (
                f"The warehouse could not store the response of /{endpoint}: {found.engine} failed ({found.why}). "
                f"{found.advice}, then run again."
            )
    return None


def _database_fault(failure: BaseException) -> str | None:
    """Return why the warehouse could not be read; None if something else has failed."""
    for error in causes(failure):
        if isinstance(error, DatabaseException):
            return database_failure(error)
    return None


def _explain(failure: BaseException, asked: str) -> str | None:
    for error in causes(failure):
        if isinstance(error, InvalidResponseError):
            return str(error)
        if sentence := _sentence(error, asked):
            return sentence
    return None


def _sentence(error: BaseException, asked: str) -> str | None:
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"{asked} returned {_status(error.response)}"
    if isinstance(error, requests.RequestException) and (fault := certificate_fault(error)):
        return (
            f"{asked} was not sent: the server's certificate is not accepted ({fault}). Check that `base_url` has the "
            "host name of the certificate and that this machine's clock is right; otherwise ask the API's provider."
        )
    message = next((message for kind, message in _MESSAGES if isinstance(error, kind)), None)
    return message and f"{asked} {message.format(error=error, kind=type(error).__name__)}"


_FULL = (errno.ENOSPC, errno.EDQUOT)
_FULL_TEXT = "No space left on device"
"""As DuckDB quotes the system, which has no error number then."""

# The first that fits counts: most of these errors are connection errors too.
_MESSAGES: tuple[tuple[type[BaseException], str], ...] = (
    (
        TooSlowError,
        "was not complete in time ({error} received). If the connection is slow, raise `request_max_total_wait` in the "
        "section [runtime] of .dlt/config.toml; otherwise ask the API's provider.",
    ),
    (
        TooLargeError,
        "returned more than {error}, the limit of a response. Nothing of it was kept. If the API has so much data, "
        "raise `request_max_answer_megabytes` in the section [runtime] of .dlt/config.toml; otherwise ask the API's "
        "provider.",
    ),
    (requests.Timeout, "timed out in every attempt."),
    (
        requests.exceptions.ChunkedEncodingError,
        "returned a truncated body in every attempt.",
    ),
    (
        requests.exceptions.ContentDecodingError,
        "returned a body that cannot be decompressed: its header Content-Encoding is wrong, or it is compressed more "
        "than once. Ask the API's provider.",
    ),
    (
        requests.exceptions.ProxyError,
        "did not get through the proxy in any attempt. Check the proxy, and the environment variables HTTPS_PROXY, "
        "HTTP_PROXY and NO_PROXY.",
    ),
    (
        requests.exceptions.SSLError,
        "could not make a secure connection ({kind}) in any attempt. Check whether `base_url` should begin with "
        "http://, or needs another port.",
    ),
    (
        requests.ConnectionError,
        "could not connect ({kind}) in any attempt. Check `base_url` and the network.",
    ),
    (requests.RequestException, "failed ({kind}). Check `base_url` and `api_token`."),
)

_ADVICE = {
    400: "the server rejects the request. Check `base_url`, or ask the API's provider.",
    401: "the token is not accepted. Check `api_token`: a new token for an event revokes the old one.",
    403: "the token may not read this. Check that `api_token` belongs to this event.",
    404: "the address does not exist. Check `base_url`.",
    405: "the address does not support GET. Check `base_url`.",
    408: "the server has not received the request in time. The next sync tries again.",
    410: "the address no longer exists. Check `base_url`: the API may have moved.",
    422: "the server rejects the request. Check `base_url`, or ask the API's provider.",
    429: "there were too many requests. The next sync tries again.",
}


def _status(response: requests.Response) -> str:
    code = response.status_code
    otherwise = (
        "the server has a problem. The next sync tries again."
        if code >= HTTPStatus.INTERNAL_SERVER_ERROR
        else "the server rejects the request. Check `base_url` and `api_token`, or ask the API's provider."
    )
    # Not the server's own reason phrase: it may be long, or contain personal data.
    reason = HTTPStatus(code).phrase if code in set(HTTPStatus) else ""
    return f"{f'{code} {reason}'.strip()}: {_ADVICE.get(code, otherwise)}"


def _root(failure: BaseException) -> str:
    """Return the root cause on one line, without the values that it quotes."""
    root = [*causes(failure)][-1]
    if found := explain(root):
        return f"{found.engine}: {found.why}"
    return f"{type(root).__name__}: {without_values(str(root))}"

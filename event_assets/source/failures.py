"""How a failed sync is told: as a sentence for the person who must act, without anybody's data."""

from __future__ import annotations

import errno
from http import HTTPStatus

import requests
from dlt.destinations.exceptions import DatabaseException

from event_assets.settings import EventApiSettings
from event_assets.source.api.deadline import TooLargeError, TooSlowError
from event_assets.source.api.retries import causes, certificate_fault
from event_assets.source.errors import SyncError, UnusableAnswerError
from event_assets.warehouse.failures import database_failure, without_values


def api_failure(failure: BaseException, api: EventApiSettings, endpoint: str) -> SyncError:
    """Why an endpoint could not be read. Nothing has been written.

    Args:
        failure: What was raised while it was read.
        api: Where it was asked.
        endpoint: The endpoint's name.
    """
    asked = f"GET {api.base_url}/{endpoint}"
    sentence = (
        _own_fault(failure, f"What {asked} was answered")
        or _database_fault(failure)
        or _explain(failure, asked)
        or f"{asked} could not be read ({_root(failure)})."
    )
    return SyncError(f"{sentence} The tables are unchanged.")


def warehouse_failure(failure: BaseException, endpoint: str) -> SyncError:
    """Why an answer could not be written.

    Args:
        failure: What was raised while it was written.
        endpoint: The endpoint's name.
    """
    sentence = (
        _own_fault(failure, f"The answer of /{endpoint}")
        or f"The warehouse did not take the answer of /{endpoint} ({_root(failure)})."
    )
    return SyncError(
        f"{sentence} Each table holds either its old or its new rows; the next sync puts right what is missing."
    )


def _own_fault(failure: BaseException, answer: str) -> str | None:
    """What this machine lacks, as a sentence; None if the API or the network has failed, or a statement."""
    for error in causes(failure):
        if isinstance(error, (requests.RequestException, UnusableAnswerError)):
            return None  # whose cause is an error of the system as well: of a socket
        if getattr(error, "errno", None) in _FULL or _FULL_TEXT in str(error):
            where = getattr(error, "filename", None)
            return (
                f"{answer} could not be put aside, because the disk is full{f' ({where})' if where else ''}: make room "
                "where the warehouse lies (`credentials` in the section [destination.duckdb]), or move it, and run it "
                "again."
            )
        if isinstance(error, MemoryError):
            return (
                f"{answer} did not fit into this machine's memory: end what else is running, or give it more, and run "
                "it again."
            )
        if isinstance(error, OSError):
            return (
                f"{answer} could not be put aside on this machine ({_root(error)}): see to the folder where the "
                "warehouse lies (`credentials` in the section [destination.duckdb]), and run it again."
            )
    return None


def _database_fault(failure: BaseException) -> str | None:
    """Why the warehouse could not be asked what it holds; None if that is not what has failed."""
    for error in causes(failure):
        if isinstance(error, DatabaseException):
            return database_failure(error)
    return None


def _explain(failure: BaseException, asked: str) -> str | None:
    for error in causes(failure):
        if isinstance(error, UnusableAnswerError):
            return str(error)
        if sentence := _sentence(error, asked):
            return sentence
    return None


def _sentence(error: BaseException, asked: str) -> str | None:
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"{asked} was answered with {_status(error.response)}"
    if isinstance(error, requests.RequestException) and (fault := certificate_fault(error)):
        return (
            f"{asked} was not sent, because the server's certificate is not accepted ({fault}): see whether `base_url` "
            "has the name that the certificate is for, and whether this machine's clock is right; else ask who runs "
            "the API."
        )
    said = next((said for kind, said in _SAID if isinstance(error, kind)), None)
    return said and f"{asked} {said.format(error=error, kind=type(error).__name__)}"


_FULL = (errno.ENOSPC, errno.EDQUOT)
_FULL_TEXT = "No space left on device"
"""As DuckDB quotes the system, which has no error number then."""

# The first that fits counts: most of these errors are connection errors too.
_SAID: tuple[tuple[type[BaseException], str], ...] = (
    (
        TooSlowError,
        "should be answered in time; what came is {error}, and the rest was not waited for. If the connection is so "
        "slow, raise `request_max_total_wait` in the section [runtime] of .dlt/config.toml; else ask who runs the API.",
    ),
    (
        TooLargeError,
        "was answered with more than {error}, which is all that an answer may be: the rest was not received, and "
        "nothing of it was kept. If the API has so much, raise `request_max_answer_megabytes` in the section [runtime] "
        "of .dlt/config.toml; else ask who runs the API.",
    ),
    (requests.Timeout, "was not answered in time, several attempts included."),
    (
        requests.exceptions.ChunkedEncodingError,
        "was answered with a body that is cut short, several attempts included.",
    ),
    (
        requests.exceptions.ContentDecodingError,
        "was answered with a body that cannot be unpacked: it is not what its header Content-Encoding says, or packed "
        "more than once. Ask who runs the API.",
    ),
    (
        requests.exceptions.ProxyError,
        "did not get through the proxy, several attempts included: check the proxy, and the environment variables "
        "HTTPS_PROXY, HTTP_PROXY and NO_PROXY.",
    ),
    (
        requests.exceptions.SSLError,
        "found no secure connection ({kind}), several attempts included: check whether `base_url` should begin with "
        "http://, or has another port.",
    ),
    (
        requests.ConnectionError,
        "found no server that answers ({kind}), several attempts included: check `base_url` and the network.",
    ),
    (requests.RequestException, "could not be read ({kind}): check `base_url` and `api_token`."),
)

_ADVICE = {
    400: "the server does not take the request for a right one. Check `base_url`, or ask who runs the API.",
    401: "the token is not accepted. Check `api_token`: making a new token for an event revokes the old one.",
    403: "the token may not read this. Check that `api_token` belongs to this event.",
    404: "there is no such address. Check `base_url`.",
    405: "what is at this address cannot be read with GET. Check `base_url`.",
    408: "the server was tired of waiting for the request; the next sync tries again.",
    410: "there is no such address any more. Check `base_url`: the API may have moved.",
    422: "the server cannot do anything with the request. Check `base_url`, or ask who runs the API.",
    429: "the server has been asked too often; the next sync tries again.",
}


def _status(response: requests.Response) -> str:
    code = response.status_code
    otherwise = (
        "the server has a problem; the next sync tries again."
        if code >= HTTPStatus.INTERNAL_SERVER_ERROR
        else "the server does not do what it is asked for. Check `base_url` and `api_token`, or ask who runs the API."
    )
    # Not the reason that came: it is a text of the server's, of whatever length and about whomever.
    reason = HTTPStatus(code).phrase if code in set(HTTPStatus) else ""
    return f"{f'{code} {reason}'.strip()}: {_ADVICE.get(code, otherwise)}"


def _root(failure: BaseException) -> str:
    """The first cause, on one line. What it quotes may be somebody's data."""
    root = [*causes(failure)][-1]
    return f"{type(root).__name__}: {without_values(str(root))}"

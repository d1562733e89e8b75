"""What went wrong in the lake or on the Spark server, in sentences without values of the tables."""

from __future__ import annotations

import re

from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from dlt.destinations.exceptions import DatabaseException

from event_assets.warehouse.engines.base import Explanation
from event_assets.warehouse.engines.spark.client import PySparkException
from event_assets.warehouse.failures import in_one_line

LAKE = "The lake"
SERVER = "Spark"

_SERVER_ADVICE = "Check the Spark server (`remote` in the section [destination.spark] of .dlt/secrets.toml)"
_LAKE_ADVICE = "Check the folder or bucket and the credentials (the section [destination.filesystem])"

_FAULTS = (
    ("No space left on device", "its disk is full", "Free disk space where the tables are"),
    ("Permission denied", "it does not let this user in", _LAKE_ADVICE),
    ("AccessDenied", "it does not let this user in", _LAKE_ADVICE),
    ("InvalidAccessKeyId", "it does not let this user in", _LAKE_ADVICE),
    ("SignatureDoesNotMatch", "it does not let this user in", _LAKE_ADVICE),
    ("NoSuchBucket", "there is no such bucket", _LAKE_ADVICE),
    ("Connection refused", "it cannot be reached", _LAKE_ADVICE),
    ("error sending request", "it cannot be reached", _LAKE_ADVICE),
)
"""Words of delta-rs or the file system → what happened, and what to do."""

_UNREACHABLE = ("UNAVAILABLE", "DEADLINE_EXCEEDED", "UNAUTHENTICATED", "Retries exceeded", "RETRIES_EXCEEDED")
"""What the client says where the server is not there, or does not let it in."""


def explain(error: BaseException) -> Explanation | None:
    """Return what delta-rs, the file system or Spark has said; None of another error."""
    cause = error.dbapi_exception if isinstance(error, DatabaseException) else error
    said = str(cause)
    if isinstance(cause, PySparkException):
        if is_unreachable(cause):
            return Explanation(SERVER, "its server cannot be reached", _SERVER_ADVICE, is_of_the_server=True)
        return Explanation(SERVER, _without_values(said), _SERVER_ADVICE)
    if isinstance(cause, CommitFailedError):
        return Explanation(
            LAKE,
            "another program has written a table meanwhile",
            "Find out which program writes into the warehouse",
            is_of_the_server=True,
        )
    if isinstance(cause, TableNotFoundError):
        return Explanation(LAKE, "it has no such table", "Sync and build what is read")
    if isinstance(error, DatabaseException) and isinstance(cause, (DeltaError, OSError)):
        if isinstance(cause, PermissionError):
            return Explanation(LAKE, "it does not let this user in", _LAKE_ADVICE, is_of_the_server=True)
        for words, what, advice in _FAULTS:
            if words in said:
                return Explanation(LAKE, what, advice, is_of_the_server=True)
        return Explanation(LAKE, type(cause).__name__, _LAKE_ADVICE, is_of_the_server=True)
    return None


def is_unreachable(error: BaseException) -> bool:
    """Return whether Spark's client says that the server cannot be reached."""
    said = str(error)
    return any(words in said for words in _UNREACHABLE)


def failed(error: BaseException) -> tuple[str, str]:
    """Return what happened and what to do, of any error."""
    found = explain(error)
    return (found.why, found.advice) if found else (type(error).__name__, _SERVER_ADVICE)


def _without_values(said: str) -> str:
    """Return the first line of a message without the literals in it."""
    first = said.partition("\n")[0]
    return in_one_line(re.sub(r"'.*'", "'…'", re.sub(r'".*"', '"…"', first)))

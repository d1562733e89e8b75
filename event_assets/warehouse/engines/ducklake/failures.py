"""What went wrong in a DuckLake, in sentences without addresses and values of the tables."""

from __future__ import annotations

from typing import NamedTuple

import duckdb
from dlt.destinations.exceptions import DatabaseException, DestinationConnectionError

from event_assets.warehouse.engines.base import Explanation

_CATALOG = "`catalog` in the section [destination.ducklake.credentials] of .dlt/secrets.toml"
_KEYS = "the section [destination.ducklake.credentials.storage.credentials] of .dlt/secrets.toml"


class _Fault(NamedTuple):
    words: tuple[str, ...]
    why: str
    advice: str


_FAULTS = (
    _Fault(
        ("password authentication failed", "no password supplied", "no pg_hba.conf entry"),
        "its catalogue does not accept the user or the password", f"Correct {_CATALOG}",
    ),
    _Fault(
        ('FATAL:  database "', 'FATAL: database "'),
        "there is no such database for its catalogue", f"Create the database, or correct {_CATALOG}",
    ),
    _Fault(
        ("permission denied for",),
        "the user may not do that in its catalogue",
        "Grant the user what docs/warehouses-ducklake.md lists: to create schemas in the database, and to own those of "
        "the lake",
    ),
    _Fault(
        (
            "Connection refused", "could not translate host name", "timeout expired", "server closed the connection",
            "terminating connection", "shutting down", "starting up", "connection to server", "no connection to the",
            "Unable to connect to Postgres", "SSL connection has been closed", "not currently accepting connections",
        ),
        "its catalogue cannot be reached", "Check the PostgreSQL server and the network",
    ),
    _Fault(
        ("read-only transaction",), "its catalogue takes no writes", f"Set {_CATALOG} to the primary server",
    ),
    _Fault(
        ("database is locked",), "another program has its catalogue open", "End what that program is doing there",
    ),
    _Fault(
        ("Transaction conflict", "Failed to commit DuckLake"),
        "another program was writing the same tables", "Find out which program writes into the lake",
    ),
    _Fault(
        ("HTTP 403", "HTTP 401", "(HTTP code 403)", "(HTTP code 401)", "AccessDenied", "InvalidAccessKeyId"),
        "its storage does not accept the keys", f"Correct them in {_KEYS}",
    ),
    _Fault(
        ("HTTP 404", "(HTTP code 404)", "NoSuchBucket"),
        "its storage lacks the bucket or a file", "Create the bucket, or restore the files of the lake",
    ),
    _Fault(
        ("HTTP", "Could not connect to server", "Could not resolve host"),
        "its storage cannot be reached", "Check the storage and the network",
    ),
    _Fault(
        ("Failed to download extension", "MissingExtension", "Extension Autoloading Error", "is not found in"),
        "DuckDB lacks an extension that it needs, and could not download it",
        "Install the extensions ducklake and, as far as they are used, postgres, sqlite and httpfs",
    ),
)  # fmt: skip
"""What a message has in it → what happened, and what to do. The first that fits counts."""


def explain(error: BaseException) -> Explanation | None:
    """Return what DuckDB has said of a catalogue, a storage or an extension; None of another error."""
    if not isinstance(error, DatabaseException | DestinationConnectionError):
        return None
    cause = error.dbapi_exception if isinstance(error, DatabaseException) else error.inner_exc
    if not isinstance(cause, duckdb.Error):  # a PostgreSQL server that is a warehouse itself
        return None
    fault = _fault(str(error))
    return fault and Explanation("DuckLake", fault.why, fault.advice, is_of_the_server=True)


def _fault(said: str) -> _Fault | None:
    return next((fault for fault in _FAULTS if any(words in said for words in fault.words)), None)

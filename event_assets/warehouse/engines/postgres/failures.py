"""What went wrong on a PostgreSQL server, in sentences without values of the tables."""

from __future__ import annotations

import re

import psycopg2
from dlt.destinations.exceptions import DatabaseException

from event_assets.warehouse.engines.base import Explanation
from event_assets.warehouse.failures import in_one_line

_NAME = "PostgreSQL"
_ADVICE = "Free disk space or memory on the server"

_CREDENTIALS = "`credentials` in the section [destination.postgres] of .dlt/secrets.toml"

_FAULTS = {
    "53100": ("its disk is full", "Free disk space on the server"),
    "53": ("it lacks memory or connections", "Free memory or connections on the server"),
    "42501": (
        "the user may not do that",
        "Grant the user what docs/warehouses-postgres.md lists: to create schemas in the database, and to own those of "
        "the warehouse",
    ),
    "25006": ("it takes no writes", f"Set {_CREDENTIALS} to the primary server"),
    "28": ("it does not accept the user or the password", f"Correct {_CREDENTIALS}"),
    "3D000": ("it has no such database", f"Create the database, or correct {_CREDENTIALS}"),
    "57014": ("it has cancelled the statement", "Raise `statement_timeout` of the user"),
    "57": ("it has ended the connection, or is shutting down", "Start the server, or wait until it is there"),
    "08": ("the connection was lost", "Check the server and the network"),
    "40": ("another program was writing the same rows", "Find out which program writes into the warehouse"),
    "2BP01": ("views of users read what has to go", "Drop these views, and create them again afterwards"),
    "55P03": ("another program has locked a table", "End what it is doing there"),
}  # fmt: skip
"""SQLSTATE, or how it begins → what happened, and what to do. The longest that fits counts."""

_WORDS = (
    ("password authentication failed", "28"), ("no password supplied", "28"), ("no pg_hba.conf entry", "28"),
    ("does not exist", "3D000"), ("too many connections", "53"), ("too many clients", "53"), ("starting up", "57"),
    ("shutting down", "57"), ("No space left on device", "53100"), ("permission denied", "42501"),
    ("Connection refused", "08"), ("could not translate host name", "08"), ("timeout expired", "08"),
    ("closed the connection", "08"), ("connection already closed", "08"), ("terminating connection", "57"),
    ("SSL", "08"), ("Network is unreachable", "08"), ("No route to host", "08"),
)  # fmt: skip
"""What the driver says where the server sends no SQLSTATE: while a connection is made, and when it breaks."""


def explain(error: BaseException) -> Explanation | None:
    """Return what a PostgreSQL server or its driver has said; None of another error."""
    cause = error.dbapi_exception if isinstance(error, DatabaseException) else error
    if not isinstance(cause, psycopg2.Error) and not _is_of_adbc(cause):
        return None
    said = str(cause)
    state = getattr(cause, "pgcode", None) or getattr(cause, "sqlstate", None) or _state_of(said)
    for length in (5, 2):
        if fault := _FAULTS.get((state or "")[:length]):
            what, advice = fault
            return Explanation(_NAME, what, advice, is_of_the_server=True)
    return Explanation(_NAME, _without_values(cause, said), _ADVICE)


def failed(error: BaseException) -> tuple[str, str]:
    """Return what happened and what to do, of any error."""
    found = explain(error)
    return (found.why, found.advice) if found else (type(error).__name__, "Check the server")


def _is_of_adbc(error: BaseException) -> bool:
    return type(error).__module__.startswith("adbc_driver_manager")


def _state_of(said: str) -> str | None:
    return next((state for words, state in _WORDS if words in said), None)


def _without_values(cause: BaseException, said: str) -> str:
    """Return the first line of a message, without what it quotes where that may be a value: not of names."""
    primary = getattr(getattr(cause, "diag", None), "message_primary", None) or said.partition("\n")[0]
    state = getattr(cause, "pgcode", None) or ""
    if not state.startswith("42"):  # the class of wrong statements, which names tables, columns and functions
        primary = re.sub(r'".*"', '"…"', re.sub(r"'.*'", "'…'", primary))
        primary = re.sub(r"\(.*\)", "(…)", primary)
        primary = re.sub(r"(?<![\w.])[-+]?\d[\d.,:eE+-]*(?!\w)", "…", primary)
    return in_one_line(primary)

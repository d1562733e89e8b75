"""The errors of the warehouse, and messages of databases without the values that they quote."""

from __future__ import annotations

import re

_QUOTE_NAMES = ("Binder Error", "Catalog Error", "Parser Error")
"""How messages begin that have names of columns and tables in double quotes, and no values."""

_QUOTE_NUMBERS = ("Conversion Error", "Out of Range Error", "Invalid Input Error", "Constraint Error")
"""What messages have in them that quote numbers and dates without marks. The numbers of others are sizes and limits."""


class WarehouseError(Exception):
    """The warehouse cannot be used. The message says why, and what to do."""


class WarehouseBusyError(WarehouseError):
    """Another run or program uses the warehouse. The message says which."""


class WarehouseUnreadableError(WarehouseError):
    """The database is damaged, or cannot be reached or read by this user."""


class PublishError(WarehouseError):
    """The published copy could not be written. The message says where, and why."""


def without_values(message: str) -> str:
    """Return a message on one line without the values of tables that it quotes."""
    said = " ".join(message.split())
    # To the last one: a value may have such a mark within.
    said = re.sub(r"'.*'", "'…'", said)
    said = said if said.startswith(_QUOTE_NAMES) else re.sub(r'".*"', '"…"', said)
    if any(kind in said for kind in _QUOTE_NUMBERS):
        said = re.sub(r"(?<![\w.])[-+]?\d[\d.,:eE+-]*(?: ?\(BC\))?(?!\w)", "…", said)
    return in_one_line(said)


def in_one_line(message: str) -> str:
    """Return a message on one line, cut to 300 characters, without e-mail addresses."""
    return re.sub(r"[^\s'\"<>(),;:]+@[^\s'\"<>(),;:]+", "<address>", " ".join(message.split()))[:300]

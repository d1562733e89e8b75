"""Why the warehouse cannot be used, as sentences for the person who must act."""

from __future__ import annotations

import re

_QUOTE_NAMES = ("Binder Error", "Catalog Error", "Parser Error")
"""How messages begin that have names of columns and tables in double quotes, and no values."""

_QUOTE_NUMBERS = ("Conversion Error", "Out of Range Error", "Invalid Input Error", "Constraint Error")
"""What messages have in them that quote numbers and dates without marks. The numbers of others are sizes and limits."""


class WarehouseError(Exception):
    """The warehouse cannot be used; the message says why, and what to do."""


class WarehouseBusyError(WarehouseError):
    """Somebody else has the warehouse; the message says who may."""


class WarehouseUnreadableError(WarehouseError):
    """The file is damaged, no database at all, or may not be read."""


class PublishError(WarehouseError):
    """The copy for readers could not be written; the message says where, and why."""


def database_failure(error: Exception) -> str:
    """What DuckDB's refusal of a statement means, as a sentence."""
    return (
        f"DuckDB could not do what it was asked to ({without_values(str(error))}). What it was about to write stays as "
        "it was. If it lacks room or memory, make some (`memory_limit` in the section [warehouse]); if it is a model's "
        "SQL, correct that; then run it again."
    )


def model_failure(name: str, path: str, error: Exception) -> str:
    """Return DuckDB's refusal to build a model as a sentence.

    Args:
        name: The model, as ``summary.agenda``.
        path: Where its SQL is.
        error: What DuckDB says.
    """
    return (
        f"The model {name} could not be built: DuckDB could not do what it was asked to "
        f"({without_values(str(error))}). {name} stays as it was, and so does what reads it; all other models are "
        "built. If DuckDB lacks room or memory, make some (`memory_limit` in the section [warehouse]); if a column or "
        "table is missing, materialise what the model reads; if it is the SQL, correct "
        f"{path}; then run it again."
    )


def without_values(message: str) -> str:
    """The same as `in_one_line`, of a message that may quote values of the tables: they are taken out, and not cut."""
    said = " ".join(message.split())
    # To the last one: a value may have such a mark within.
    said = re.sub(r"'.*'", "'…'", said)
    said = said if said.startswith(_QUOTE_NAMES) else re.sub(r'".*"', '"…"', said)
    if any(kind in said for kind in _QUOTE_NUMBERS):
        said = re.sub(r"(?<![\w.])[-+]?\d[\d.,:eE+-]*(?: ?\(BC\))?(?!\w)", "…", said)
    return in_one_line(said)


def in_one_line(message: str) -> str:
    """An error's own message, short and on one line. Databases quote values in them: addresses are taken out."""
    return re.sub(r"[^\s'\"<>(),;:]+@[^\s'\"<>(),;:]+", "<address>", " ".join(message.split()))[:300]

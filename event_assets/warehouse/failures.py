"""Why the warehouse cannot be used, as sentences for the person who must act."""

from __future__ import annotations

import re


class WarehouseError(Exception):
    """The warehouse cannot be used; the message says why, and what to do."""


class WarehouseBusyError(WarehouseError):
    """Somebody else has the warehouse; the message says who may."""


class WarehouseUnreadableError(WarehouseError):
    """The file is damaged, no database at all, or may not be read."""


class PublishError(WarehouseError):
    """The copy for readers could not be written; the message says where, and why."""


def database_failure(error: Exception) -> str:
    """What DuckDB's refusal of a statement means, as a sentence. It quotes values of the tables: they are taken out."""
    said = re.sub(r"'[^']*'", "'…'", in_one_line(str(error)))
    return (
        f"DuckDB could not do what it was asked to ({said}). What it was about to write stays as it was. If it lacks "
        "room or memory, make some (`memory_limit` in the section [warehouse]); if it is a model's SQL, correct that; "
        "then run it again."
    )


def in_one_line(message: str) -> str:
    """An error's own message, short and on one line. Databases quote values in them: addresses are taken out."""
    return re.sub(r"[^\s'\"<>(),;:]+@[^\s'\"<>(),;:]+", "<address>", " ".join(message.split()))[:300]

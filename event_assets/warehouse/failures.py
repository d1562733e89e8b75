"""Why the warehouse cannot be used, as sentences for the person who must act."""

from __future__ import annotations

import re


class WarehouseError(Exception):
    """The warehouse cannot be used; the message says why, and what to do."""


class WarehouseBusyError(WarehouseError):
    """Somebody else has the warehouse; the message says who may."""


class WarehouseUnreadableError(WarehouseError):
    """The file is damaged, no database at all, or may not be read."""


def in_one_line(message: str) -> str:
    """An error's own message, short and on one line. Databases quote values in them: addresses are taken out."""
    return re.sub(r"[^\s'\"<>(),;:]+@[^\s'\"<>(),;:]+", "<address>", " ".join(message.split()))[:300]

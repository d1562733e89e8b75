"""What happens to a record between the API's answer and the table. Knows no columns: those are in ``schema``."""

from __future__ import annotations

from typing import Any


def without_nulls(record: dict[str, Any]) -> dict[str, Any]:
    """Drop the fields that are null: an absent field becomes null in the table all the same.

    A field outside the data dictionary that is null everywhere has no type, and dlt would warn of it at every sync.
    """
    return {field: value for field, value in record.items() if value is not None}

"""What becomes of personal data before anything is written: kept, hashed or dropped. And of keys made of it.

Which columns are personal is said in ``schema``; who may read what is not decided here.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable
from typing import Any

import dlt

from event_assets.settings import PrivacySettings
from event_assets.source.tables import Column, Table

HASHED = "hmac:"
"""What a hashed value begins with."""

_normalize = dlt.Schema("naming").naming.normalize_identifier


class Privacy:
    """What the setting ``personal_data`` does to records and their keys."""

    def __init__(self, settings: PrivacySettings) -> None:
        """Begin.

        Args:
            settings: What becomes of personal data.
        """
        self.personal_data = settings.personal_data
        self._secret = settings.secret.encode()

    def key(self, table: Table, record: dict[str, Any]) -> str | None:
        """What tells the record from others, as the table's key column has it; None where it has no usable key.

        An e-mail address counts without blanks around it and in lower case. Where addresses are dropped, the
        identifier takes their place: two accounts of one address are then two rows.
        """
        return self.key_of(table, record.get(self.key_field(table)))

    def key_of(self, table: Table, value: Any) -> str | None:
        """The same, of the value of the record's key field."""
        if self.key_field(table) == "id":
            return _identifier(value)
        key = _address(value) if isinstance(value, str) else ""
        if not key:
            return None
        return self._hash(key) if self.personal_data == "hash" else key

    def key_field(self, table: Table) -> str:
        """The field of the API that records are told apart by."""
        return "id" if table.key_column and self.personal_data == "drop" else table.key_field

    def protect(self, table: Table, record: dict[str, Any]) -> dict[str, Any]:
        """The record without what must not be written."""
        if self.personal_data == "keep":
            return record
        columns = {column.name: column for column in table.columns}
        protected = {}
        for name, value in record.items():
            column = columns.get(_normalize(name)) if name.strip() else None
            if column is not None and column.personal:
                if self.personal_data == "hash" and value is not None:
                    protected[name] = self._hash(_text(value))
            else:
                protected[name] = self._protect_within(column, value) if column is not None else value
        return protected

    def protect_fields(self, table: Table, records: Iterable[Any]) -> None:
        """Take out of records what must not be written.

        Args:
            table: Their table; without lists that hold personal data.
            records: Objects with an attribute for each column.
        """
        if self.personal_data == "keep":
            return
        personal = [column.name for column in table.columns if column.personal]
        for record in records:
            for name in personal:
                value = getattr(record, name)
                if value is not None:
                    setattr(record, name, self._hash(_text(value)) if self.personal_data == "hash" else None)

    def _protect_within(self, column: Column, value: Any) -> Any:
        if not column.personal_within or not isinstance(value, list | dict):
            return value
        if isinstance(value, list):
            return [self._protect_within(column, entry) for entry in value]
        inner = {name: entry for name, entry in value.items() if name not in column.personal_within}
        if self.personal_data == "hash":
            for name in column.personal_within:
                if name in value:
                    entries = value[name] if isinstance(value[name], list) else [value[name]]
                    inner[name] = [self._hash(_text(entry)) for entry in entries]
        return inner

    def _hash(self, text: str) -> str:
        """The hash of a text. An empty one stays empty: it tells nothing of anybody, and a reader sees that it is."""
        if not text:
            return text
        digest = hmac.new(self._secret, text.encode("utf-8", "backslashreplace"), hashlib.sha256)
        return f"{HASHED}{digest.hexdigest()[:32]}"


def _identifier(value: Any) -> str | None:
    """An identifier as text: numbers and strings of the same digits are the same one."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value).encode("utf-8", "backslashreplace").decode()
    return text if text.strip() else None


def _address(value: str) -> str:
    address = value.strip().casefold()
    return address if address.isascii() else address.encode("utf-8", "backslashreplace").decode()


def _text(value: Any) -> str:
    return _address(value) if isinstance(value, str) else json.dumps(value, sort_keys=True)

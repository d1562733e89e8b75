"""What becomes of personal data before anything is written: kept, hashed or dropped. And of keys made of it.

Which columns are personal is said in ``schema``; who may read what is not decided here.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterable
from typing import Any

import dlt

from event_assets.settings import PrivacySettings
from event_assets.source.shape import identifier
from event_assets.source.tables import Column, Table

HASHED = "hmac:"
"""What a hashed value begins with."""

_HASH = re.compile(rf"{HASHED}[0-9a-f]{{32}}")

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
            return identifier(value)
        key = _address(value) if isinstance(value, str) else ""
        if not key:
            return None
        return self._hash(key) if self.personal_data == "hash" else key

    def keys(self, table: Table) -> str:
        """How the table's keys are made, as a text: another one, if the same record would get another key."""
        if not table.key_column:
            return ""
        return {"keep": "address", "drop": "identifier"}.get(self.personal_data) or self._hash("keys")

    def key_field(self, table: Table) -> str:
        """The field of the API that records are told apart by."""
        return "id" if table.key_column and self.personal_data == "drop" else table.key_field

    def protect(self, table: Table, record: dict[str, Any]) -> dict[str, Any]:
        """The record without what must not be written."""
        if self.personal_data == "keep":
            return record
        columns = {column.name: column for column in table.columns}
        protected = {}
        for field, value in record.items():
            name = _name(field)
            # `email_2` is another address, and the column that a second field of the name `email` gets.
            column = columns.get(name) or columns.get(re.sub(r"_\d+$", "", name))
            if name in (table.links or {}):
                protected[field] = self._protect_links(value)
            elif column is None or value is None:
                protected[field] = value
            elif not (column.personal and self.personal_data == "drop"):
                protected[field] = self.protect_value(column, value)
        return protected

    def protect_value(self, column: Column, value: Any) -> Any:
        """A value of a column without what must not be written. Of one that is protected nothing changes.

        Args:
            column: Its column.
            value: As the API has it; or as the warehouse has it, JSON as text.
        """
        if self.personal_data == "keep" or value is None:
            return value
        if column.personal:
            return self._instead(value)
        return self._protect_encoded(column, value) if column.personal_within else value

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
                    setattr(record, name, self._instead(value))

    def _protect_links(self, value: Any) -> Any:
        """A list of identifiers, in which a server may put whole records: of each of them only its identifier.

        What has none becomes a list of what stands in its place, so that it still is a value that does not fit.
        """
        entries = [_decoded(entry) for entry in (value if isinstance(value, list) else [value])]
        if not any(isinstance(entry, dict | list) for entry in entries):
            return value
        return [self._link(entry) if isinstance(entry, dict | list) else entry for entry in entries]

    def _link(self, entry: Any) -> Any:
        inner = identifier(entry.get("id")) if isinstance(entry, dict) else None
        return [self._instead(entry)] if inner is None else inner

    def _protect_encoded(self, column: Column, value: Any) -> Any:
        """The value of a column that holds data of persons within; it or an entry of it may come as JSON in a text."""
        if isinstance(value, str):
            decoded = _decoded(value)
            return self._instead(value) if isinstance(decoded, str) else self._protect_encoded(column, decoded)
        if isinstance(value, list):
            return [self._protect_encoded(column, entry) for entry in value]
        return self._protect_within(column, value)

    def _protect_within(self, column: Column, value: Any) -> Any:
        value = _decoded(value)
        if isinstance(value, list):
            return [self._protect_within(column, entry) for entry in value]
        if not isinstance(value, dict):
            return value
        protected = {}
        for field, inner in value.items():
            if _name(field) not in column.personal_within:
                protected[field] = self._protect_within(column, inner)
            elif self.personal_data == "hash":
                protected[field] = [self._instead(entry) for entry in (inner if isinstance(inner, list) else [inner])]
        return protected

    def _instead(self, value: Any) -> str | None:
        """What stands in the place of a personal value."""
        if self.personal_data == "drop":
            return None
        text = _text(value)
        return text if _HASH.fullmatch(text) else self._hash(text)

    def _hash(self, text: str) -> str:
        """The hash of a text. An empty one stays empty: it tells nothing of anybody, and a reader sees that it is."""
        if not text:
            return text
        digest = hmac.new(self._secret, text.encode("utf-8", "backslashreplace"), hashlib.sha256)
        return f"{HASHED}{digest.hexdigest()[:32]}"


def _name(field: str) -> str:
    """What a field of the API is called in the warehouse."""
    return _normalize(field) if field.strip() else ""


def _decoded(value: Any) -> Any:
    """A value; where it is a text of a JSON object or list, that."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _address(value: str) -> str:
    address = value.strip().lower()
    return address if address.isascii() else address.encode("utf-8", "backslashreplace").decode()


def _text(value: Any) -> str:
    return _address(value) if isinstance(value, str) else json.dumps(value, sort_keys=True)

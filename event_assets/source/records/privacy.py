"""Keeps, hashes or drops personal data before anything is written, and derives keys from it.

Where it is hashed or dropped, only declared columns and declared fields of objects are written. Personal data and
e-mail addresses in other texts are hashed or dropped. Undeclared fields are left out and counted, because even their
names may be personal data.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Sequence
from typing import Any

import orjson

from event_assets.settings import PrivacySettings
from event_assets.source.records.coerce import column_name, identifier, storable
from event_assets.source.records.email_addresses import may_hold_addresses, replace_addresses
from event_assets.source.tables.columns import Column, Table

HASHED = "hmac:"
"""The prefix of a hashed value."""

KEYED_BY_ID = "id:"
"""The prefix of a key that is an identifier, in a table that is keyed by e-mail addresses."""

DROPPED = "<address>"
"""The replacement of a dropped address in a longer text."""

_HASH = re.compile(rf"{HASHED}[0-9a-f]{{32}}")
_REMEMBERED_LISTS = 10_000


class Privacy:
    """Applies the setting ``personal_data`` to records and their keys.

    Args:
        settings: Whether personal data is kept, hashed or dropped.
        hashes_stay: Whether to keep values that look like hashes: never for values of the API.
    """

    def __init__(self, settings: PrivacySettings, *, hashes_stay: bool = False) -> None:
        self.settings = settings
        self.personal_data = settings.personal_data
        self._secret = settings.secret.encode()
        self._hashes_stay = hashes_stay and settings.personal_data == "hash"
        self._lists: dict[tuple[str, bytes], tuple[Any, int]] = {}

    @property
    def protects(self) -> bool:
        """Whether anything is hashed or dropped."""
        return self.personal_data != "keep"

    def key(self, table: Table, record: dict[str, Any]) -> str | None:
        """Return the key of a record, as in the table's key column; None if it has no usable key.

        An e-mail address is trimmed and in lower case. An account that has a placeholder instead of an address, or
        none, is keyed by its identifier, because others may have the same placeholder; by the placeholder only if it
        has no identifier. Where addresses are dropped, the identifier is the key: two accounts of one address are then
        two rows.
        """
        return self.key_of(table, record.get(self.key_field(table)), record.get("id"))

    def key_of(self, table: Table, value: Any, id_value: Any) -> str | None:
        """Return the key from the values of the record's key field and of its ``id``."""
        if self.key_field(table) == "id":
            return self._identifier(value)
        key = normalized_address(value) if isinstance(value, str) else ""
        if "@" not in key and (other := self._identifier(id_value)):
            return f"{KEYED_BY_ID}{other}"
        if not key:
            return None
        return self._hash(key) if self.personal_data == "hash" else key

    def _identifier(self, value: Any) -> str | None:
        key = identifier(value)
        return self.protect_text("id", key) if key and self.protects else key

    def keys(self, table: Table) -> str:
        """Return how the table's keys are derived, as a text that differs if the same record would get another key."""
        if not table.key_column:
            return ""
        return {"keep": "address", "drop": "identifier"}.get(self.personal_data) or self._hash("keys")

    def key_field(self, table: Table) -> str:
        """Return the API field that identifies a record."""
        return "id" if table.key_column and self.personal_data == "drop" else table.key_field

    def key_fields(self, table: Table) -> tuple[str, ...]:
        """Return the API fields that can identify a record, the preferred one first."""
        preferred = self.key_field(table)
        return (preferred,) if preferred == "id" or not table.other_key_field else (preferred, table.other_key_field)

    def protect(self, table: Table, record: dict[str, Any]) -> tuple[dict[str, Any], int]:
        """Return a record with its personal data protected, and the number of undeclared values left out."""
        if not self.protects:
            return record, 0
        return self._protect_object(table, record)

    def protect_value(self, column: Column, value: Any) -> tuple[Any, int]:
        """Return a value of a column protected, and the number of undeclared values left out.

        Args:
            column: The column.
            value: As the API has it; or as the warehouse has it, JSON as text.
        """
        if value is None or not self.protects:
            return value, 0
        if column.pii:
            return self._instead(value), 0
        if column.data_type == "json":
            return self._protect_list(column, value)
        if isinstance(value, str):
            return self.protect_text(column.name, value), 0
        return (None, 1) if isinstance(value, dict | list) else (value, 0)

    def protect_text(self, name: str, text: str) -> str | None:
        """Return a text without the e-mail addresses in it.

        An address is hashed as it would be elsewhere, so identifiers still lead to one another. Where it is dropped,
        nothing is left of a text that is an address, nor of an identifier that has one in it.

        Args:
            text: The text.
            name: The name of its column or list.
        """
        if text.isalnum():  # as most identifiers are; neither an address nor a hash is
            return text
        replaced = text
        if HASHED in text and not self._hashes_stay:
            # From the API it is not a hash, and must not be taken for one.
            replaced = _HASH.sub(lambda found: self._replacement(found[0]), replaced)
        replaced = replace_addresses(replaced, self._replacement)
        if self.personal_data == "drop" and replaced != text:
            is_identifier = name in ("id", "links") or name.endswith("_id")
            return None if is_identifier or replaced.strip() == DROPPED else replaced
        return replaced

    def protect_fields(self, table: Table, records: Sequence[Any]) -> bool:
        """Protect the personal data of records in place; return False if they hold undeclared values.

        Args:
            table: Their table; without lists that hold personal data.
            records: Objects with an attribute for each column.
        """
        if not self.protects:
            return True
        return all(self._protect_column(column, records) for column in table.columns)

    def _protect_column(self, column: Column, records: Sequence[Any]) -> bool:
        name = column.name
        values = [getattr(record, name) for record in records]
        if column.pii:
            instead = [value if value is None else self._instead(value) for value in values]
        elif column.data_type == "json":
            listed = [(value, 0) if value is None else self._remembered_list(column, value) for value in values]
            if any(undeclared for _, undeclared in listed):
                return False
            instead = [value for value, _ in listed]
        else:
            texts = "\n".join(value for value in values if type(value) is str)
            if not (may_hold_addresses(texts) or HASHED in texts):
                return True
            instead = [self.protect_value(column, value)[0] for value in values]
        for record, value in zip(records, instead, strict=True):
            setattr(record, name, value)
        return True

    def _remembered_list(self, column: Column, value: Any) -> tuple[Any, int]:
        """Protect a list as `protect_value` does, with a cache: most lists, such as tickets, are alike."""
        of = (column.name, orjson.dumps(value))
        if of not in self._lists:
            if len(self._lists) >= _REMEMBERED_LISTS:
                self._lists.clear()
            self._lists[of] = self.protect_value(column, value)
        return self._lists[of]

    def _protect_object(self, table: Table, record: dict[str, Any], within: str = "") -> tuple[dict[str, Any], int]:
        protected: dict[str, Any] = {}
        # Of fields that are called the same in the warehouse, the one that is called so itself is the declared one.
        named = sorted((name := column_name(field), name != field, field) for field in record)
        left_out, taken = 0, ""
        for name, _, field in named:
            if record[field] is None:
                continue
            value, undeclared = (
                (None, 1) if name == taken else self._protect_field(table, f"{within}{name}", record[field])
            )
            taken, left_out = name, left_out + undeclared
            if value is not None:
                protected[field] = value
        return protected, left_out

    def _protect_field(self, table: Table, path: str, value: Any) -> tuple[Any, int]:
        if column := table.columns_by_name.get(path):
            return self.protect_value(column, value)
        if path in (table.links or {}):
            return self._protect_links(value)
        if path in table.objects and isinstance(value, dict):
            return self._protect_object(table, value, f"{path}__")
        return None, 1

    def _protect_links(self, value: Any) -> tuple[list[Any], int]:
        entries = [entry for entry in (value if isinstance(value, list) else [value]) if entry is not None]
        protected = [self.protect_link(entry) for entry in entries]
        return [entry for entry, _ in protected if entry is not None], sum(undeclared for _, undeclared in protected)

    def protect_link(self, entry: Any) -> tuple[Any, int]:
        """Protect an entry of a list of identifiers; of a complete record only its id is kept."""
        entry = decode_json(entry)
        inner = entry.get("id") if isinstance(entry, dict) else entry
        if inner is None or isinstance(inner, dict | list):
            return None, 1
        return (self.protect_text("links", inner) if isinstance(inner, str) else inner), 0

    def _protect_list(self, column: Column, value: Any) -> tuple[Any, int]:
        """Protect the value of a column of objects; it or an entry of it may be JSON in a text."""
        value = decode_json(value)
        entries = [self._protect_entry(column, entry) for entry in (value if isinstance(value, list) else [value])]
        left_out = sum(undeclared for _, undeclared in entries)
        protected = [entry for entry, _ in entries if entry is not None]
        return (protected if isinstance(value, list) else next(iter(protected), None)), left_out

    def _protect_entry(self, column: Column, entry: Any) -> tuple[Any, int]:
        entry = decode_json(entry)
        if not isinstance(entry, dict):
            return None, int(entry is not None)
        protected, left_out = {}, 0
        for field, inner in entry.items():
            name = column_name(field)
            if name in column.nested_pii:
                if self.personal_data == "hash":
                    protected[field] = [self._instead(each) for each in (inner if isinstance(inner, list) else [inner])]
            elif name not in column.fields or isinstance(inner, dict | list):
                left_out += inner is not None
            else:
                protected[field] = self.protect_text(name, inner) if isinstance(inner, str) else inner
        return protected, left_out

    def _instead(self, value: Any) -> str | None:
        """Return the replacement of a personal value."""
        if self.personal_data == "drop":
            return None
        text = _text(value)
        return text if self._hashes_stay and _HASH.fullmatch(text) else self._hash(text)

    def _replacement(self, address: str) -> str:
        """Return the replacement of an address in a text."""
        return self._hash(normalized_address(address)) if self.personal_data == "hash" else DROPPED

    def _hash(self, text: str) -> str:
        """Return the hash of a text. An empty one stays empty."""
        if not text:
            return text
        digest = hmac.digest(self._secret, text.encode("utf-8", "backslashreplace"), "sha256")
        return f"{HASHED}{digest[:16].hex()}"


def decode_json(value: Any) -> Any:
    """Decode a text with a JSON object or list; return any other value unchanged."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def normalized_address(value: str) -> str:
    """Return an e-mail address as keys have it: trimmed, in lower case."""
    return storable(value.strip().lower())


def _text(value: Any) -> str:
    return normalized_address(value) if isinstance(value, str) else json.dumps(value, sort_keys=True)

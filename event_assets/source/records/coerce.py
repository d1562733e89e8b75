"""Coerces the values of a record to the declared types of its table, without loss.

A value that does not fit is kept as text beside its column: a type mismatch. The types are declared in ``tables``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

import dlt
import orjson

from event_assets.source.tables.columns import VARIANT, Table

Record: TypeAlias = dict[str, Any]

NUL = "\x00"
NUL_ESCAPE = "\\u0000"
_NUL_IN_JSON = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def column_name(field: str) -> str:
    """Return what a field of the API is called in the warehouse; "" for one without a name."""
    return _normalizer()(field) if field.strip() else ""


@cache
def _normalizer() -> Callable[[str], str]:
    # dlt reads its configuration for it, which loading the definitions does not need.
    return dlt.Schema("naming").naming.normalize_identifier


class Coercion:
    """Coerces records to the declared types of a table's columns."""

    def __init__(self, table: Table) -> None:
        """Take the table whose columns are declared."""
        self._columns = {column.name: column for column in table.columns}
        self._links = frozenset(table.links or ())
        self._objects = table.objects
        # Names that an unknown field of the API must not take.
        self._own = {column.name for column in table.all_columns} - self._columns.keys()
        self._names: dict[str, str] = {}

    def row(self, record: Record) -> tuple[Record, list[str]]:
        """Return the row of a record, and the column of each value that does not fit its type.

        Nulls are left out: an absent field is null in the table all the same.
        """
        mismatches: list[str] = []
        return self._row(record, mismatches), mismatches

    def _row(self, record: Record, mismatches: list[str], within: str = "") -> Record:
        row: Record = {}
        for field, name in self._named(record):
            value = record[field]
            if value is None:
                continue
            path = f"{within}{name}"
            if path in self._links:
                row[name] = _links(path, value, mismatches)
            elif path in self._objects and isinstance(value, dict):
                row[name] = self._row(value, mismatches, f"{path}__")
            else:
                row[name] = self._value(path, value, mismatches)
        return row

    def _named(self, record: Record) -> list[tuple[str, str]]:
        """Return each field with its unique column name."""
        named = [(field, self._names.get(field) or self._name(field)) for field in record]
        if len({name for _, name in named}) == len(named):
            return named
        taken: set[str] = set()
        # The field that is called so itself has the name; the others get a number, in an order of their own.
        for field, name in sorted(named, key=lambda pair: (pair[1] != pair[0], pair[0])):
            number, unique = 1, name
            while unique in taken:
                number += 1
                unique = f"{name}_{number}"
            taken.add(unique)
            named[named.index((field, name))] = (field, unique)
        return named

    def _name(self, field: str) -> str:
        name = column_name(field) or "unnamed"
        if name in self._own or name.startswith("_dlt"):
            name = f"api_{name.lstrip('_')}"
        self._names[field] = name
        return name

    def _value(self, path: str, value: Any, mismatches: list[str]) -> Any:
        column = self._columns.get(path)
        if column is None:
            if path in self._objects:
                mismatches.append(path)
                return {VARIANT: as_text(value)}
            # Not in the data dictionary: kept as text, because a guessed type would have to be kept to for ever.
            return as_text(value)
        coerced = _COERCE[column.data_type](value)
        if coerced is not None:
            return coerced
        mismatches.append(path)
        # The JSON columns are lists: what is none becomes an entry of one. Elsewhere the value goes beside the column.
        return [as_text(value)] if column.data_type == "json" else {VARIANT: as_text(value)}


def _links(path: str, value: Any, mismatches: list[str]) -> list[str]:
    entries = value if isinstance(value, list) else [value]
    identifiers = [_link(entry) for entry in entries if entry is not None]
    if any(isinstance(identifier, dict | list) for identifier in identifiers):
        mismatches.append(path)
    return [as_text(identifier) for identifier in identifiers]


def _link(entry: Any) -> Any:
    """Return an entry of a list of identifiers; of a complete record its identifier, if it has one."""
    inner = identifier(entry.get("id")) if isinstance(entry, dict) else None
    return entry if inner is None else inner


def identifier(value: Any) -> str | None:
    """Return an identifier as text, the same for a number and its digits; None if it cannot be one."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = storable(str(value))
    return text if text.strip() else None


def storable(text: str) -> str:
    """Return a text in which a NUL character and half a surrogate pair are written as JSON escapes them.

    Half a pair is no character, and PostgreSQL stores no NUL. On every database, so that all hold the same.
    """
    if not text.isascii():
        text = text.encode("utf-8", "backslashreplace").decode()
    return text.replace(NUL, NUL_ESCAPE)


def as_text(value: Any) -> str:
    """Return a JSON value as text: a string unchanged, a whole number without a fraction, anything else as JSON."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return storable(json.dumps(value, ensure_ascii=False, sort_keys=True))


def _text(value: Any) -> str | None:
    return None if isinstance(value, dict | list) else as_text(value)


def _bigint(value: Any) -> int | None:
    if isinstance(value, str):
        digits = value.strip().removeprefix("-")
        value = int(value) if digits.isascii() and digits.isdigit() and len(digits) < 20 else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    # A boolean is an int here, and 0 or 1 in the table: the API's own descriptions disagree on which it sends.
    return int(value) if isinstance(value, int) and -(1 << 63) <= value < 1 << 63 else None


_FLAGS = {"1": True, "true": True, "0": False, "false": False}
"""What servers send that have their flags from a database or a form, as text. Other words are no flags."""


def _bool(value: Any) -> bool | None:
    if isinstance(value, str):
        return _FLAGS.get(value.strip().lower())
    return bool(value) if isinstance(value, bool | int | float) and value in (0, 1) else None


def _json(value: Any) -> Any:
    if not isinstance(value, dict | list):
        return None
    try:
        encoded = orjson.dumps(value)
    except TypeError:  # half a surrogate pair, or a number beyond 64 bits
        return None
    # PostgreSQL stores a NUL character in JSON, and fails where it is read.
    return None if _NUL_IN_JSON.search(encoded) else value


_COERCE: dict[str, Callable[[Any], Any]] = {
    "text": _text,
    "bigint": _bigint,
    "bool": _bool,
    "json": _json,
}

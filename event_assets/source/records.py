"""What happens to a record between the API's answer and the table: its key, its types, its fingerprint.

Nothing is lost on the way: a record is either taken or rejected with a reason, and a value that does not fit its
declared type is kept as text beside the column. What a table needs is in ``tables`` and ``schema``; what the table
held before, in ``ledger``.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import dlt
import orjson

from event_assets.source.privacy import Privacy
from event_assets.source.tables import RECORD_HASH, Table

Record: TypeAlias = dict[str, Any]
_normalize = dlt.Schema("naming").naming.normalize_identifier

MISFIT = "v_text"
"""Where a value goes that does not fit: ``capacity`` → ``capacity__v_text``, as dlt calls a column's text variant."""


@dataclass(frozen=True)
class Reject:
    """A record that cannot be loaded, and why."""

    reason: str
    payload: str


class Intake:
    """Takes the records of one resource, page by page, and passes on those that the table does not hold yet.

    A step of a dlt resource. Afterwards it knows what the answer came to.

    Attributes:
        received: Records seen.
        passed_on: Records that are new, changed, or back again.
        rejects: Records that cannot be loaded: without a usable key, or with one that an earlier record of the same
            answer had. The first one wins.
        misfits: How often a column got a value that does not fit its type.
    """

    def __init__(self, table: Table, known: Mapping[str, str | None], privacy: Privacy) -> None:
        """Begin.

        Args:
            table: The table that the records are for.
            known: The fingerprint of each row that the table holds by its key; None for one that is marked as removed.
            privacy: What to do with personal data.
        """
        self.received = 0
        self.passed_on = 0
        self.rejects: list[Reject] = []
        self.misfits: Counter[str] = Counter()
        self._table = table
        self._known = known
        self._privacy = privacy
        self._key_field = privacy.key_field(table)
        self._seen: set[str] = set()
        self._version = 0
        self._shape = Shape(table, self.misfits)

    def __call__(self, page: list[Record], meta: Any = None) -> list[Record]:
        """Take a page of records; return the rows to load. The second argument is dlt's and means nothing here."""
        self.received += len(page)
        rows = [row for row in map(self._take, page) if row is not None]
        self.passed_on += len(rows)
        return rows

    @property
    def gone(self) -> list[str]:
        """The keys of the rows that the table holds as there, and that the answer no longer has."""
        return [key for key, fingerprint in self._known.items() if fingerprint is not None and key not in self._seen]

    @property
    def version(self) -> str:
        """A fingerprint of all taken records together, whatever their order."""
        return f"{self._version:032x}"

    @property
    def held_version(self) -> str:
        """The same of the rows that the table holds as there."""
        version = 0
        for key, fingerprint in self._known.items():
            if fingerprint is not None:
                version = _add(version, key, fingerprint)
        return f"{version:032x}"

    def _take(self, record: Record) -> Record | None:
        key = self._privacy.key(self._table, record)
        if key is None:
            self._reject(record, f"no usable {self._key_field}")
            return None
        if key in self._seen:
            self._reject(record, f"another record of the same answer has this {self._key_field}")
            return None
        self._seen.add(key)
        row = self._shape.fit(self._privacy.protect(self._table, record))
        fingerprint = _fingerprint(row)
        self._version = _add(self._version, key, fingerprint)
        if self._known.get(key) == fingerprint:
            return None
        if self._table.key_column:
            row[self._table.key_column.name] = key
        row[RECORD_HASH] = fingerprint
        return row

    def _reject(self, record: Record, reason: str) -> None:
        protected = self._privacy.protect(self._table, record)
        self.rejects.append(Reject(reason, as_text(protected)))


class Shape:
    """Makes a record's values fit the declared types of its table's columns, without losing any."""

    def __init__(self, table: Table, misfits: Counter[str]) -> None:
        """Begin.

        Args:
            table: The table whose columns are declared.
            misfits: Counts the values that do not fit, by column.
        """
        self._columns = {column.name: column for column in table.columns}
        self._links = frozenset(table.links or ())
        self._objects = {name.split("__")[0] for name in self._columns if "__" in name}
        # Names that an unknown field of the API must not take.
        self._own = {column.name for column in table.all_columns} - self._columns.keys()
        self._misfits = misfits
        self._names: dict[str, str] = {}

    def fit(self, record: Record, within: str = "") -> Record:
        """The row of a record. Nulls are left out: an absent field is null in the table all the same."""
        row: Record = {}
        for field, name in self._named(record):
            value = record[field]
            if value is None:
                continue
            path = f"{within}{name}"
            if path in self._links:
                row[name] = self._fit_link(path, value)
            elif path in self._objects and isinstance(value, dict):
                row[name] = self.fit(value, f"{path}__")
            else:
                row[name] = self._fit_value(path, value)
        return row

    def _named(self, record: Record) -> list[tuple[str, str]]:
        """Each field with its name in the warehouse, made different where two would share one."""
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
        name = _normalize(field) if field.strip() else "unnamed"
        if name in self._own or name.startswith("_dlt"):
            name = f"api_{name.lstrip('_')}"
        self._names[field] = name
        return name

    def _fit_value(self, path: str, value: Any) -> Any:
        column = self._columns.get(path)
        if column is None:
            if path in self._objects:
                self._misfits[path] += 1
                return {MISFIT: as_text(value)}
            # Not in the data dictionary: kept as text, because a guessed type would have to be kept to for ever.
            return as_text(value)
        fitted = _FITS[column.data_type](value)
        if fitted is not None:
            return fitted
        self._misfits[path] += 1
        # The JSON columns are lists: what is none becomes an entry of one. Elsewhere the value goes beside the column.
        return [as_text(value)] if column.data_type == "json" else {MISFIT: as_text(value)}

    def _fit_link(self, path: str, value: Any) -> list[str]:
        entries = value if isinstance(value, list) else [value]
        if any(isinstance(entry, dict | list) for entry in entries):
            self._misfits[path] += 1
        return [as_text(entry) for entry in entries if entry is not None]


def as_text(value: Any) -> str:
    """A JSON value as text: a string as it is, a whole number without a fraction, anything else as its JSON."""
    if isinstance(value, str):
        # Half a surrogate pair is no character and cannot be stored: it is written as its escape.
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _fit_text(value: Any) -> str | None:
    return None if isinstance(value, dict | list) else as_text(value)


def _fit_bigint(value: Any) -> int | None:
    if isinstance(value, str):
        digits = value.strip().removeprefix("-")
        value = int(value) if digits.isascii() and digits.isdigit() and len(digits) < 20 else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    # A boolean is an int here, and 0 or 1 in the table: the API's own descriptions disagree on which it sends.
    return int(value) if isinstance(value, int) and -(1 << 63) <= value < 1 << 63 else None


def _fit_bool(value: Any) -> bool | None:
    return bool(value) if isinstance(value, bool | int | float) and value in (0, 1) else None


def _fit_json(value: Any) -> Any:
    if not isinstance(value, dict | list):
        return None
    try:
        orjson.dumps(value)
    except TypeError:  # half a surrogate pair, or a number beyond 64 bits
        return None
    return value


_FITS: dict[str, Callable[[Any], Any]] = {
    "text": _fit_text,
    "bigint": _fit_bigint,
    "bool": _fit_bool,
    "json": _fit_json,
}


def _fingerprint(value: Any) -> str:
    return hashlib.blake2b(orjson.dumps(value, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()


def _add(version: int, key: str, fingerprint: str) -> int:
    """A version with one record more. A sum does not know the order of its terms."""
    return (version + int(_fingerprint([key, fingerprint]), 16)) % (1 << 128)

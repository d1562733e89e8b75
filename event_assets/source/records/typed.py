"""Decodes the records of flat tables into typed objects, without a Python loop over each value.

Only records that are as declared. Any other is coerced (see ``coerce``), and the row of a record is the same either
way.
"""

from __future__ import annotations

from collections.abc import Collection
from operator import attrgetter
from typing import Annotated, Any, NamedTuple, Optional

import msgspec
import orjson

from event_assets.source.api.lossless_json import loses_nothing
from event_assets.source.records.coerce import NUL_ESCAPE
from event_assets.source.records.fingerprints import hash_of_json
from event_assets.source.records.privacy import Privacy
from event_assets.source.tables.columns import DataType, Table

_TEXT_OR_NUMBER: Any = str | int | None
_FIELDS: dict[DataType, Any] = {
    "text": str | None,
    "bigint": Optional[Annotated[int, msgspec.Meta(ge=-(1 << 63), le=(1 << 63) - 1)]],  # noqa: UP045  # read at run time
    "bool": bool | None,
    "json": list | dict | None,
}


class Typed(NamedTuple):
    """Records that match their declared types.

    Attributes:
        keys: The key of each; None where it has no usable one.
        hashes: The fingerprint of each row.
        rows: Objects with an attribute for each column, personal data protected.
    """

    keys: list[str | None]
    hashes: list[bytes]
    rows: list[Any]


_NUL_ESCAPE = NUL_ESCAPE.encode()
_encode = msgspec.json.Encoder(order="sorted").encode


class TypedRecords:
    """Decodes the records of a flat table into objects with an attribute for each column."""

    def __init__(self, table: Table, privacy: Privacy) -> None:
        """Take a flat table, and what becomes of personal data."""
        self._table = table
        self._privacy = privacy
        self._key_and_id = attrgetter(privacy.key_field(table), "id")
        self._columns = {kind: [c.name for c in table.columns if c.data_type == kind] for kind in _FIELDS}
        # The texts that have come as numbers, such as identifiers: only these are looked through for them.
        self._numbers: set[str] = set()
        self._decoder = self._new_decoder(())
        self._decoder_of_numbers = self._new_decoder(self._columns["text"])

    def _new_decoder(self, numbers: Collection[str]) -> msgspec.json.Decoder[list[Any]]:
        """Return a decoder of records in which some texts may be numbers."""
        # In the order of their names, as they are encoded for the fingerprint. Unknown fields must not be passed over.
        fields = [
            (column.name, _TEXT_OR_NUMBER if column.name in numbers else _FIELDS[column.data_type], None)
            for column in self._table.columns
        ]
        record = msgspec.defstruct("Record", sorted(fields), forbid_unknown_fields=True, omit_defaults=True, gc=False)
        return msgspec.json.Decoder(list[record])

    def _decoded(self, array: bytes) -> list[Any]:
        try:
            return self._decoder.decode(array)
        except msgspec.ValidationError:
            records = self._decoder_of_numbers.decode(array)
        texts = self._columns["text"]
        self._numbers.update(name for name in texts if int in set(map(type, map(attrgetter(name), records))))
        self._decoder = self._new_decoder(self._numbers)
        return records

    def decode(self, array: bytes) -> Typed | None:
        """Return the records with personal data protected; None if a value has another type, or would be lost.

        Args:
            array: The JSON array of the records.
        """
        if _NUL_ESCAPE in array:  # or a text of these six characters; either way, they are looked at one by one
            return None
        try:
            records = self._decoded(array)
            for name in self._columns["json"]:
                # What this refuses, such as a number beyond 64 bits, the warehouse's JSON does not hold either.
                orjson.dumps([*map(attrgetter(name), records)])
        except (msgspec.MsgspecError, UnicodeError, RecursionError, TypeError):
            return None
        keys = [self._privacy.key_of(self._table, *values) for values in map(self._key_and_id, records)]
        as_it_is = self._privacy.personal_data == "keep"
        if not as_it_is and not loses_nothing(array, msgspec.json.encode(records)):
            return None
        if not self._privacy.protect_fields(self._table, records):
            return None
        for name in self._numbers:
            values = [*map(attrgetter(name), records)]
            if int in set(map(type, values)):
                for record, value in zip(records, values, strict=True):
                    if type(value) is int:
                        setattr(record, name, str(value))
        encoded = [*map(_encode, records)]
        if as_it_is and not loses_nothing(array, b"".join(encoded)):
            return None
        return Typed(keys, [*map(hash_of_json, encoded)], records)

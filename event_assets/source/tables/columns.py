"""Defines the columns and tables of ``raw``, and the columns that every table has beside the API's fields.

Which tables there are is in ``schema``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

VARIANT = "v_text"
"""Where a value goes that does not fit: ``capacity`` → ``capacity__v_text``, as dlt calls a column's text variant."""

DataType = Literal["text", "bigint", "bool", "json", "timestamp", "binary"]


@dataclass(frozen=True)
class Column:
    """A column of a raw table.

    Attributes:
        name: The name in the warehouse; ``__`` separates a nested object from its field (``stream__url``).
        data_type: dlt's data type.
        description: What a value means.
        pii: Whether it holds personal data.
        nested_pii: For lists of objects: the fields of each object that hold personal data.
        fields: For lists of objects: the other fields of each object that are known. Where personal data is hashed or
            dropped, no others are written.
        hints: Further dlt column hints.
    """

    name: str
    data_type: DataType
    description: str
    pii: bool = False
    nested_pii: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    hints: Mapping[str, Any] | None = None

    @property
    def nullable(self) -> bool:
        """Whether a value may be missing; the warehouse takes no row without one that may not."""
        return bool((self.hints or {}).get("nullable", True))

    def as_dlt(self) -> dict[str, Any]:
        """Return dlt's column schema."""
        hints = {"name": self.name, "data_type": self.data_type, "nullable": True, "description": self.description}
        return {**hints, **(self.hints or {})}


@dataclass(frozen=True)
class Table:
    """A table of the schema ``raw``, with the link tables that dlt creates for its lists of identifiers.

    Attributes:
        name: The table, which is also the resource and the last part of the asset key.
        row: What one row is, as the beginning of a sentence.
        about: What else a reader should know, in sentences.
        columns: The API's fields, key first.
        key_field: The API field that identifies a record.
        other_key_field: The API field that identifies a record whose `key_field` holds no e-mail address.
        links: Nested list → what one entry of it is.
        key_column: The column that rows are merged by, where it is not the field itself.
        has_raw_hash: Whether rows keep a raw record hash: for a flat table with very many records.
    """

    name: str
    row: str
    about: str
    columns: tuple[Column, ...]
    key_field: str = "id"
    other_key_field: str | None = None
    links: Mapping[str, str] | None = None
    key_column: Column | None = None
    has_raw_hash: bool = False

    @property
    def key(self) -> str:
        """The column that rows are merged by."""
        return self.key_column.name if self.key_column else self.key_field

    @property
    def description(self) -> str:
        """The description, which begins with what one row is."""
        return f"{self.row} {self.about}".strip()

    @property
    def is_flat(self) -> bool:
        """Whether it has no nested objects, no link tables and no personal data in lists."""
        return not self.links and not any("__" in column.name or column.nested_pii for column in self.columns)

    @cached_property
    def columns_by_name(self) -> Mapping[str, Column]:
        """The columns of the API's fields by name."""
        return {column.name: column for column in self.columns}

    @cached_property
    def objects(self) -> frozenset[str]:
        """The nested objects of which each field has a column: ``stream`` of ``stream__url``."""
        return frozenset(column.name.partition("__")[0] for column in self.columns if "__" in column.name)

    @property
    def descriptions(self) -> dict[str, str]:
        """The descriptions of the declared columns and of their variant columns."""
        own = {column.name: column.description for column in self.all_columns}
        names = [*(column.name for column in self.columns), *sorted(self.objects)]
        return {f"{name}__{VARIANT}": f"Values of another type than {name}, as text." for name in names} | own

    @property
    def api_fields(self) -> dict[str, tuple[str, ...]]:
        """The fields of the API that the columns are made of: ``stream__url`` of ``stream.url``."""
        fields: dict[str, tuple[str, ...]] = {each.name: (each.name.replace("__", "."),) for each in self.columns}
        if self.key_column:
            fields[self.key_column.name] = tuple(filter(None, (self.key_field, self.other_key_field)))
        return fields

    def undeclared(self, names: Iterable[str]) -> list[str]:
        """Return those of some column names that come from undeclared fields, sorted."""
        declared = self.descriptions
        return sorted(name for name in names if name not in declared)

    @property
    def all_columns(self) -> tuple[Column, ...]:
        """The columns of the API's fields, then those of this project and dlt."""
        key = (self.key_column,) if self.key_column else ()
        received = (_RAW_RECORD_HASH,) if self.has_raw_hash else ()
        return (*self.columns, *key, *_OWN_COLUMNS, *received, *_LOAD_COLUMNS)

    @property
    def not_null(self) -> frozenset[str]:
        """The names of the columns that are never null."""
        return frozenset(column.name for column in self.all_columns if not column.nullable)

    @property
    def pii(self) -> frozenset[str]:
        """The names of the columns that hold personal data, or may hold it within."""
        return frozenset(column.name for column in self.all_columns if column.pii or column.nested_pii)

    @property
    def link_tables(self) -> dict[str, tuple[Column, ...]]:
        """The columns of each link table, by name (``lectures__speakers``)."""
        return {f"{self.name}__{link}": _link_columns(meaning) for link, meaning in (self.links or {}).items()}

    @property
    def link_descriptions(self) -> dict[str, str]:
        """The description of each link table, by name."""
        what = "One row per entry of the list {} of a row of raw.{}."
        return {f"{self.name}__{link}": what.format(link, self.name) for link in self.links or {}}

    def hints(self) -> dict[str, Any]:
        """Return the arguments of ``DltResource.apply_hints`` for the table and its link tables."""
        return {
            "primary_key": self.key,
            "columns": {column.name: column.as_dlt() for column in self.all_columns},
            "nested_hints": {
                link: {"columns": {column.name: column.as_dlt() for column in _link_columns(meaning)}}
                for link, meaning in (self.links or {}).items()
            },
        }


RECORD_HASH = "record_hash"
REMOVED_AT = "removed_at"
RAW_RECORD_HASH = "raw_record_hash"

_OWN_COLUMNS = (
    Column(RECORD_HASH, "text", "Hash of the row's values."),
    Column(
        REMOVED_AT,
        "timestamp",
        "When a sync first found the record gone from the API. Null while the API has it.",
    ),
)
_RAW_RECORD_HASH = Column(
    RAW_RECORD_HASH,
    "binary",
    "Hash of the bytes that the record came in, by which the next sync recognises it undecoded.",
)
_ROW_ID = Column("_dlt_id", "text", "dlt's row identifier.", hints={"nullable": False, "unique": True, "row_key": True})
_LOAD_COLUMNS = (
    Column("_dlt_load_id", "text", "Load that wrote the row: raw._dlt_loads.", hints={"nullable": False}),
    _ROW_ID,
)


def _link_columns(meaning: str) -> tuple[Column, ...]:
    return (
        Column("value", "text", meaning),
        Column("_dlt_list_idx", "bigint", "Position in the list, from 0.", hints={"nullable": False}),
        Column(
            "_dlt_parent_id",
            "text",
            "_dlt_id of the parent row.",
            hints={"nullable": False, "parent_key": True},
        ),
        Column(
            "_dlt_root_id",
            "text",
            "The same.",
            hints={"nullable": False, "root_key": True},
        ),
        _ROW_ID,
    )

"""Plants a mark of its own in every place of an answer that can hold something of a person, so that a leak is known."""

import json
import re
from typing import Any

from event_assets.sandbox import Event
from event_assets.source.tables.columns import Column, Table
from event_assets.source.tables.schema import TABLES


class Marks:
    """Makes marks, and finds them again.

    Attributes:
        places: What is planted where, by mark.
    """

    def __init__(self) -> None:
        self.places: dict[str, str] = {}

    def name(self, place: str) -> str:
        """A mark that looks like a name, or like the name of a field."""
        mark = f"zq{len(self.places):04}x"
        self.places[mark] = place
        return mark

    def address(self, place: str) -> str:
        """A mark that is an e-mail address."""
        return f"{self.name(place)}@example.org"

    def found(self, text: str | bytes) -> set[str]:
        """The places of the marks that a text holds."""
        plain = text.decode("latin-1") if isinstance(text, bytes) else text
        return {self.places.get(mark, f"an unknown place: {mark}") for mark in re.findall(r"zq\d{4}x", plain.lower())}


def plant(event: Event, marks: Marks) -> None:
    """Add records to an event in which each place holds a mark."""
    for table in TABLES.values():
        records = event.content.get(table.name)
        if records is None:
            records = event.partners if table.name == "partners" else event.participants
        records.extend(_records(table, marks))


def _records(table: Table, marks: Marks) -> list[dict[str, Any]]:
    told = table.name

    def mark(column: Column) -> str:
        place = f"{told}.{column.name}"
        return marks.name(place) if column.pii else marks.address(place)

    values = {column.name: mark(column) for column in table.columns}
    longer = {
        column.name: f"Ask {marks.address(f'{told}.{column.name} in a text')} now, or <b>no</b>"
        for column in table.columns
    }
    odd = {column.name: _odd(marks, f"{told}.{column.name}", number) for number, column in enumerate(table.columns)}
    keyed = [
        {**_nested(values), **_lists(table, marks), **_undeclared(table, marks), **_key(table, marks, 1)},
        {**_nested(longer), **_key(table, marks, 2)},
        {**_nested(odd), **_key(table, marks, 3)},
        {**_objects(table, marks), **_key(table, marks, 4)},
    ]
    unkeyed = [
        {**_nested({c.name: mark(c) for c in table.columns}), table.key_field: None, **_undeclared(table, marks)},
        {**_nested({c.name: mark(c) for c in table.columns}), **_lists(table, marks), **_key(table, marks, 1)},
        {"id": marks.address(f"{told}.id alone"), "name": "By its address", "email": marks.address(f"{told}.email")},
        {"id": f"hall of {marks.address(f'{told}.id with more')}", "email": marks.address(f"{told}.email")},
    ]
    return [*keyed, *unkeyed]


def _key(table: Table, marks: Marks, number: int) -> dict[str, Any]:
    if table.key_field == "id":
        return {"id": 900_000 + number}
    return {"id": 900_000 + number, "email": marks.address(f"{table.name}.email")}


def _nested(values: dict[str, Any]) -> dict[str, Any]:
    """Values by columns as a record has them."""
    record: dict[str, Any] = {}
    for name, value in values.items():
        within, _, field = name.rpartition("__")
        (record.setdefault(within, {}) if within else record)[field] = value
    return record


def _odd(marks: Marks, place: str, number: int) -> Any:
    """A value that does not fit: of several kinds, in turn."""
    value, name = marks.name(f"{place}, within"), marks.name(f"{place}, as a name within")
    kinds = ({name: value}, [value, {name: value}], json.dumps({"email": f"{value}@example.org"}), [[value]])
    return kinds[number % len(kinds)]


def _lists(table: Table, marks: Marks) -> dict[str, Any]:
    """The lists of a table: known fields with an address, unknown ones with a name."""
    lists: dict[str, Any] = {}
    for column in table.columns:
        if column.data_type == "json":
            place = f"{table.name}.{column.name}[]"
            known = {field: marks.address(f"{place}.{field}") for field in column.fields}
            personal = {field: [marks.name(f"{place}.{field}")] for field in column.nested_pii}
            other = {"holder": marks.name(f"{place}.holder"), marks.name(f"{place}, a name"): {"x": marks.name(place)}}
            entry = {**known, **personal, **other}
            lists[column.name] = [entry, marks.name(place), [marks.name(place)], json.dumps({"y": marks.name(place)})]
    for link in table.links or {}:
        place = f"{table.name}.{link}[]"
        whole = {"id": 7, "name": marks.name(place)}
        within = {"name": marks.name(place)}
        lists[link] = [marks.address(place), f"mailto:{marks.address(place)}", whole, within, [marks.name(place)]]
        lists[link].append(json.dumps({"id": marks.address(place), "z": marks.name(place)}))
    return lists


def _undeclared(table: Table, marks: Marks) -> dict[str, Any]:
    """Fields that no table declares: their values and their names."""
    fields = ("EMail", "firstname", "mobile", "email_2", "_dlt_id", "record_hash", "removed_at", "x__y")
    values = {field: marks.name(f"{table.name}.{field}") for field in fields}
    return {
        **values,
        "user": {"email": marks.address(f"{table.name}.user.email")},
        "users": [{"email": marks.address(f"{table.name}.users[].email")}],
        marks.name(f"the name of a field of {table.name}"): 1,
        marks.address(f"the name of a field of {table.name}, an address"): marks.name(f"{table.name}, of such a field"),
    }


def _objects(table: Table, marks: Marks) -> dict[str, Any]:
    """Objects of which fields have columns: with fields that have none, and with something else in their place."""
    objects = {}
    for number, name in enumerate(sorted(table.objects)):
        place = f"{table.name}.{name}"
        other = {marks.name(f"{place}, a name"): marks.name(f"{place}, a value"), "user": {"x": marks.name(place)}}
        kinds: tuple[Any, ...] = (other, marks.name(place), [marks.name(place)])
        objects[name] = kinds[number % len(kinds)]
    return objects

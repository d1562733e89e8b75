"""Plants a unique mark in every field of a response that can hold personal data, so that a leak can be traced."""

import json
import re
from typing import Any

from event_assets.sandbox import Event
from event_assets.source.tables.columns import Column, Table
from event_assets.source.tables.more import ALL_TABLES


class Marks:
    """Makes marks, and finds them again.

    Attributes:
        paths: What is planted where, by mark.
    """

    def __init__(self) -> None:
        self.paths: dict[str, str] = {}

    def name(self, path: str) -> str:
        """A mark that looks like a name, or like the name of a field."""
        mark = f"zq{len(self.paths):04}x"
        self.paths[mark] = path
        return mark

    def address(self, path: str) -> str:
        """A mark that is an e-mail address."""
        return f"{self.name(path)}@example.org"

    def found(self, text: str | bytes) -> set[str]:
        """Return the paths of the marks that a text holds."""
        plain = text.decode("latin-1") if isinstance(text, bytes) else text
        return {self.paths.get(mark, f"an unknown path: {mark}") for mark in re.findall(r"zq\d{4}x", plain.lower())}


def plant(event: Event, marks: Marks) -> None:
    """Add records to an event in which each field holds a mark."""
    for table in ALL_TABLES.values():
        records = event.content.get(table.name)
        if records is None:
            listed = {**event.more, "partners": event.partners, "participants": event.participants}
            records = listed[table.name] if table.name in listed else event.more.setdefault(table.name, [])
        records.extend(_records(table, marks))


def _records(table: Table, marks: Marks) -> list[dict[str, Any]]:
    name = table.name

    def mark(column: Column) -> str:
        path = f"{name}.{column.name}"
        return marks.name(path) if column.pii else marks.address(path)

    values = {column.name: mark(column) for column in table.columns}
    longer = {
        column.name: f"Ask {marks.address(f'{name}.{column.name} in a text')} now, or <b>no</b>"
        for column in table.columns
    }
    odd = {column.name: _odd(marks, f"{name}.{column.name}", number) for number, column in enumerate(table.columns)}
    keyed = [
        {**_nested(values), **_lists(table, marks), **_undeclared(table, marks), **_key(table, marks, 1)},
        {**_nested(longer), **_key(table, marks, 2)},
        {**_nested(odd), **_key(table, marks, 3)},
        {**_objects(table, marks), **_key(table, marks, 4)},
    ]
    unkeyed = [
        {**_nested({c.name: mark(c) for c in table.columns}), table.key_field: None, **_undeclared(table, marks)},
        {**_nested({c.name: mark(c) for c in table.columns}), **_lists(table, marks), **_key(table, marks, 1)},
        {"id": marks.address(f"{name}.id alone"), "name": "By its address", "email": marks.address(f"{name}.email")},
        {"id": f"hall of {marks.address(f'{name}.id with more')}", "email": marks.address(f"{name}.email")},
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


def _odd(marks: Marks, path: str, number: int) -> Any:
    """A value that does not fit: of several kinds, in turn."""
    value, name = marks.name(f"{path}, within"), marks.name(f"{path}, as a name within")
    kinds = ({name: value}, [value, {name: value}], json.dumps({"email": f"{value}@example.org"}), [[value]])
    return kinds[number % len(kinds)]


def _lists(table: Table, marks: Marks) -> dict[str, Any]:
    """The lists of a table: known fields with an address, unknown ones with a name."""
    lists: dict[str, Any] = {}
    for column in table.columns:
        if column.data_type == "json":
            path = f"{table.name}.{column.name}[]"
            known = {field: marks.address(f"{path}.{field}") for field in column.fields}
            personal = {field: [marks.name(f"{path}.{field}")] for field in column.nested_pii}
            other = {"holder": marks.name(f"{path}.holder"), marks.name(f"{path}, a name"): {"x": marks.name(path)}}
            entry = {**known, **personal, **other}
            lists[column.name] = [entry, marks.name(path), [marks.name(path)], json.dumps({"y": marks.name(path)})]
    for link in table.links or {}:
        path = f"{table.name}.{link}[]"
        whole = {"id": 7, "name": marks.name(path)}
        within = {"name": marks.name(path)}
        lists[link] = [marks.address(path), f"mailto:{marks.address(path)}", whole, within, [marks.name(path)]]
        lists[link].append(json.dumps({"id": marks.address(path), "z": marks.name(path)}))
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
    """Objects of which fields have columns: with fields that have none, and with other values instead of them."""
    objects = {}
    for number, name in enumerate(sorted(table.objects)):
        path = f"{table.name}.{name}"
        other = {marks.name(f"{path}, a name"): marks.name(f"{path}, a value"), "user": {"x": marks.name(path)}}
        kinds: tuple[Any, ...] = (other, marks.name(path), [marks.name(path)])
        objects[name] = kinds[number % len(kinds)]
    return objects

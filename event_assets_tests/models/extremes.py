"""Raw rows with the most extreme values of every type, in every column, beside a record that must not notice."""

import random
import sys
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Any

import pyarrow as pa
from sqlglot import exp

from event_assets.source.tables.columns import DataType, Table
from event_assets_tests.models.bench import models

Record = dict[str, Any]

MEGABYTE = 2**20
OFFSETS = ["+99:00", "+24:00", "+16:00", "+15:59", "+14:00", "-12:00", "-15:59:59", "-16", "-00:00", "+02:75", "+2:00"]
TIMES = [
    *("infinity", "-infinity", "Infinity", " inf", "epoch", "now", "today", "NaN", "nan", "null", "+99:00"),
    *("290309-12-22 (BC) 00:00:00", "290309-12-22 (BC) 00:00:00+00", "290308-12-21 (BC)", "5877642-06-25 (BC)"),
    *("294247-01-10 04:00:54.775806", "294247-01-10 04:00:54.775806+00", "294246-12-31", "5881580-07-10"),
    *("0000-00-00 00:00:00", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00", "0001-01-01T00:00:00+15:59", "0002-01-01"),
    *("-0001-11-30T00:00:00.000000Z", "-2026-05-12T09:00:00Z", "2026-05-12 (BC) 09:00:00", "26-05-12 09:00"),
    *("9998-12-31T23:59:59.999999Z", "9998-12-31T23:59:59-15:59", "9999-12-31T23:59:59", "9999-12-31T23:59:59-15:59"),
    *("10000-01-01T00:00:00Z", "02026-05-12T09:00:00Z", "99999-12-31", "1000-01-01", "1582-10-10T00:00:00Z"),
    *("2026-02-30T09:00:00Z", "2026-13-01T09:00:00", "2026-00-00", "2026-02-29", "2024-02-29T23:59:59"),
    *("2026-12-31T23:59:60Z", "2016-12-31T23:59:60", "2026-05-12T24:00:00", "2026-05-12T24:00:00Z"),
    *("2026-05-12T24:00:01Z", "2026-05-12T25:00:00", "2026-05-12T23:60:00", "2026-05-12T09:00:00.Z"),
    *(f"2026-05-12T09:00:00{offset}" for offset in OFFSETS),
    *(f"2026-05-12T09:00{offset}" for offset in OFFSETS),
    *("2011-12-30", "2011-12-30T12:00:00", "2011-12-30T12:00:00+14:00", "2026-03-29T02:30:00", "1883-11-18T12:00:00"),
    *("2026-05-12T09:00:00 Europe/Vienna", "2026-05-12 09:00 PM", "2026-05-12T09:00:00Z[UTC]", "20260512T090000Z"),
    *("2026-W20-2", "2026-132", "2026-05-12T", "2026-05-12Z", "2026-05-12T09", "Tue, 12 May 2026 09:00:00 GMT"),
    "2026-05-12T09:00:00." + "1" * 5000 + "Z",
    "2026-05-12T09:00:00" + " " * 5000 + "Z",
    "2026-05-12T09:00:00\x00Z",
    "\ufeff2026-05-12T09:00:00Z",
]
NUMBERS = [-(2**63), 1 - 2**63, -(2**53) - 1, -(2**31), -1, 0, 1, 2**31, 2**53 + 1, 2**63 - 2, 2**63 - 1, None]
_TEXTS = [
    *(
        "",
        " ",
        "\r\n",
        "\u3000\xa0",
        "\x00",
        "a\x00b",
        "\u200b",
        "\u202e\u2066",
        "e\u0301",
        "\ufffd",
        "NULL",
        "%",
        "$1",
    ),
    *("{}", "[]", "[5]", '{"name": "Ada"}', "(none)", "(other)", "(all)", "'", '"', "\\", "a|b", "${x}", "{:.0f}"),
    *("<", "<!--", "<a", "</p", "&amp;amp;", "hmac:" + "0" * 32, "a@b", "1e309", "-0", "0x1F", str(2**64), "9" * 400),
    *map(str, NUMBERS),
]
LONG = ["x" * MEGABYTE, "x" + " " * MEGABYTE + "x", "<!--" * (MEGABYTE // 4), "9" * MEGABYTE]


@cache
def categories() -> list[str]:
    """Return a text for every category of Unicode but the surrogates, which are no text: characters of all of it."""
    found: dict[str, list[str]] = {}
    for number in range(sys.maxunicode + 1):
        found.setdefault(unicodedata.category(chr(number)), []).append(chr(number))
    del found["Cs"]
    return ["".join([*found[name][:30], *found[name][:: len(found[name]) // 30 + 1]]) for name in sorted(found)]


@cache
def texts() -> list[str | None]:
    """Return the extreme texts, each once; a time can be ended or begun by any kind of character."""
    ended = [f"2026-05-12T09:00:00{text[-1]}" for text in categories()]
    begun = [f"{text[-1]}2026-05-12" for text in categories()]
    return [*dict.fromkeys([*TIMES, *_TEXTS, *categories(), *ended, *begun]), None]


@cache
def read_by_models() -> frozenset[str]:
    """Return the names of all columns that a model reads of any table."""
    return frozenset(column.name for model in models().values() for column in model.query.find_all(exp.Column))


def values(data_type: DataType) -> list[Any]:
    """Return the extreme values of a type."""
    if data_type == "bigint":
        return [*NUMBERS]
    if data_type == "bool":
        return [True, False, None]
    if data_type == "json":
        return ["{}", "[]", "null", '"x"', "1e400", "[" * 500 + "]" * 500, '{"": [null]}', None]
    return [*texts(), LONG[0]]


WITNESS = "witness"
"""In every text of the records that must not notice the others."""


def witness() -> dict[str, list[Record]]:
    """Return sound records that have to do with each other only, and two findings."""
    times = {"start": "2026-05-12T09:00:00+02:00", "end": "2026-05-12T10:00:00+02:00", "event_day_id": WITNESS}
    session = {"id": WITNESS, "name": f"{WITNESS} session", "hall_id": WITNESS, **times}
    session |= {"speakers": [WITNESS], "tracks": [WITNESS]}
    later = {"start": "2026-05-12T11:00:00+02:00", "end": "2026-05-12T12:00:00+02:00"}
    return {
        "halls": [{"id": WITNESS, "name": f"{WITNESS} hall", "order": 1}],
        "days": [{"id": WITNESS, "date": "2026-05-12"}],
        "speakers": [{"id": WITNESS, "name": f"{WITNESS} Ada", "company": WITNESS}],
        "tracks": [{"id": WITNESS, "name": f"{WITNESS} track"}],
        "lectures": [
            session,
            {**session, "id": f"{WITNESS}-2"},
            {**session, "id": f"{WITNESS}-3", **later},
            {**session, "id": f"{WITNESS}-4", "start": "soon", "end": "2026-05-12T05:00:00Z"},
        ],
        "workshops": [{**session, "capacity": 20, "available": 5, "booked": False}],
        "pauses": [{"id": WITNESS, "name": f"{WITNESS} coffee", **times}],
        "partners": [{"id": WITNESS, "company": WITNESS, "sponsor": True, "web": "x"}],
        "participants": [
            {
                "id": f"{WITNESS}-{number}",
                "email": f"{WITNESS}@example.org",
                "email_key": f"{WITNESS}{number}",
                "role": WITNESS,
                "group_id": WITNESS,
                "company": WITNESS,
                "tickets": '[{"name": "Day"}]',
                "registered_at": "2026-05-01T09:00:00Z",
                "checked_at": "2026-05-12T09:00:00Z",
            }
            for number in range(4)
        ],
        "reviews": [
            {"id": WITNESS, "lecture_id": WITNESS, "user_id": WITNESS, "stars": 4, "comment": f"{WITNESS}: good"}
        ],
        "groups": [{"id": WITNESS, "name": f"{WITNESS} group"}],
        "registrations": [{"id": WITNESS, "status": WITNESS, "group_id": WITNESS}],
    }


def extreme_rows(table: Table) -> list[Record]:
    """Return records of a table: each column with each extreme value, and then several columns at once.

    Nothing of theirs is a witness's, and only a few share a hall or a speaker.
    """
    rows = [*_one_at_a_time(table), *_several_at_once(table)]
    for number, row in enumerate(rows):
        row["_dlt_id"] = f"{table.name}{number}"
    return rows


def _sound(table: Table, key: str, number: int) -> Record:
    group = f"group {number // 5}"
    fields = {name: value for name, value in witness()[table.name][0].items() if name not in (table.links or ())}
    own = {"id": key, "email_key": key, "name": f"Name {key}", "company": group, "hall_id": group, "group_id": group}
    own |= {"event_day_id": f"day {number // 5}", "role": "e"}
    own |= {"lecture_id": key, "user_id": key, "comment": f"Comment {key}", "status": group}
    columns = {column.name for column in table.all_columns}
    return {**fields, **{name: value for name, value in own.items() if name in columns}}


def _one_at_a_time(table: Table) -> Iterator[Record]:
    number = 0
    for column in (*table.columns, *((table.key_column,) if table.key_column else ())):
        step = 1 if column.name in read_by_models() else 10  # What no model reads can hardly stop one.
        for place, value in enumerate(values(column.data_type)[::step]):
            if value is not None or column.name != table.key:
                yield {**_sound(table, f"{column.name} {place}", number), column.name: value}
                number += 1
    yield from (
        {**_sound(table, f"seats {capacity} {available}", number), "capacity": capacity, "available": available}
        for capacity in NUMBERS
        for available in NUMBERS
        if table.name in ("lectures", "workshops")
    )


def _several_at_once(table: Table, number: int = 400) -> Iterator[Record]:
    drawn = random.Random(table.name)
    for place in range(number):
        row = _sound(table, f"several {place}", place)
        for column in drawn.sample(table.columns, len(table.columns) // 2):
            if column.name != table.key:
                times = column.name in ("start", "end", "date", "registered_at", "checked_at")
                row[column.name] = drawn.choice(TIMES if times else values(column.data_type)[:-1])
        yield row


def as_arrow(table: Table, rows: list[Record]) -> pa.Table:
    """Return rows as DuckDB reads them fastest."""
    kinds = {"bigint": pa.int64(), "bool": pa.bool_()}
    columns = [column for column in table.all_columns if any(column.name in row for row in rows)]
    return pa.table(
        {
            column.name: pa.array([row.get(column.name) for row in rows], kinds.get(column.data_type, pa.string()))
            for column in columns
        }
    )

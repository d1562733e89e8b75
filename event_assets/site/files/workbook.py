"""Makes one XLSX of all tables: a sheet for each, and one that lists them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from event_assets.site.files.values import Table, TableColumn, ValueKind, xml_text

MAX_ROWS = 1_048_576
"""How many rows a sheet can have, with the header."""
CONTENTS = "Contents"
"""The name of the first sheet."""
_MAX_TEXT = 32_767
_MAX_NAME = 31
_FIRST_YEAR = 1900
"""Excel knows no date before it."""
_EXACT = 2**53
"""The largest integer up to which a spreadsheet's numbers are exact."""
_WIDEST, _NARROWEST, _LOOKED_AT = 60, 9, 100
_FORMATS: dict[ValueKind, str] = {
    "date": "yyyy-mm-dd",
    "local time": "yyyy-mm-dd hh:mm",
    "instant": "yyyy-mm-dd hh:mm",
}
# No text becomes a formula, a link or a number, whatever it looks like.
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def workbook_bytes(
    tables: Sequence[Table], held_back: Mapping[str, str], title: str, timezone: str, made_at: datetime
) -> bytes:
    """Return an XLSX with a sheet for each table, after one that lists them.

    Instants are in the event's zone, because a spreadsheet knows none.

    Args:
        tables: The tables.
        held_back: Why there is no sheet of some further tables, by name.
        title: The name of the event.
        timezone: Its zone.
        made_at: When the workbook is made.
    """
    stream, zone = BytesIO(), ZoneInfo(timezone)
    with xlsxwriter.Workbook(stream, _OPTIONS) as book:
        book.set_properties({"title": xml_text(title), "created": made_at.replace(tzinfo=None)})
        bold = book.add_format({"bold": True, "bottom": 1})
        formats: dict[ValueKind, Format] = {
            kind: book.add_format({"num_format": code}) for kind, code in _FORMATS.items()
        }
        names = sheet_names(table.name for table in tables)
        contents = book.add_worksheet(CONTENTS)
        _write_contents(contents, tables, names, held_back, _heading(title, zone, made_at), bold)
        for table in tables:
            _write_table(book.add_worksheet(names[table.name]), table, zone, bold, formats)
    return stream.getvalue()


def sheet_names(names: Iterable[str]) -> dict[str, str]:
    """Return the names of sheets: at most 31 characters, each once, also where letters' case is ignored.

    Args:
        names: The names of tables.
    """
    found: dict[str, str] = {}
    taken = {CONTENTS.lower(), "history"}  # Excel keeps the latter for itself
    for name in names:
        plain = re.sub(r"[\[\]:*?/\\']", "_", xml_text(name))[:_MAX_NAME] or "_"
        sheet, number = plain, 1
        while sheet.lower() in taken:
            number += 1
            sheet = f"{plain[: _MAX_NAME - len(str(number)) - 1]}_{number}"
        taken.add(sheet.lower())
        found[name] = sheet
    return found


def _heading(title: str, zone: ZoneInfo, made_at: datetime) -> str:
    return f"{title}, as of {made_at.astimezone(zone):%Y-%m-%d %H:%M}. Times are those of {zone.key}."


def _write_contents(
    sheet: Worksheet,
    tables: Sequence[Table],
    names: Mapping[str, str],
    held_back: Mapping[str, str],
    heading: str,
    bold: Format,
) -> None:
    sheet.write_string(0, 0, _fitting(heading))
    for column, text in enumerate(("Sheet", "Rows", "What a row is", "Note")):
        sheet.write_string(2, column, text, bold)
    at = 3
    for table in tables:
        sheet.write_url(at, 0, f"internal:'{names[table.name]}'!A1", string=names[table.name])
        sheet.write_number(at, 1, len(table.rows))
        sheet.write_string(at, 2, _fitting(table.description))
        if len(table.rows) >= MAX_ROWS:
            sheet.write_string(at, 3, f"The sheet has the first {MAX_ROWS - 1:,} rows: the CSV and Parquet have all.")
        at += 1
    for name, why in held_back.items():
        sheet.write_string(at, 0, name)
        sheet.write_string(at, 3, _fitting(f"Held back: {why}"))
        at += 1
    for column, width in enumerate((30, 10, 90, 60)):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(3, 0)


def _write_table(
    sheet: Worksheet, table: Table, zone: ZoneInfo, bold: Format, formats: Mapping[ValueKind, Format]
) -> None:
    rows = table.rows[: MAX_ROWS - 1]
    for number, column in enumerate(table.columns):
        values = [row[number] for row in rows]
        sheet.write_string(0, number, column.name, bold)
        sheet.write_comment(0, number, _fitting(_meaning(column, zone)), {"x_scale": 2})
        sheet.set_column(number, number, _width(column, values[:_LOOKED_AT]))
        _write_column(sheet, number, column.kind, values, formats.get(column.kind), zone)
    sheet.freeze_panes(1, 0)
    if rows:
        sheet.autofilter(0, 0, len(rows), len(table.columns) - 1)


def _write_column(
    sheet: Worksheet, number: int, kind: ValueKind, values: Sequence[Any], shown: Format | None, zone: ZoneInfo
) -> None:
    """Write the values of a column below its header. Here most of the time goes by: a million take 8 seconds."""
    for at, value in enumerate(values, start=1):
        if value is None:
            continue
        if kind == "text":
            sheet.write_string(at, number, _fitting(str(value)))
        elif kind == "boolean":
            sheet.write_boolean(at, number, value)
        elif kind in ("integer", "number"):
            if value != value or abs(value) > _EXACT:  # no number, or one that a spreadsheet would round
                sheet.write_string(at, number, str(value))
            else:
                sheet.write_number(at, number, value, shown)
        else:
            local = value.astimezone(zone).replace(tzinfo=None) if kind == "instant" else value
            if local.year < _FIRST_YEAR:
                sheet.write_string(at, number, local.isoformat(*([] if _is_date(local) else [" "])))
            else:
                sheet.write_datetime(at, number, local, shown)


def _is_date(value: date) -> bool:
    return not isinstance(value, datetime)


def _meaning(column: TableColumn, zone: ZoneInfo) -> str:
    return f"{column.description} Local time of {zone.key}." if column.kind == "instant" else column.description


def _fitting(text: str) -> str:
    plain = xml_text(text)
    return plain if len(plain) <= _MAX_TEXT else f"{plain[: _MAX_TEXT - 1]}…"


def _width(column: TableColumn, values: Iterable[Any]) -> int:
    longest = max((len(str(value)) for value in values if value is not None), default=0) if column.kind == "text" else 0
    least = 17 if column.kind in ("local time", "instant") else 11 if column.kind == "date" else _NARROWEST
    return min(_WIDEST, max(least, len(column.name) + 3, longest))

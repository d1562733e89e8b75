"""The workbook, opened by another library than the one that makes it, and by LibreOffice where it is installed."""

import csv
import shutil
import subprocess
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from event_assets.site.files import workbook
from event_assets.site.files.values import Table, TableColumn, xml_text
from event_assets.site.files.workbook import CONTENTS, sheet_names, workbook_bytes
from event_assets_tests.site.hostile import ALLOWED_OF_FORBIDDEN, SEEN, TEXTS, table

ZONE = "Europe/Vienna"
OPENED = (datetime(2026, 7, 1, 9, 30), "2026-07-01 09:30:00")
"""07:30 UTC, as the clock in Vienna shows it."""


def made(*tables: Table, held_back: dict[str, str] | None = None) -> bytes:
    return workbook_bytes(tables, held_back or {}, "Days of =Code", ZONE, SEEN)


def opened(content: bytes) -> Any:
    return openpyxl.load_workbook(BytesIO(content), rich_text=False)


def cells(sheet: Any) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]


def expected(rows: Table) -> list[list[Any]]:
    """What a cell should hold: the value, but for what no spreadsheet can."""
    zone = ZoneInfo(ZONE)
    found = []
    for title, seats, share, full, day, local, at in rows.rows:
        instant = at and at.astimezone(zone).replace(tzinfo=None, microsecond=0)
        day = day and (datetime(day.year, day.month, day.day) if day.year > 1900 else day.isoformat())
        local = local and (local if local.year > 1900 else local.isoformat(" "))
        title = title and (xml_text(title) if len(title) < 32_767 else title[:32_766] + "…")
        share = share if share is None or abs(share) < 2**53 else str(share)
        found.append(
            [title, seats if seats is None or abs(seats) < 2**53 else str(seats), share, full, day, local, instant]
        )
    return found


def test_every_value_is_there_with_its_type():
    content = made(table())
    sheet = opened(content)["hostile"]
    rows = cells(sheet)
    for row in rows:
        row[6] = row[6] and row[6].replace(microsecond=0)
        row[2] = row[2] if row[2] is None or isinstance(row[2], str) else pytest.approx(row[2])
    assert rows == expected(table())
    titles = [cell for (cell,) in sheet.iter_rows(min_row=2, max_row=len(TEXTS) + 1, max_col=1)]
    assert [cell.value for cell in titles] == [*TEXTS]
    assert {cell.data_type for cell in titles} == {"s"}, "no text is a formula, a link or a number"
    assert [cell.hyperlink for cell in titles if cell.hyperlink] == []
    assert sheet.cell(len(TEXTS) + 2, 1).value == ALLOWED_OF_FORBIDDEN
    assert sheet.cell(2, 7).value == OPENED[0]
    assert [sheet.cell(2, column).number_format for column in (5, 6, 7)] == [
        "yyyy-mm-dd",
        "yyyy-mm-dd hh:mm",
        "yyyy-mm-dd hh:mm",
    ]


def test_the_header_stays_in_sight_and_says_what_a_column_is():
    sheet = opened(made(table()))["hostile"]
    assert sheet.freeze_panes == "A2"
    assert [cell.value for cell in sheet[1]] == [column.name for column in table().columns]
    assert sheet["A1"].comment.text == "The title. <b>Not bold</b>"
    assert sheet["G1"].comment.text == "Start. Local time of Europe/Vienna."
    assert sheet.auto_filter.ref == f"A1:G{len(table().rows) + 1}"


def test_the_first_sheet_lists_the_others():
    book = opened(made(table(), held_back={"agenda": "Its check kind_is_accepted failed."}))
    assert book.sheetnames == [CONTENTS, "hostile"]
    rows = cells(book[CONTENTS])
    assert book[CONTENTS]["A1"].value == "Days of =Code, as of 2026-01-15 08:15. Times are those of Europe/Vienna."
    assert rows[1:] == [
        ["Sheet", "Rows", "What a row is", "Note"],
        ["hostile", len(table().rows), "One row per text.", None],
        ["agenda", None, None, "Held back: Its check kind_is_accepted failed."],
    ]
    assert book[CONTENTS]["A4"].hyperlink.location == "'hostile'!A1"


def test_a_table_that_is_too_long_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(workbook, "MAX_ROWS", 5)
    book = opened(made(table()))
    assert book["hostile"].max_row == 5
    assert book[CONTENTS]["D4"].value == "The sheet has the first 4 rows: the CSV and Parquet have all."
    assert book[CONTENTS]["B4"].value == len(table().rows)
    monkeypatch.undo()
    assert opened(made(table()))[CONTENTS]["D4"].value is None


def test_names_of_sheets_are_short_and_differ():
    long = "the_summary_of_everything_that_happened_"
    names = sheet_names([f"{long}{n}" for n in range(11)] + ["a/b:c", "CONTENTS", "History", "Agenda", "agenda"])
    assert all(len(name) <= 31 for name in names.values())
    assert len({name.lower() for name in names.values()}) == 16
    assert names["a/b:c"] == "a_b_c"
    assert names["CONTENTS"] == "CONTENTS_2"
    assert names["History"] == "History_2"
    assert (names["Agenda"], names["agenda"]) == ("Agenda", "agenda_2")


def test_an_empty_table_and_an_empty_event():
    empty = Table("nothing", "", (TableColumn("a", "text", "A."),), [])
    assert cells(opened(made(empty))["nothing"]) == []
    assert opened(made()).sheetnames == [CONTENTS]


def test_libreoffice_shows_the_same(tmp_path: Path):
    """Debian's libreoffice-calc-nogui is too large for CI: where it is there, it reads the sheet."""
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("LibreOffice is not installed")
    (tmp_path / "summaries.xlsx").write_bytes(made(table()))
    # The second sheet as CSV in UTF-8, with commas and quotes.
    form = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,2"
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = [program, profile, "--headless", "--convert-to", form, "--outdir", str(tmp_path)]
    subprocess.run([*command, str(tmp_path / "summaries.xlsx")], check=True, timeout=180, capture_output=True)
    rows = [*csv.reader((tmp_path / "summaries-hostile.csv").read_text(encoding="utf-8").splitlines(keepends=True))]
    assert rows[0] == [column.name for column in table().columns]
    assert [[row[0], row[1], row[3], row[4], row[5], row[6]] for row in rows[1:]] == [
        [_shown(row[0]), _shown(row[1]), _shown(row[3]), _shown(row[4])[:10], _shown(row[5]), _shown(row[6])]
        for row in expected(table())
    ]
    shares = [float(row[2]) for row in rows[1:] if row[2]]
    assert shares == pytest.approx([row[2] for row in table().rows if row[2] is not None])


def _shown(value: Any) -> str:
    return "" if value is None else str(value).upper() if isinstance(value, bool) else str(value)

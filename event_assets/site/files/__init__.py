"""The files that people take away: tables for spreadsheets and programs, the programme for calendars and apps, a feed.

``values`` says what goes in; ``workbook``, ``tables``, ``calendars``, ``schedule`` and ``feed`` each make one kind of
file of it, as bytes; ``index`` makes the page that lists them, ``parts`` puts all together, and ``store`` writes what
has changed. Nothing here reads a setting, a clock or the warehouse: ``assets.site_files`` does.

No file holds personal data of participants: the values are made of summaries without such columns and of the programme.
"""

from pathlib import Path

FILES_FOLDER = "files"
"""The folder of the files in that of the pages."""
INDEX_FILE = f"{FILES_FOLDER}/index.html"
"""The page that lists them."""
SOURCES = tuple(sorted(Path(__file__).parent.glob("*.py")))
"""What makes the files: other code may make other files of the same values."""

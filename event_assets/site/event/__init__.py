"""The event on one page, and what is printed of it: values of the rows of summaries, then HTML.

``tables`` says which rows are read, ``sections`` what each part of the page makes of them, ``describe`` puts the parts
together, ``page`` shows them. A part of the page is a module of ``sections``, which nothing else has to name.
"""

from pathlib import Path

PRINTED_FILES = ("print-doors.html", "print-changes.html", "print-speakers.html")
"""The files that are printed: a browser prints a whole document, and who wants door signs wants no run sheets."""

EVENT_TEMPLATES = Path(__file__).with_name("templates")
"""The folder of the templates, styles and scripts of these pages."""

"""The pages that people look at: made of values, static, and without a request to anywhere.

``describe`` makes a ``Catalogue`` of the data dictionary, the models and their lineage; ``page`` makes HTML of that.
``event`` does the same for the event: values of the rows of summaries, then HTML. Nothing here reads a setting, a clock
or Dagster's records, or opens the warehouse: ``assets.site`` and ``assets.event_page`` do, and write the files.
"""

from pathlib import Path

SITE = "site"
"""The layer of the pages: their assets' group, and the first part of their keys."""
CATALOGUE_FILE = "catalogue.html"
"""The file of the data catalogue in the folder of pages."""
EVENT_FILE = "event.html"
"""The file of the event's page."""
EVENTS_FILE = "events.html"
"""The file that lists the events, where there are several."""

TEMPLATES = Path(__file__).with_name("templates")
"""The folder of the pages' templates, styles and scripts."""

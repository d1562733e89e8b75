"""The pages that people look at: made of values, static, and without a request to anywhere.

``describe`` makes a ``Catalogue`` of the data dictionary, the models and their lineage; ``page`` makes HTML of that.
Nothing here reads a setting, a clock, the warehouse or Dagster's records: what is known of the tables at the moment is
handed in as ``TableStatus``. ``assets.site`` does that and writes the file.
"""

from pathlib import Path

SITE = "site"
"""The layer of the pages: their assets' group, and the first part of their keys."""
CATALOGUE_FILE = "catalogue.html"
"""The file of the data catalogue in the folder of pages."""

TEMPLATES = Path(__file__).with_name("templates")
"""The folder of the pages' templates, styles and scripts."""

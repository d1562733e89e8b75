"""The data dictionary in the docs is that of the code."""

import re

from event_assets.cli.dictionary import data_dictionary
from event_assets.models.project import KINDS, MODELS_FOLDER
from event_assets.source.tables.schema import TABLES
from event_assets_tests.conftest import CHECKOUT


def test_the_page_is_up_to_date():
    written = (CHECKOUT / "docs" / "data-dictionary.md").read_text(encoding="utf-8")
    assert written == data_dictionary(), "write it anew: make docs"


def test_it_has_every_relation_with_every_column_described():
    page = data_dictionary()
    relations = set(re.findall(r"^### (\S+)$", page, re.MULTILINE))
    assert {f"raw.{name}" for name in TABLES} < relations
    models = {f"{layer}.{path.stem}" for layer in KINDS for path in (MODELS_FOLDER / layer).glob("*.sql")}
    assert models < relations
    rows = re.findall(r"^`(\w+)` \|(?: \w+ \|)? (.*)$", page, re.MULTILINE)
    assert len(rows) > 200
    assert all(meaning.strip() for _, meaning in rows)
    assert len(page.split()) < 12 * len(rows), "short facts are read"


def test_personal_data_is_marked():
    assert re.search(r"^`email` \| text \| 👤 ", data_dictionary(), re.MULTILINE)

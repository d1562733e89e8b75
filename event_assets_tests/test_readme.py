"""What the README, the tables' page and the page for contributors say, where a program can check it."""

import re

import pytest

from event_assets.sandbox import Sandbox
from event_assets_tests.conftest import CHECKOUT
from event_assets_tests.running import Reader, Run

CONTRIBUTING = (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8")
TABLES = (CHECKOUT / "docs" / "tables.md").read_text(encoding="utf-8")
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("page", "number"), [(README, 1), (TABLES, 4)], ids=["README", "tables"])
def test_its_queries_find_something_in_the_published_copy(
    page: str, number: int, run: Run, warehouse: Reader, api: Sandbox
):
    run()

    blocks = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    queries = [query for block in blocks for query in block.split(";") if query.strip()]
    assert len(queries) == number
    published = Reader(warehouse.path.with_name("published.duckdb"))
    for query in queries:
        assert published.rows(query), query


def test_the_list_of_summaries_has_a_row_for_each():
    summaries = {path.stem for path in (CHECKOUT / "event_assets" / "models" / "summary").glob("*.sql")}
    listed = TABLES.partition("## Summaries")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \| \w", listed, re.MULTILINE)) == summaries


def test_the_files_to_change_are_there():
    paths = {path for path in re.findall(r"`(event_assets[\w/]*/[\w.]*)`", CONTRIBUTING) if "NAME" not in path}
    assert len(paths) > 5
    assert {path for path in paths if not (CHECKOUT / path).exists()} == set()

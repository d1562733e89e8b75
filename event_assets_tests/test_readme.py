"""What the README and the page for contributors say, where a program can tell."""

import re

import pytest

from event_assets.sandbox import Sandbox
from event_assets_tests.conftest import CHECKOUT
from event_assets_tests.running import Reader, Run

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PAGES = pytest.mark.parametrize("page", [README, CONTRIBUTING], ids=["README", "CONTRIBUTING"])


def test_its_queries_find_something(run: Run, warehouse: Reader, api: Sandbox):
    run()

    block = re.findall(r"```sql\n(.*?)```", README, re.DOTALL)[0]
    queries = [query for query in block.split(";") if query.strip()]
    assert len(queries) == 3
    for query in queries:
        assert warehouse.rows(query), query


@PAGES
def test_its_commands_exist(page: str):
    targets = set(re.findall(r"^([a-z-]+):", (CHECKOUT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"make ([a-z-]+)`", page)) | {"run", "ui"} <= targets


def test_it_names_every_summary():
    summaries = {path.stem for path in (CHECKOUT / "event_assets" / "models" / "summary").glob("*.sql")}
    assert set(re.findall(r"^\| `(\w+)` \| \w", README, re.MULTILINE)) >= summaries


@PAGES
def test_its_files_are_there(page: str):
    for path in re.findall(r"\]\(((?!http)[^)]+)\)", page):
        assert (CHECKOUT / path).is_file(), path


def test_the_files_to_change_are_there():
    paths = {path for path in re.findall(r"`(event_assets[\w/]*/[\w.]*)`", CONTRIBUTING) if "NAME" not in path}
    assert len(paths) > 5
    assert {path for path in paths if not (CHECKOUT / path).exists()} == set()

"""What the README says, where a program can tell."""

import re

from event_assets.sandbox import Sandbox
from event_assets_tests.conftest import CHECKOUT
from event_assets_tests.running import Run, Warehouse

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")


def test_its_queries_find_something(run: Run, warehouse: Warehouse, api: Sandbox):
    run()

    block = re.findall(r"```sql\n(.*?)```", README, re.DOTALL)[0]
    queries = [query for query in block.split(";") if query.strip()]
    assert len(queries) == 3
    for query in queries:
        assert warehouse.rows(query), query


def test_its_commands_exist():
    targets = set(re.findall(r"^([a-z-]+):", (CHECKOUT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"make ([a-z-]+)`", README)) | {"run", "ui"} <= targets


def test_it_names_every_summary():
    summaries = {path.stem for path in (CHECKOUT / "event_assets" / "models" / "summary").glob("*.sql")}
    assert set(re.findall(r"^\| `(\w+)` \| \w", README, re.MULTILINE)) >= summaries


def test_its_files_are_there():
    for path in re.findall(r"\]\(((?!http)[^)]+)\)", README):
        assert (CHECKOUT / path).is_file(), path

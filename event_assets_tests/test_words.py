"""Keeps private vocabulary out of what users read: descriptions, check names, messages and docs."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from event_assets_tests.code_location import shared_definitions
from event_assets_tests.conftest import CHECKOUT

BANNED = {
    r"misfits?": "type mismatch",
    r"recall|ledger|intake|settlement": "the name of the thing: fingerprint, table state, processor, finalize",
    r"forget\w*|forgot\w*": "erase, redact",
    r"told|tells?": "log, report, say",
    r"promises?|promised": "data test, freshness window",
    r"made_of|in the api's tables": "source columns",
    r"received_hash": "raw_record_hash",
    r"in_answer|records_have_keys|values_fit|fields_are_known": "the check's present name",
    r"keep_fresh|follow_the_event|report_what_is_out_of_date": "the sensor's present name",
    r"macros\.written": "macros.blank_to_null",
    r"anew": "again",
    r"somebody's": "personal data",
    r"unasked|right one|whoever|whatever": "plain words",
}
"""What is not written → what is written instead. A word is banned as a whole word, in any case."""
_PATTERN = re.compile("|".join(rf"\b(?:{words})(?!\w)" for words in BANNED), re.IGNORECASE)

ROOMS = (
    "across",
    "assets",
    "automation",
    "cli",
    "export",
    "models",
    "sandbox",
    "settings",
    "site",
    "source",
    "warehouse",
)
"""The packages whose messages are read here."""
PAGES = ("README.md", "CONTRIBUTING.md", *sorted(f"docs/{path.name}" for path in (CHECKOUT / "docs").glob("*.md")))


def banned_words(text: str) -> list[str]:
    return [found[0] for found in _PATTERN.finditer(text)]


def asset_texts() -> Iterator[tuple[str, str]]:
    """What the UI shows of assets, their columns and checks."""
    graph = shared_definitions().resolve_asset_graph()
    for node in graph.asset_nodes:
        name = node.key.to_user_string()
        yield name, node.description or ""
        schema = node.metadata.get("dagster/column_schema")
        for column in schema.columns if isinstance(schema, dg.TableSchema) else ():
            yield f"{name}.{column.name}", f"{column.name} {column.description}"
    for key in graph.asset_check_keys:
        yield f"{key.asset_key.to_user_string()} {key.name}", f"{key.name} {graph.get_check_spec(key).description}"


def automation_texts() -> Iterator[tuple[str, str]]:
    """What the UI shows of sensors, schedules and jobs."""
    repository = shared_definitions().get_repository_def()
    for each in (*repository.sensor_defs, *repository.schedule_defs, *repository.get_all_jobs()):
        yield each.name, f"{each.name} {each.description or ''}"


def messages(path: Path) -> Iterator[tuple[int, str]]:
    """The string literals of a module that have a blank, without those that are a statement: docstrings and notes."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    notes = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in notes
            and " " in node.value
        ):
            yield node.lineno, node.value


@pytest.mark.parametrize("room", ROOMS)
def test_no_banned_word_is_in_a_message(room: str):
    paths = sorted((CHECKOUT / "event_assets" / room).rglob("*.py"))
    assert paths
    found = {
        f"{path.name}:{line}": words for path in paths for line, text in messages(path) if (words := banned_words(text))
    }
    assert found == {}


def test_no_banned_word_is_in_what_the_ui_shows_of_automation():
    texts = list(automation_texts())
    assert len(texts) > 12
    assert {name: words for name, text in texts if (words := banned_words(text))} == {}


def test_no_banned_word_is_in_what_the_ui_shows_of_assets():
    texts = list(asset_texts())
    assert len(texts) > 400
    assert {name: words for name, text in texts if (words := banned_words(text))} == {}


@pytest.mark.parametrize("page", PAGES)
def test_no_banned_word_is_in_the_docs(page: str):
    assert banned_words((CHECKOUT / page).read_text(encoding="utf-8")) == []


def test_banned_words_are_found_and_others_are_not():
    assert banned_words("A Misfit is told; `received_hash` was forgotten.") == [
        "Misfit", "told", "received_hash", "forgotten",
    ]  # fmt: skip
    assert banned_words("Compromised totals, unforgettable retold.") == []


def test_messages_are_found_and_docstrings_are_not(tmp_path: Path):
    module = tmp_path / "module.py"
    module.write_text('"""A docstring."""\nX = f"The run {1} failed."\n"""A note."""\ndef f():\n    """Doc it."""\n')
    assert [text for _, text in messages(module)] == ["The run ", " failed."]

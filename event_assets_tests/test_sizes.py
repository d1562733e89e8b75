"""No file and no function becomes so long that nobody reads it to its end. What imports what is linted."""

import ast
from pathlib import Path

import pytest

from event_assets_tests.conftest import CHECKOUT

MOST_LINES_OF_A_FILE = 300
MOST_LINES_OF_A_FUNCTION = 50
"""Its docstring apart."""

PRODUCT = [path for folder in ("event_assets", "benchmarks") for path in sorted((CHECKOUT / folder).rglob("*.py"))]
FILES = [*PRODUCT, *sorted((CHECKOUT / "event_assets_tests").rglob("*.py"))]


def long_functions(source: str) -> list[str]:
    """The functions that are too long, by name."""
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    return [each.name for each in functions if lines(each) > MOST_LINES_OF_A_FUNCTION]


def lines(function: ast.FunctionDef) -> int:
    has_docstring = ast.get_docstring(function) is not None
    docstring = function.body[0]
    said = (docstring.end_lineno or 0) - docstring.lineno + 1 if has_docstring else 0
    return (function.end_lineno or 0) - function.lineno + 1 - said


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_a_file_is_read_to_its_end(path: Path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES_OF_A_FILE


@pytest.mark.parametrize("path", PRODUCT, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_a_function_is_read_at_a_glance(path: Path):
    assert long_functions(path.read_text(encoding="utf-8")) == []


def test_what_is_too_long_is_found():
    body = "\n".join(["    pass"] * MOST_LINES_OF_A_FUNCTION)
    assert long_functions(f'def long():\n    """Said."""\n{body}\n') == ["long"]
    assert long_functions(f'def short():\n    """Said\n    at length.\n    """\n{body[len("    pass") + 1 :]}\n') == []

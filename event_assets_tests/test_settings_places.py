"""Which paths the warehouse and its copy may have: a file on this machine, and nothing that only looks like one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from event_assets.settings import SettingsError, read_event

PLACES = {
    "DESTINATION__DUCKDB__CREDENTIALS": lambda: read_event().warehouse.file,
    "WAREHOUSE__PUBLISHED": lambda: read_event().warehouse.published_file,
}


@pytest.fixture(params=PLACES)
def place(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[str], Callable[[], Path]]:
    """Set one of the places, and get what reads it."""
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", str(tmp_path / "warehouse.duckdb"))

    def put(value: str) -> Callable[[], Path]:
        monkeypatch.setenv(request.param, value)
        return PLACES[request.param]

    return put


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        ("duckdb:///", "is empty"),
        (":memory:", "is kept nowhere"),
        (":memory:named", "is kept nowhere"),
        ("duckdb:///:memory:", "is kept nowhere"),
        ("md:foo", "is no path of a file"),
        ("motherduck:foo", "is no path of a file"),
        ("ducklake:meta.ducklake", "is no path of a file"),
        ("postgres://host/db", "is no path of a file"),
        ("postgres:dbname=x", "is no path of a file"),
        ("s3://bucket/w.duckdb", "is no path of a file"),
        ("file:///tmp/w.duckdb", "is no path of a file"),
        ("duckdb://w.duckdb", "is no path of a file"),
        ("duckdb:w.duckdb", "is no path of a file"),
        ("duckdb:///md:foo", "is no path of a file"),
        ("data/", "is a folder"),
        ("data/..", "is a folder"),
        (".", "is a folder"),
        ("/", "is a folder"),
        ("{folder}", "is a folder"),
        ("what?x=1.duckdb", r"has a \? in it"),
        ("duckdb:///w.duckdb?access_mode=read_only", r"has a \? in it"),
        ("with?mark/w.duckdb", r"has a \? in it"),
    ],
)
def test_what_is_no_file_is_told(place: Callable[[str], Callable[[], Path]], tmp_path: Path, value: str, why: str):
    read = place(value.replace("{folder}", str(tmp_path)))
    for each in (read, lambda: read_event().check()):
        with pytest.raises(SettingsError, match=rf"`(credentials|published)` in the section \[.*\] .* {why}.*: write"):
            each()


@pytest.mark.parametrize(
    "name", ["w.duckdb", "no suffix", "100%off.db", "o'clock.db", "a#b.db", "./md:foo", "tag 12:30.db", "日本.db"]
)
def test_a_file_may_be_called_anything_else(
    place: Callable[[str], Callable[[], Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
):
    monkeypatch.setattr("event_assets.settings.warehouse.run_folder", lambda: tmp_path / "run")
    assert place(name)() == tmp_path / "run" / name
    assert place(f"duckdb:///{tmp_path}/x/{name}")() == tmp_path / "x" / name

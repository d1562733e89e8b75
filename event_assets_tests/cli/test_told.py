"""What stops a command before it asks for anything: a sentence that says what to do, and nothing is written."""

import socket
from pathlib import Path

import pytest

from event_assets.sandbox import Event, Sandbox
from event_assets_tests.cli.folder import Folder, configuration


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def beginning(folder: Folder) -> set[str]:
    """The names of what there is in the folder."""
    return {path.name for path in folder.path.iterdir()}


@pytest.mark.parametrize("command", ["run", "ui"])
def test_a_setting_that_cannot_be_used(folder: Folder, command: str):
    """One of them: that all are checked is tested where they are read."""
    result = folder.start(command, WAREHOUSE__MEMORY_LIMIT="2G")
    assert result.returncode == 1
    assert result.stderr.startswith("Error: `memory_limit` in the section [warehouse] of .dlt/config.toml is no")
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""
    assert beginning(folder) == {".dlt"}


@pytest.mark.parametrize("command", ["run", "ui"])
def test_a_slip_in_a_configuration_file(folder: Folder, command: str):
    file = folder.path / ".dlt" / "secrets.toml"
    file.write_text("[sources.event_api]\napi_token = abcdef\n")
    result = folder.start(command)
    assert result.returncode == 1
    assert result.stdout == ""
    place = f"Error: {file} cannot be read: line 2, column 13 is no TOML."
    assert result.stderr == f"{place} Texts need quotes, and no name may be set twice.\n"


def test_a_token_that_stands_where_secrets_do_not(folder: Folder):
    (folder.path / ".dlt" / "config.toml").write_text('[sources.event_api]\napi_token = "the-token"\n')
    result = folder.run()
    assert result.returncode == 1
    assert result.stderr == (
        "Error: `api_token` is a secret, and stands in .dlt/config.toml: move it to the section [sources.event_api] of "
        ".dlt/secrets.toml.\n"
    )


def test_a_warehouse_that_is_no_database(folder: Folder, event: Event):
    folder.warehouse.path.parent.mkdir()
    folder.warehouse.path.write_text("no database")
    with Sandbox(event) as api:
        result = folder.run(**configuration(api))
    assert result.returncode == 1
    assert result.stderr.startswith(f"Error: DuckDB cannot open the warehouse {folder.warehouse.path} (IO Error: ")
    assert len(result.stderr.splitlines()) == 1
    assert not api.requests
    assert folder.warehouse.path.read_text() == "no database"


def test_a_port_that_is_taken(folder: Folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = folder.start("ui", "--port", str(port))
    assert result.returncode == 1
    where = f"Error: Cannot serve on 127.0.0.1:{port} (Address already in use): "
    assert result.stderr.startswith(f"{where}if `event-assets ui` runs already")
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""
    assert beginning(folder) == {".dlt"}


@pytest.mark.parametrize("place", ["data", ".dagster_home"])
def test_a_folder_that_cannot_be_made(folder: Folder, event: Event, place: str):
    (folder.path / place).write_text("a file")
    with Sandbox(event) as api:
        result = folder.run(**configuration(api))
    assert result.returncode == 1
    assert result.stderr.startswith(f"Error: {folder.path / place} cannot be used (File exists): let this user write")
    assert len(result.stderr.splitlines()) == 1

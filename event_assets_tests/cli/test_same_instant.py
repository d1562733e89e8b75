"""`make run` beside the daemon, or beside another one, at the same instant: all is built, and not again and again."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from event_assets.cli.home import prepare_dagster_home
from event_assets.cli.run import run_everything
from event_assets.sandbox import Event, Sandbox
from event_assets.settings import read_event
from event_assets_tests.automation.automation_harness import Automation
from event_assets_tests.automation.looking import change
from event_assets_tests.cli.folder import Folder, configuration, row_counts
from event_assets_tests.running import Reader


@pytest.fixture
def daemon(api: Sandbox, warehouse: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Automation]:
    """What the daemon does, on the instance of `make run`, after a first one."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    prepare_dagster_home()
    run_everything()
    with dg.DagsterInstance.get() as instance:
        yield Automation(instance)


@pytest.mark.slow
@pytest.mark.nightly
def test_the_daemon_and_a_command_want_the_same_at_once(daemon: Automation, event: Event):
    assert daemon.tick() == set()
    for number, first in enumerate(("command", "daemon")):
        change(event.content["lectures"], f"Talk {number}")
        daemon.run("raw/lectures")
        requested = daemon.tick()
        assert "published/warehouse" in requested
        if first == "command":
            waiting = daemon.begin_run(*requested)
            run_everything()
            daemon.cancel(waiting)  # in its place, as it goes on
            assert daemon.run(*requested).materialised == requested
        else:
            change(event.content["lectures"], f"Talk {number}, moved")
            daemon.run(*requested)
            run_everything()
        assert daemon.tick() == set(), "nothing is built again and again"
        title = event.content["lectures"][0]["name"]
        assert (
            len(Reader(read_event().warehouse.published_file).rows(f"from summary.agenda where title = '{title}'")) == 1
        )


@pytest.mark.slow
def test_two_commands_at_once(tmp_path: Path, event: Event):
    folder = Folder(tmp_path)

    def begin() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "event_assets", "run"],
            cwd=folder.path, env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    with Sandbox(event) as api:
        settings = folder.environment(**configuration(api))
        for at_once in (2, 1):
            commands = [begin() for _ in range(at_once)]
            told = [command.communicate(timeout=300) for command in commands]
            assert [command.returncode for command in commands] == [0] * len(commands), told
    ((output, _),) = told
    assert "Nothing that the models read has changed" in output, "whichever of both came last has recorded what it saw"
    assert row_counts(Reader(tmp_path / "data" / "published.duckdb"))["summary/agenda"] > 0

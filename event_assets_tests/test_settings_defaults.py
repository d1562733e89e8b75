"""Settings of dlt that protect people hold without any file, and give way to an explicit setting."""

import os
import re
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from event_assets.__main__ import main
from event_assets_tests.conftest import CHECKOUT

PROTECTING = {"telemetry": False, "truncate_staging_dataset": True, "delete_completed_jobs": True, "reports": False}
READ = """
import orjson
from event_assets.settings import read_event
read_event().check()
import dlt
from dlt.common.runtime import anon_tracker
print(orjson.dumps({
    "telemetry": dlt.current.run_context().runtime_config.dlthub_telemetry,
    "truncate_staging_dataset": dlt.config.get("load.truncate_staging_dataset", bool) or False,
    "delete_completed_jobs": dlt.config.get("load.delete_completed_jobs", bool) or False,
    "reports": anon_tracker._ANON_TRACKER_ENDPOINT is not None,
}).decode())
"""


def settings_of_dlt(folder: Path, before: str = "", **settings: str) -> dict[str, bool]:
    """What dlt uses in a process of its own that has read the settings."""
    inherited = {name: value for name, value in os.environ.items() if "__" not in name and "DLT" not in name}
    paths = {"PYTHONPATH": str(CHECKOUT), "DLT_DATA_DIR": str(folder / "dlt")}
    done = subprocess.run(
        [sys.executable, "-c", before + READ], cwd=folder, env=inherited | paths | settings, capture_output=True,
        check=True,
    )  # fmt: skip
    return orjson.loads(done.stdout)


def test_without_a_file_dlt_protects(tmp_path: Path):
    assert settings_of_dlt(tmp_path) == PROTECTING
    assert not list(tmp_path.rglob(".anonymous_id"))


def test_also_where_dlt_was_used_before(tmp_path: Path):
    assert settings_of_dlt(tmp_path, "import dlt\nassert dlt.config.get('runtime.x') is None\n") == PROTECTING


def test_also_after_a_file_has_changed(tmp_path: Path):
    (tmp_path / ".dlt").mkdir()
    change = (
        "from pathlib import Path\nfrom event_assets.settings import read_event\nread_event()\n"
        "Path('.dlt/config.toml').write_text('[event]\\ntimezone = \"Europe/Vienna\"')\n"
        "assert read_event().dates.timezone == 'Europe/Vienna'\n"
    )
    assert settings_of_dlt(tmp_path, change) == PROTECTING


def test_an_explicit_setting_wins(tmp_path: Path):
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt" / "config.toml").write_text(
        "[runtime]\ndlthub_telemetry = true\n[load]\ntruncate_staging_dataset = false\n"
    )
    found = settings_of_dlt(tmp_path, LOAD__DELETE_COMPLETED_JOBS="false")
    assert found == {name: not value for name, value in PROTECTING.items()}


def test_the_file_of_the_checkout_sets_nothing_that_an_installed_package_would_lack():
    lines = (CHECKOUT / ".dlt" / "config.toml").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.strip() and not re.match(r"#|\[[a-z_.]+\]$", line)] == []


@pytest.mark.parametrize(("file", "options"), [("config.toml", []), ("secrets.toml.example", ["--secrets"])])
def test_the_files_of_the_checkout_are_made_from_the_settings(file: str, options: list[str]):
    printed = CliRunner().invoke(main, ["settings", *options])
    assert printed.output == (CHECKOUT / ".dlt" / file).read_text(encoding="utf-8"), "run `make docs`"


def test_what_is_shown_as_a_default_is_one(tmp_path: Path):
    """Every line that is no example, set as it is shown, changes nothing."""
    (tmp_path / ".dlt").mkdir()
    lines = (CHECKOUT / ".dlt" / "config.toml").read_text(encoding="utf-8").splitlines()
    examples = re.compile(r"# (base_url|opens|closes|change_poll_seconds|bucket_url|url) = ")
    shown = [re.sub(r"^# (\w+ = )", r"\1", line) for line in lines if not examples.match(line)]
    (tmp_path / ".dlt" / "config.toml").write_text("\n".join(shown))
    code = "from event_assets.settings import read_event\nprint(read_event())"
    inherited = {name: value for name, value in os.environ.items() if "__" not in name and "DLT" not in name}
    said = [
        subprocess.run(
            [sys.executable, "-c", code], cwd=folder, env=inherited | {"PYTHONPATH": str(CHECKOUT)},
            capture_output=True, check=True, text=True,
        ).stdout.replace(str(folder), "")
        for folder in (tmp_path, tmp_path.parent)
    ]  # fmt: skip
    assert said[0] == said[1]
    assert "daily_sync=datetime.time(4, 0)" in said[0]

"""What a run leaves in Dagster's storage and says holds no mark that was planted in an answer."""

from pathlib import Path

import pytest

from event_assets.cli.home import open_instance, prepare_dagster_home
from event_assets.sandbox import Sandbox
from event_assets_tests.code_location import shared_definitions
from event_assets_tests.running import Reader, Run, RunResult
from event_assets_tests.source.planting import Marks, plant

HOME = "dagster"


def run_at_home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> RunResult:
    """A run as `make run` records it: in the home that the command line prepares."""
    monkeypatch.setenv("DAGSTER_HOME", str(folder / HOME))
    monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", "1000")  # as the command sets it, and only for this test
    prepare_dagster_home()
    with open_instance() as instance:
        return Run(shared_definitions(), instance, printed=True)()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_mark_is_in_what_a_run_leaves_behind(
    api: Sandbox, warehouse: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    """Where personal data is dropped; where it is kept or hashed, see the privacy tests of the command line."""
    plant(api.event, marks := Marks())
    monkeypatch.setenv("SOURCES__EVENT_API__PERSONAL_DATA", "drop")
    result = run_at_home(tmp_path, monkeypatch)
    checks = {asset: found for (asset, check), (_, found) in result.checks.items() if check == "no_undeclared_fields"}
    assert all(found["undeclared_values_left_out"] > 0 for found in checks.values())
    left = {str(path): marks.found(path.read_bytes()) for path in tmp_path.rglob("*") if path.is_file()}
    assert any(path.endswith(".db") for path in left)
    assert {path: places for path, places in left.items() if places} == {}
    assert marks.found("".join(capfd.readouterr())) == set()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_where_data_is_kept_no_name_of_a_field_and_no_address_is_reported(
    api: Sandbox, warehouse: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    marks, content = Marks(), api.event.content
    content["halls"][0][marks.name("a field")] = marks.name("its value")
    content["halls"][0]["name"] = f"Ask {marks.address('a name')}"
    content["lectures"][0]["hall_id"] = marks.address("an identifier")
    api.event.participants[0] |= {"role": marks.address("a role"), "group_id": marks.address("a group")}
    result = run_at_home(tmp_path, monkeypatch)
    assert result.checks["raw/halls", "no_undeclared_fields"] == (False, {"undeclared_columns_with_values": 1})
    assert result.metadata("raw/halls")["undeclared_columns"] == 1
    left = {str(path): marks.found(path.read_bytes()) for path in (tmp_path / HOME).rglob("*") if path.is_file()}
    assert {path: places for path, places in left.items() if places} == {}
    assert marks.found("".join(capfd.readouterr())) == set()

"""What the doctor finds where something is wrong, and that it finds nothing where nothing is."""

import json
import os
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import duckdb
import pytest
import time_machine
from dagster._daemon.types import DaemonHeartbeat

from event_assets.cli.doctor import machine, services, tables
from event_assets.cli.doctor.examination import examine, report
from event_assets.cli.doctor.findings import Finding, Severity, examined
from event_assets.cli.home import open_instance, prepare_dagster_home
from event_assets.cli.run import run_everything
from event_assets.sandbox import Event, Sandbox, faults, generate_event
from event_assets.settings import read_event, read_events
from event_assets_tests.automation.posted import taking_posts
from event_assets_tests.automation.ticks import record_look, switch_on
from event_assets_tests.cli.folder import Folder, configuration
from event_assets_tests.code_location import configured, shared_definitions
from event_assets_tests.running import Reader

OK, NOTE, FAULT = Severity.OK, Severity.NOTE, Severity.FAULT


def now() -> datetime:
    return datetime.now(timezone.utc)


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that a run of everything has filled."""
    folder = tmp_path_factory.mktemp("synced")
    event = generate_event(lectures=6, participants=12, seed=7)
    with configured(event, folder), pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(folder / "home"))
        run_everything()
        yield folder


@pytest.fixture
def home(synced: Path, tmp_path: Path, warehouse: Reader, api: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the run has left, in the configured places, and Dagster's home there."""
    shutil.copytree(synced, tmp_path, dirs_exist_ok=True)
    (tmp_path / "home" / "dagster.yaml").unlink()  # it names the folder
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    return prepare_dagster_home()


def of_dagster() -> dict[str, Finding]:
    """What is found of Dagster, by part."""
    repository = shared_definitions().get_repository_def()
    events = [read_event()]
    found = [*services.dagster(events, repository, now()), *services.syncs(events[0], now())]
    return {each.part: each for each in found}


def test_where_all_is_well_nothing_is_found(home: Path, warehouse: Reader, monkeypatch: pytest.MonkeyPatch):
    with taking_posts(lambda *_: (200, b"")) as address:  # answers GET with an error: no webserver
        monkeypatch.setenv("UI__ADDRESS", address)
        findings = list(examine([read_event()], now()))
    assert [each for each in findings if each.severity is FAULT] == []
    assert {each.part for each in findings} >= {"settings", "packages", "disk", "clock", "warehouse", "syncs"}
    assert [each.part for each in findings].count("api") == 3
    [found] = [each.found for each in findings if each.part == "warehouse"]
    tables = [name for name in warehouse.tables() if name.startswith("raw.") and "_dlt" not in name]
    rows = sum(map(warehouse.count, tables))
    assert found.endswith(f": {len(tables)} raw tables, {rows:,} rows.")


def test_wrong_settings_are_found_and_the_rest_is_examined(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("EVENT__TIMEZONE", "Europe/Viena")
    monkeypatch.setenv("WAREHOUSE__LOCK_WAIT_SECONDS", "-1")
    findings = list(examine([read_event()], now(), offline=True))
    wrong = [each.found for each in findings if each.part == "settings"]
    assert len(wrong) == 2
    assert "Europe/Viena" in wrong[0]
    assert {each.part for each in findings} >= {"packages", "warehouse", "dagster"}
    assert all("Error in" not in each.found for each in findings)


def test_a_rejected_token_is_found_and_not_shown(api: Sandbox, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SOURCES__EVENT_API__API_TOKEN", "a-token-of-yesterday")
    findings = list(tables.api(read_event()))
    assert [each.severity for each in findings] == [FAULT] * 3
    assert all("401" in each.found and "a-token-of-yesterday" not in each.found for each in findings)


def test_an_endpoint_that_is_down_is_found_beside_those_that_answer(api: Sandbox):
    api.fail("partners", faults.status(503))
    severities = {each.found.split()[0]: each.severity for each in tables.api(read_event())}
    assert severities == {"/content": OK, "GET": FAULT, "/participants": OK}


@pytest.mark.parametrize(
    ("ahead", "severity", "said"),
    [(0, OK, "agrees"), (60, NOTE, "seconds ahead of the API's"), (-3600, FAULT, "3,600 seconds behind the API's")],
)
def test_the_clock_is_compared_with_the_api_s(api: Sandbox, ahead: int, severity: Severity, said: str):
    [found] = machine.clock(read_event(), now() + timedelta(seconds=ahead))
    assert found.severity is severity
    assert said.partition(" seconds")[2] in found.found
    assert "authorization" not in {name.lower() for request in api.requests for name in getattr(request, "headers", {})}


def test_packages_outside_the_bounds_are_found(monkeypatch: pytest.MonkeyPatch):
    assert [each.severity for each in machine.packages("duckdb")] == [OK]
    needed = ["duckdb<1", "no-such-package; extra == 'postgres'", "dagster>=1"]
    monkeypatch.setattr(machine, "requires", lambda _: needed)
    [found] = machine.packages("duckdb")
    assert found.severity is FAULT
    assert f"duckdb {duckdb.__version__}, not <1." in found.found
    [found] = machine.packages("postgres")
    assert "no-such-package is not installed" in found.found


def test_a_disk_that_is_nearly_full_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "data" / "warehouse.duckdb"
    assert {each.severity for each in machine.disk([file.parent], [file])} == {OK}
    monkeypatch.setattr(machine, "SPARE_BYTES", 10**18)
    found = next(iter(machine.disk([file.parent], [file])))
    assert found.severity is FAULT
    assert "a sync may need 1000000000.0 GB" in found.found


def test_a_warehouse_that_is_missing_open_elsewhere_or_damaged_is_found(
    home: Path, warehouse: Reader, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(tables, "BUSY_SECONDS", 0.1)
    lock = machine.Path(f"{warehouse.path}.lock")
    import filelock

    with filelock.FileLock(str(lock)):
        [found] = tables.warehouse(read_event(), now())
    assert found.severity is NOTE
    assert "is in use" in found.found
    warehouse.path.write_text("no database")
    [found] = tables.warehouse(read_event(), now())
    assert found.severity is FAULT
    warehouse.path.unlink()
    [found] = tables.warehouse(read_event(), now())
    assert (found.severity, found.advice) == (NOTE, "Sync once: `event-assets run`.")


def test_tables_that_are_too_old_are_found(home: Path):
    assert of_dagster()["syncs"].severity is OK
    with time_machine.travel(now() + timedelta(hours=30)):
        found = of_dagster()["syncs"]
    assert found.severity is FAULT
    assert "raw/participants" not in found.found
    assert "raw.participants" in found.found
    assert found.found.endswith("30 hours ago.")


def test_a_daemon_that_gives_no_sign_is_found(home: Path):
    assert of_dagster()["daemon"].severity is NOTE
    with open_instance() as instance:
        for name in instance.get_required_daemon_types():
            instance.add_daemon_heartbeat(DaemonHeartbeat(now().timestamp(), name, "one", []))
    assert of_dagster()["daemon"].severity is OK
    with time_machine.travel(now() + timedelta(minutes=45)):
        found = of_dagster()["daemon"]
    assert found.severity is FAULT
    assert "has given no sign for 45 minutes" in found.found


def test_a_sensor_that_fails_is_found_without_what_it_quotes(home: Path):
    with open_instance() as instance:
        state = switch_on(instance, "sync_what_changed", now().timestamp())
        assert of_dagster()["sensors"].severity is OK
        for _ in range(2):
            record_look(instance, state, now().timestamp(), fails=True)
    found = of_dagster()["sensors"]
    assert found.severity is FAULT
    assert found.found.startswith("sync_what_changed fails at each look (ValueError).")
    assert "example.com" not in found.found


def test_a_failed_run_is_found_for_a_day(home: Path):
    assert of_dagster()["runs"].severity is OK
    with open_instance() as instance:
        run = instance.create_run_for_job(shared_definitions().resolve_job_def("sync_content"))
        instance.report_run_failed(run)
    found = of_dagster()["runs"]
    assert found.severity is NOTE
    assert run.run_id[:8] in found.advice
    with time_machine.travel(now() + timedelta(days=2)):
        assert of_dagster()["runs"].severity is OK


def test_damaged_records_are_found(home: Path):
    (home / "history" / "runs.db").write_text("no database at all\n" * 500)
    found = of_dagster()["dagster"]
    assert found.severity is FAULT
    assert "is damaged" in found.found


def test_a_webserver_is_looked_for(monkeypatch: pytest.MonkeyPatch):
    from http.server import BaseHTTPRequestHandler, HTTPServer
    from threading import Thread

    class Webserver(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"dagster_webserver_version": "1.2.3"}).encode()
            self.send_response(200 if self.path == "/server_info" else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Webserver) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        monkeypatch.setenv("UI__ADDRESS", f"http://127.0.0.1:{server.server_port}")
        [found] = services.webserver(read_event())
        assert (found.severity, "Dagster 1.2.3 answers" in found.found) == (OK, True)
        server.shutdown()
    [found] = services.webserver(read_event())
    assert (found.severity, "ConnectionError" in found.found) == (NOTE, True)


def test_a_home_that_is_mounted_configuration_is_left_alone(
    tmp_path: Path, warehouse: Reader, api: Sandbox, monkeypatch: pytest.MonkeyPatch
):
    """As under compose, where Dagster's records are on PostgreSQL and the image cannot be written."""
    mounted, access = tmp_path / "mounted", os.access
    monkeypatch.setenv("DAGSTER_HOME", str(mounted))
    mounted.mkdir()
    (mounted / "dagster.yaml").write_text(f"storage: {{sqlite: {{base_dir: {tmp_path / 'records'}}}}}")
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != mounted and access(path, mode))
    report(offline=True, as_json=False, alert=True)
    assert not (mounted / "doctor.json").exists()
    assert (warehouse.path.parent / "doctor.json").exists()
    assert {each.severity for each in examine(read_events(), now(), offline=True) if each.part == "disk"} == {OK}
    (mounted / "history").mkdir()
    (mounted / "history" / "runs.db").touch()  # its records are there
    assert any(each.part == "disk" and each.severity is FAULT for each in examine(read_events(), now(), offline=True))


def test_a_part_that_cannot_be_examined_hides_no_other_and_quotes_nothing():
    def fail() -> Iterator[Finding]:
        raise KeyError("somebody@example.com")
        yield

    [found] = examined("part", fail)
    assert found.severity is FAULT
    assert found.found.startswith("It could not be examined: KeyError in test_doctor.py:")
    assert "somebody" not in found.found


def test_the_command_ends_with_1_and_alerts_once(tmp_path: Path, event: Event):
    folder, posted = Folder(tmp_path), list[str]()

    def take(_: str, body: bytes) -> tuple[int, bytes]:
        posted.append(json.loads(body)["text"])
        return 200, b""

    with Sandbox(event) as api, taking_posts(take) as webhook:
        settings = configuration(api) | {"ALERTS__WEBHOOK_URL": webhook}
        wrong = settings | {"SOURCES__EVENT_API__API_TOKEN": "wrong-token"}
        first = folder.start("doctor", "--alert", **wrong)
        again = folder.start("doctor", "--alert", "--json", **wrong)
        mended = folder.start("doctor", "--alert", **settings)
    assert [first.returncode, again.returncode, mended.returncode] == [1, 1, 0], first.stderr
    assert first.stdout.count("FAULT  api ") == 3
    report = json.loads(again.stdout)
    assert report["ok"] is False
    assert [each["part"] for each in report["findings"] if each["severity"] == "fault"] == ["api"] * 3
    assert mended.stdout.endswith("No fault.\n")
    assert [text.splitlines()[0] for text in posted] == [
        "🔴 The doctor has found faults", "🟢 Over: the doctor has found faults (api)",
    ]  # fmt: skip
    assert "wrong-token" not in "".join([first.stdout, first.stderr, again.stdout, *posted])


def test_of_several_events_each_finding_says_whose_it_is(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("EVENTS__NAMES", '["graz2026", "past"]')
    monkeypatch.setenv("EVENTS__PAST__ARCHIVE", "true")
    monkeypatch.setenv("EVENTS__GRAZ2026__TIMEZONE", "Europe/Graz")
    for name in ("GRAZ2026", "PAST"):
        place = str(tmp_path / name.lower() / "warehouse.duckdb")
        monkeypatch.setenv(f"EVENTS__{name}__DESTINATION__DUCKDB__CREDENTIALS", place)
    findings = list(examine(read_events(), now(), offline=True))
    faults = {each.part: each.found for each in findings if each.severity is FAULT}
    assert {*faults} == {"graz2026 settings", "graz2026 syncs"}
    assert "Europe/Graz" in faults["graz2026 settings"]
    parts = {each.part for each in findings}
    assert parts >= {"event settings", "event warehouse", "event syncs", "past warehouse", "packages", "disk"}
    assert "past syncs" not in parts, "nothing of an archive is synced"

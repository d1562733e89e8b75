"""The run server and the launcher that asks it, with small jobs in the place of the project's."""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster import DefaultRunLauncher
from dagster._core.launcher import LaunchRunContext
from dagster._grpc.types import ExecuteRunArgs
from dagster._serdes import serialize_value

from event_assets.cli import launcher, run_server
from event_assets.cli.forked import Fork
from event_assets.cli.launcher import RUN_SERVER_TAG, RunLauncher
from event_assets.cli.run_server import address, ask, start_run_server
from event_assets_tests.cli.test_supervisor import wait_until

IMPORTED = os.getpid()
"""The process that has imported this module: that of the tests, for a run that is a fork."""


@dg.op(config_schema={"seconds": float})
def work(context: dg.OpExecutionContext) -> None:
    context.log.info(f"imported by {IMPORTED}")
    time.sleep(context.op_config["seconds"])


@dg.job(executor_def=dg.in_process_executor)
def works() -> None:
    work()


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    with dg.DagsterInstance.from_config(str(tmp_path / "home")) as instance:
        yield instance


class CodeServer:
    """A process that has a run server and does nothing else."""

    def __init__(self, path: Path, is_current: Callable[[], bool] = lambda: True):
        self.runs = address(path)

        def serve() -> None:
            start_run_server(path, is_current)
            time.sleep(60)

        self.process = Fork(serve, "of a test")
        wait_until(self.runs.exists)

    def start(self, instance: dg.DagsterInstance, seconds: float = 0.0) -> str:
        run = new_run(instance, seconds)
        assert run.job_code_origin
        arguments = serialize_value(ExecuteRunArgs(run.job_code_origin, run.run_id, instance.get_ref()))
        assert ask(self.runs, {"start": arguments})
        return run.run_id


def new_run(instance: dg.DagsterInstance, seconds: float = 0.0) -> dg.DagsterRun:
    run = instance.create_run_for_job(
        works,
        run_config={"ops": {"work": {"config": {"seconds": seconds}}}},
        status=dg.DagsterRunStatus.STARTING,
        job_code_origin=dg.reconstructable(works).get_python_origin(),
    )
    found = instance.get_run_by_id(run.run_id)
    assert found
    return found


@pytest.fixture
def server(tmp_path: Path) -> Iterator[CodeServer]:
    server = CodeServer(tmp_path / "code.1")
    yield server
    server.process.kill()
    server.process.wait()


def status(instance: dg.DagsterInstance, run_id: str) -> str:
    run = instance.get_run_by_id(run_id)
    assert run
    return run.status.value


def messages(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    return [record.event_log_entry.message for record in instance.get_records_for_run(run_id).records]


def pid(instance: dg.DagsterInstance, run_id: str) -> int:
    """The process of a run, once its step has begun."""
    wait_until(lambda: any("imported by" in message for message in messages(instance, run_id)))
    started = next(text for text in messages(instance, run_id) if text.startswith("Started process for run"))
    return int(started.removeprefix("Started process for run (pid: ").removesuffix(")."))


def test_a_run_is_a_fork_that_imports_nothing(server: CodeServer, instance: dg.DagsterInstance):
    run_ids = [server.start(instance), server.start(instance)]
    for run_id in run_ids:
        wait_until(lambda run_id=run_id: status(instance, run_id) == "SUCCESS")
        assert f"imported by {os.getpid()}" in messages(instance, run_id)
    assert len({pid(instance, run_id) for run_id in run_ids} - {os.getpid(), server.process.pid}) == 2


def test_where_settings_have_changed_a_run_is_started_anew(
    tmp_path: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
):
    replaced = tmp_path / "replaced"
    monkeypatch.setattr(run_server, "_replace_by", lambda command: replaced.write_text(" ".join(command[:3])))
    server = CodeServer(tmp_path / "code.1", is_current=lambda: not replaced.with_name("changed").exists())
    run_id = server.start(instance)
    wait_until(lambda: status(instance, run_id) == "SUCCESS")
    assert not replaced.exists()
    replaced.with_name("changed").touch()
    server.start(instance)
    wait_until(replaced.exists)
    assert replaced.read_text() == "dagster api execute_run"
    server.process.kill()
    server.process.wait()


def test_a_run_is_interrupted(server: CodeServer, instance: dg.DagsterInstance):
    run_id = server.start(instance, seconds=60)
    pid(instance, run_id)
    assert ask(server.runs, {"cancel": run_id})
    wait_until(lambda: status(instance, run_id) == "FAILURE")
    assert any("interrupted unexpectedly" in message for message in messages(instance, run_id))
    wait_until(lambda: not ask(server.runs, {"cancel": run_id}))


def test_a_killed_run_is_reported_as_failed_at_once(server: CodeServer, instance: dg.DagsterInstance):
    run_id = server.start(instance, seconds=60)
    os.kill(pid(instance, run_id), signal.SIGKILL)
    wait_until(lambda: status(instance, run_id) == "FAILURE")
    assert "The process of this run was killed by signal 9 before the run was over." in messages(instance, run_id)


@pytest.mark.parametrize("end", ["kill", "interrupt"])
def test_runs_outlive_the_code_server_and_the_run_server_does_so_as_long(
    end: str, server: CodeServer, instance: dg.DagsterInstance
):
    run_id = server.start(instance, seconds=60)
    pid(instance, run_id)
    os.kill(server.process.pid, signal.SIGKILL if end == "kill" else signal.SIGINT)
    server.process.wait()
    assert status(instance, run_id) == "STARTED"
    assert ask(server.runs, {"cancel": run_id}), "who has started it can still interrupt it"
    wait_until(lambda: status(instance, run_id) == "FAILURE")
    wait_until(lambda: gone(server.runs))


def gone(runs: Path) -> bool:
    try:
        return not ask(runs, {"cancel": "none"})
    except ConnectionError:
        return True


def test_who_asks_nothing_of_sense_is_told_nothing_and_harms_nobody(server: CodeServer, instance: dg.DagsterInstance):
    for question in (b"", b"{\n", b"[]\n", b'{"other": 1}\n'):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(server.runs))
            connection.sendall(question)
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(1) != b"+"
    run_id = server.start(instance)
    wait_until(lambda: status(instance, run_id) == "SUCCESS")


@pytest.fixture
def launched(instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The launcher, and what Dagster's own was asked for."""
    asked: dict[str, Any] = {"launched": [], "terminated": [], "launcher": RunLauncher()}
    asked["launcher"].register_instance(instance)
    monkeypatch.setattr(
        DefaultRunLauncher, "launch_run", lambda _, context: asked["launched"].append(context.dagster_run.run_id)
    )
    monkeypatch.setattr(DefaultRunLauncher, "terminate", lambda _, run_id: not asked["terminated"].append(run_id))
    return asked


def test_the_launcher_asks_the_run_server(
    server: CodeServer, instance: dg.DagsterInstance, launched: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(launcher, "_run_server", lambda _: server.runs)
    run = new_run(instance, seconds=60)
    launched["launcher"].launch_run(LaunchRunContext(run, None))
    pid(instance, run.run_id)
    found = instance.get_run_by_id(run.run_id)
    assert found
    assert found.tags[RUN_SERVER_TAG] == str(server.runs)
    assert launched["launcher"].terminate(run.run_id)
    wait_until(lambda: status(instance, run.run_id) == "CANCELED")
    assert launched["launched"] == launched["terminated"] == []


def test_where_there_is_no_run_server_dagsters_own_launcher_does_it(
    tmp_path: Path, instance: dg.DagsterInstance, launched: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    runs = [new_run(instance), new_run(instance)]
    launched["launcher"].launch_run(LaunchRunContext(runs[0], None))
    monkeypatch.setattr(launcher, "_run_server", lambda _: tmp_path / "nothing")  # it ends as it is asked
    launched["launcher"].launch_run(LaunchRunContext(runs[1], None))
    assert launched["launched"] == [run.run_id for run in runs]
    assert launched["launcher"].terminate(runs[0].run_id)
    assert launched["terminated"] == [runs[0].run_id]


def test_a_run_whose_server_is_gone_cannot_be_interrupted_and_says_so(
    tmp_path: Path, instance: dg.DagsterInstance, launched: dict[str, Any]
):
    run = new_run(instance)
    instance.add_run_tags(run.run_id, {RUN_SERVER_TAG: str(tmp_path / "nothing")})
    assert not launched["launcher"].terminate(run.run_id)
    assert any("could not be interrupted" in message for message in messages(instance, run.run_id))
    assert launched["terminated"] == []

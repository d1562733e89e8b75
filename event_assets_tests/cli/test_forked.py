"""Forks of the supervisor, and the code server that a reload replaces, tried with small functions in their place."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from inspect import signature
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dagster._daemon import controller
from dagster._grpc import server_watcher
from dagster._grpc.client import DagsterGrpcClient

from event_assets.cli import code_server, services, supervisor
from event_assets.cli.child import GRACE
from event_assets.cli.code_server import CodeServer
from event_assets.cli.forked import Fork, ForkedService
from event_assets.cli.supervisor import Supervisor
from event_assets_tests.cli.test_supervisor import Looking, running, wait_until


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "INTERVAL", 0.05)
    monkeypatch.setattr(supervisor, "SHORTEST_LIFE", 0.2)


def sleep() -> None:
    time.sleep(60)


def fail() -> None:
    raise ValueError("of the test")


@pytest.mark.parametrize(
    ("body", "code"), [(lambda: None, 0), (lambda: sys.exit(3), 3), (lambda: sys.exit("said"), 1), (fail, 1)]
)
def test_a_fork_ends_as_its_function_does(body: Callable[[], None], code: int):
    fork = Fork(body, "of a test")
    assert fork.wait() == code
    assert fork.poll() == code


def test_a_killed_fork_tells_the_signal():
    fork = Fork(sleep, "of a test")
    assert fork.poll() is None
    fork.kill()
    assert fork.wait() == -signal.SIGKILL


def test_a_fork_has_a_name_and_does_not_handle_signals_as_the_supervisor_does(tmp_path: Path):
    seen = tmp_path / "seen"

    def look() -> None:
        seen.write_text(f"{Path('/proc/self/comm').read_text().strip()} {signal.getsignal(signal.SIGTERM)!r}")

    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        assert Fork(look, "daemon").wait() == 0
    finally:
        signal.signal(signal.SIGTERM, before)
    assert seen.read_text() == f"daemon {signal.SIG_DFL!r}"


def test_forks_end_when_their_parent_is_killed():
    """Also where one holds what another has inherited."""
    program = (
        "import time\n"
        "from event_assets.cli.forked import Fork\n"
        "forks = [Fork(lambda: time.sleep(60), f'fork {n}') for n in range(3)]\n"
        "print(*(fork.pid for fork in forks), flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 3
        parent.kill()
    wait_until(lambda: not any(map(supervisor._is_alive, pids)))


def test_a_call_that_did_not_see_the_interrupt_is_woken():
    """The race of a signal with a call that begins: here the main thread lets another one receive the signal."""
    program = (
        "import signal, time\n"
        "from event_assets.cli.child import end_with_parent\n"
        "end_with_parent()\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)\n"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=pipe, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    ) as child:
        assert child.stdout
        assert child.stdout.readline() == "ready\n"
        _, errors = child.communicate(timeout=GRACE - 2)
    assert "KeyboardInterrupt" in errors
    assert child.returncode in (-signal.SIGINT, 128 + signal.SIGINT)


def test_a_forked_service_is_started_again(capsys: pytest.CaptureFixture[str]):
    service = ForkedService("daemon", sleep)
    killed: list[int] = []

    def kill() -> bool:
        process = service._process
        if service.age > 0.3 and process and process.poll() is None:
            killed.append(process.pid)
            os.kill(process.pid, signal.SIGKILL)
        return bool(killed)

    Supervisor([service], Looking(kill, lambda: running(service) not in (0, killed[0]))).run()
    assert capsys.readouterr().err == "The daemon was killed by signal 9: it is started again.\n"
    assert service.has_ended()


def serve(socket: Path, link: Path, to_supervisor: int) -> None:
    """Say that it answers; ask for a reload where there is a file that says so, and end once that has come about."""
    number = socket.suffix
    while True:
        os.write(to_supervisor, b".")
        if (ask := link.with_name(f"reload{number}")).exists():
            ask.unlink()
            os.write(to_supervisor, b"r")
        if (link.exists() or link.is_symlink()) and os.readlink(link) != socket.name and number == ".1":
            return
        if (mute := link.with_name(f"mute{number}")).exists():
            mute.unlink()
            time.sleep(60)
        time.sleep(0.02)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CodeServer:
    monkeypatch.setattr(code_server, "_serve", serve)
    monkeypatch.setattr(code_server, "SILENT_SECONDS", 0.5)
    return CodeServer(tmp_path / "code")


def points_at(folder: Path, number: int) -> bool:
    link = folder / "code"
    return link.is_symlink() and os.readlink(link) == f"code.{number}"


def test_a_reload_puts_another_server_in_place(server: CodeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    first: list[int] = []

    def ask() -> bool:
        if not points_at(tmp_path, 1):
            return False
        first.append(running(server))
        (tmp_path / "reload.1").touch()
        return True

    Supervisor(
        [server],
        Looking(ask, lambda: points_at(tmp_path, 2), lambda: not supervisor._is_alive(first[0])),
    ).run()
    assert capsys.readouterr().err == ""
    assert server.has_ended()


def test_a_server_that_says_nothing_any_more_is_replaced(
    server: CodeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    def mute() -> bool:
        if not points_at(tmp_path, 1):
            return False
        (tmp_path / "mute.1").touch()
        return True

    Supervisor([server], Looking(mute, lambda: points_at(tmp_path, 2))).run()
    assert capsys.readouterr().err == "The code server gives no answer: it is started again.\n"


def test_where_the_new_server_dies_the_old_one_stays(
    server: CodeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def serve_or_die(socket: Path, link: Path, to_supervisor: int) -> None:
        if socket.suffix == ".2":
            sys.exit(1)
        serve(socket, link, to_supervisor)

    monkeypatch.setattr(code_server, "_serve", serve_or_die)
    said: list[str] = []

    def ask() -> bool:
        if not points_at(tmp_path, 1):
            return False
        (tmp_path / "reload.1").touch()
        return True

    def told() -> bool:
        said.append(capsys.readouterr().err)
        return any(said)

    Supervisor([server], Looking(ask, told, lambda: points_at(tmp_path, 1) and bool(running(server)))).run()
    assert "".join(said) == "The definitions could not be reloaded: those from before stay in use.\n"


@pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")
def test_what_is_imported_before_the_forks_starts_no_thread():
    """A fork has none of the threads, and all of the locks that they hold."""
    program = (
        "import os, sys\n"
        "from event_assets.cli.forked import preload\n"
        "from event_assets.cli.services import COMMANDS, MODULES\n"
        "preload(COMMANDS, MODULES)\n"
        "heavy = {'dlt', 'duckdb', 'pyarrow', 'faker'} & sys.modules.keys()\n"
        "print(len(os.listdir('/proc/self/task')), *heavy)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120
    ).stdout
    assert said.split() == ["1"], "one thread, and nothing that only the code server needs"


@pytest.fixture
def _less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a service's process does before it starts, for the length of a test."""
    monkeypatch.setattr(server_watcher, "WATCH_INTERVAL", server_watcher.WATCH_INTERVAL)
    monkeypatch.setattr(controller, "RELOAD_WORKSPACE_INTERVAL", controller.RELOAD_WORKSPACE_INTERVAL)
    services.ask_code_server_less_often()


@pytest.mark.usefixtures("_less_often")
def test_the_watch_of_the_code_server_waits_as_long_as_is_set(monkeypatch: pytest.MonkeyPatch):
    """Dagster's thread that watches takes what stands in its module: if that changes, it asks once a second again."""
    client, waited = DagsterGrpcClient(port=1), []
    monkeypatch.setattr(client, "get_server_id", lambda **_: "the same")
    create: Any = server_watcher.create_grpc_watch_thread
    # Which calls it makes where differs from release to release: none of them comes here.
    calls = [name for name in signature(create).parameters if name.startswith(("on_", "get_", "refresh_"))]
    shutdown, thread = create("here", client, **dict.fromkeys(calls, lambda *_: None))

    def wait(seconds: float) -> bool:
        waited.append(seconds)
        shutdown.set()
        return True

    monkeypatch.setattr(shutdown, "wait", wait)
    thread.run()
    assert waited == [services.WATCH_SECONDS]


@pytest.mark.usefixtures("_less_often")
def test_the_daemon_reads_the_same_definitions_as_seldom_as_is_set():
    """Before it gives up, because nothing was read for so long, it has to try it more than once."""
    read = []
    daemon: Any = SimpleNamespace(
        _grpc_server_registry=None, _workspace_process_context=SimpleNamespace(refresh_workspace=lambda: read.append(1))
    )
    for seconds, times in ((services.RELOAD_SECONDS - 5, 0), (services.RELOAD_SECONDS + 1, 1)):
        controller.DagsterDaemonController.check_workspace_freshness(daemon, time.time() - seconds)
        assert len(read) == times
    tries = (
        controller.DEFAULT_WORKSPACE_FRESHNESS_TOLERANCE - services.RELOAD_SECONDS
    ) / controller.THREAD_CHECK_INTERVAL
    assert tries >= 5

"""What keeps Dagster's processes running, tried with small programs in their place."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from event_assets.cli import supervisor
from event_assets.cli.supervisor import Service, Supervisor

SLEEP = ["sleep", "60"]
DEAF = ["sh", "-c", "trap '' INT TERM; while true; do sleep 1; done"]


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "INTERVAL", 0.05)
    monkeypatch.setattr(supervisor, "SHORTEST_LIFE", 0.2)


class Looking:
    """Does one thing after another, each as soon as it can be done, and then asks for the end."""

    def __init__(self, *acts: Callable[[], bool]):
        self.acts = list(acts)

    def __call__(self) -> None:
        if not self.acts:
            os.kill(os.getpid(), signal.SIGTERM)
        elif self.acts[0]():
            del self.acts[0]


def wait_until(found: Callable[[], bool]) -> None:
    """Wait, a few seconds at most: the system takes its time to bury the dead."""
    deadline = time.monotonic() + 10
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def running(service: Service) -> int:
    """The process id of a service; 0 where it does not run."""
    process = service._process
    return process.pid if process and process.poll() is None else 0


def test_all_run_until_a_signal_and_nothing_is_left():
    services = [Service("first", SLEEP), Service("second", SLEEP)]
    before = signal.getsignal(signal.SIGTERM)  # Dagster sets one of its own where a test has used it
    Supervisor(services, Looking(lambda: all(map(running, services)))).run()
    assert [service.has_ended() for service in services] == [True, True]
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_next_is_started_once_the_one_before_answers(tmp_path: Path):
    sign = tmp_path / "ready"
    first, second = Service("first", SLEEP, sign.exists), Service("second", SLEEP)
    seen = []

    def note() -> bool:
        seen.append((sign.exists(), bool(running(second))))
        if len(seen) == 3:
            sign.touch()
        return bool(running(second))

    Supervisor([first, second], Looking(note)).run()
    assert seen[:3] == [(False, False)] * 3


def test_one_that_dies_is_started_again_and_told(capsys: pytest.CaptureFixture[str]):
    service = Service("daemon", SLEEP)
    killed: list[int] = []

    def kill() -> bool:
        if service.age > 0.3 and (pid := running(service)):
            killed.append(pid)
            os.kill(pid, signal.SIGKILL)
        return bool(killed)

    Supervisor([service], Looking(kill, lambda: running(service) not in (0, killed[0]))).run()
    assert capsys.readouterr().err == "The daemon was killed by signal 9: it is started again.\n"
    assert service.has_ended()


def test_one_that_no_longer_answers_is_started_again(capsys: pytest.CaptureFixture[str]):
    answers: list[bool] = []
    service = Service("code server", SLEEP, lambda: answers[-1])
    first: list[int] = []

    def fall_silent() -> bool:
        answers.append(service.age < 0.3)
        first.extend({running(service)} - {0} if not first else ())
        return running(service) not in (0, first[0])

    def recover() -> bool:
        answers.append(True)
        return service.is_ready

    Supervisor([service], Looking(fall_silent, recover)).run()
    assert capsys.readouterr().err == "The code server gives no answer: it is started again.\n"


@pytest.mark.parametrize(
    ("command", "how"), [(["false"], "ended with status 1"), (["sh", "-c", "kill -9 $$"], "was killed by signal 9")]
)
def test_one_that_dies_at_its_start_ends_all(command: list[str], how: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(supervisor, "SHORTEST_LIFE", 30)
    other = Service("code server", SLEEP)
    with pytest.raises(click.ClickException) as told:
        Supervisor([other, Service("webserver", command)], lambda: None).run()
    assert told.value.message.startswith(f"The webserver {how}, 0 seconds after its start: what it said stands above.")
    assert other.has_ended()


def test_one_that_never_answers_ends_all(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(supervisor, "STARTUP", 0.3)
    service = Service("code server", SLEEP, lambda: False)
    with pytest.raises(click.ClickException, match=r"The code server did not answer within 0.3 seconds"):
        Supervisor([service], lambda: None).run()
    assert service.has_ended()


def test_what_is_found_outside_ends_all():
    service = Service("daemon", SLEEP)

    def look() -> None:
        if running(service):
            raise click.ClickException("the folder is gone")

    with pytest.raises(click.ClickException, match="the folder is gone"):
        Supervisor([service], look).run()
    assert service.has_ended()


def test_one_that_does_not_end_is_killed_with_all_it_has_started(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(supervisor, "GRACE", 0.5)
    service = Service("webserver", DEAF)
    Supervisor([service], Looking(lambda: service.age > 0.3 and bool(running(service)))).run()
    wait_until(service.has_ended)


def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path):
    """Also where its interrupt is ignored, as a shell's `&` has it."""
    parent = (
        "import os, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "command = [sys.executable, '-m', 'event_assets.cli.child', 'event-assets-sandbox-of-test']\n"
        "child = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    # A console script of an installed package, as the child looks for one.
    (tmp_path / "of_test.py").write_text("import time\ndef main():\n    print('up', flush=True)\n    time.sleep(60)\n")
    package = tmp_path / "of_test-1.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: of-test\nVersion: 1\n")
    (package / "entry_points.txt").write_text("[console_scripts]\nevent-assets-sandbox-of-test = of_test:main\n")
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])])
    with subprocess.Popen(
        [sys.executable, "-c", parent], env=os.environ | {"PYTHONPATH": path}, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        pid = int(process.stdout.readline())
        assert process.stdout.readline() == "up\n"
        process.kill()
        process.wait()
        assert process.stdout.read() == "", "the pipe ends with the child"
    wait_until(lambda: not supervisor._is_alive(pid))

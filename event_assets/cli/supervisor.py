"""Keeps processes running that need one another, and ends them together."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol

import click

from event_assets.cli.child import GRACE

SHORTEST_LIFE = 30
"""Seconds. What ends sooner after its start would do so again and again: it is not started again."""
SILENCE = 3
"""How many checks in a row a process may fail."""
STARTUP = 180
"""Seconds for a process to pass its first check."""
INTERVAL = 2.0
"""Seconds from one look at the processes to the next."""


@cache
def pipe_of_children() -> tuple[int, int]:
    """Return the pipe that is the standard input of all children, as the two ends of ``os.pipe``.

    Nobody but this process can write to it, so it ends when this process does.
    """
    return os.pipe()


class Process(Protocol):
    """A child process, as ``subprocess.Popen`` has it."""

    pid: int

    def poll(self) -> int | None:
        """Return how it has ended, with the number of a signal negative; None while it runs."""

    def wait(self) -> int:
        """Wait for its end, and return how that was."""
        ...

    def kill(self) -> None:
        """End it at once."""


@dataclass
class Service:
    """A process that is started again when it dies.

    Attributes:
        name: What messages call it.
        command: The program with its arguments. Its standard input is a pipe that ends with the supervisor.
        answers: Whether it does its work, where there is more to ask than whether the process is there. It must return
            within some ten seconds.
    """

    name: str
    command: Sequence[str]
    answers: Callable[[], bool] | None = None
    _process: Process | None = None
    _groups: set[int] = field(default_factory=set)
    _started: float = 0
    _failed_checks: int = 0
    _is_ready: bool = False

    def start(self) -> None:
        """Start it, in a process group of its own: Ctrl-C must reach it by way of the supervisor alone."""
        self._process = self._launch()
        self._groups.add(self._process.pid)
        self._started, self._failed_checks, self._is_ready = time.monotonic(), 0, self.answers is None

    def _launch(self) -> Process:
        return subprocess.Popen(self.command, stdin=pipe_of_children()[0], start_new_session=True)  # noqa: S603

    @property
    def is_ready(self) -> bool:
        """Whether it has passed its first check since it was started."""
        return self._is_ready

    @property
    def age(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self._started

    def trouble(self) -> str | None:
        """Return what is wrong with it, as the end of a sentence; None if nothing is."""
        if self._process is None:
            return None
        if (code := self._process.poll()) is not None:
            return f"was killed by signal {-code}" if code < 0 else f"ended with status {code}"
        if self.answers is None or self.answers():
            self._failed_checks, self._is_ready = 0, True
            return None
        if not self._is_ready:
            return f"did not answer within {STARTUP} seconds" if self.age > STARTUP else None
        self._failed_checks += 1
        return "gives no answer" if self._failed_checks >= SILENCE else None

    def has_worked(self) -> bool:
        """Whether it worked for so long that it is worth starting again."""
        return self._is_ready and self.age >= SHORTEST_LIFE

    def restart(self) -> None:
        """Start it again. What the old process has started goes on: a run need not end with it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._groups = {group for group in self._groups if _is_alive(group)}
        self.start()

    def interrupt(self) -> None:
        """Ask it, and all that it has started, to end."""
        self._signal(signal.SIGINT)

    def kill(self) -> None:
        """End it, and all that it has started, at once."""
        self._signal(signal.SIGKILL)

    def has_ended(self) -> bool:
        """Whether nothing of it is left."""
        if self._process is not None:
            self._process.poll()
        for group in self._groups:
            with suppress(ChildProcessError):  # where this is process 1, as in a container, orphans are its children
                while os.waitpid(-group, os.WNOHANG)[0]:
                    pass
        return not any(map(_is_alive, self._groups))

    def _signal(self, number: int) -> None:
        for group in filter(_is_alive, self._groups):
            with suppress(ProcessLookupError):
                os.killpg(group, number)


class Supervisor:
    """Starts services in order, each once the one before is ready, and sees to it that they go on."""

    def __init__(self, services: Sequence[Service], look: Callable[[], None]) -> None:
        """Take the services.

        Args:
            services: The first, which the others need, is ended last.
            look: Called all the time; raises an exception if everything must end.
        """
        self._services = services
        self._look = look
        self._signals = 0

    def run(self) -> None:
        """Run until a signal asks for the end.

        Raises:
            click.ClickException: A service has died and cannot be brought back. Everything was ended.
        """
        with self._noting_signals():
            try:
                waiting = list(self._services)
                while not self._signals:
                    started = [each for each in self._services if each not in waiting]
                    if waiting and all(each.is_ready for each in started):
                        waiting.pop(0).start()
                    self._look()
                    for service in started:
                        self._see_to(service)
                    self._sleep(INTERVAL / 4 if waiting else INTERVAL)
            finally:
                self._end()

    def _see_to(self, service: Service) -> None:
        if not (trouble := service.trouble()):
            return
        if not service.has_worked():
            raise click.ClickException(
                f"The {service.name} {trouble}, {service.age:.0f} seconds after its start: what it said stands above. "
                "Everything was ended; the tables are as they were."
            )
        click.echo(f"The {service.name} {trouble}: it is started again.", err=True)
        service.restart()

    def _end(self) -> None:
        for services in (self._services[1:], self._services[:1]):
            for service in services:
                service.interrupt()
            deadline = time.monotonic() + GRACE
            while not all(each.has_ended() for each in services) and time.monotonic() < deadline and self._signals < 2:
                time.sleep(0.1)
        for service in self._services:
            service.kill()

    def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._signals and time.monotonic() < until:
            time.sleep(min(seconds, 0.2))

    @contextmanager
    def _noting_signals(self) -> Iterator[None]:
        """Count signals to end; the second one ends at once."""

        def note(*_: object) -> None:
            self._signals += 1

        # SIGINT also where it is ignored: a shell's `&` has it so. SIGHUP not there: that is what `nohup` is for.
        numbers = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            numbers.append(signal.SIGHUP)
        before = {number: signal.signal(number, note) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # macOS says so of a group of zombies
        return False
    return True

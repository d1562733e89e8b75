"""A service that is a fork of the supervisor, which has imported Dagster: the processes share that memory.

Each of Dagster's processes imports the same 90 MB of code. Started as programs of their own, each has them for itself.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import NoReturn

from event_assets.cli.child import end_with_parent, run_command
from event_assets.cli.supervisor import Process, Service, pipe_of_children
from event_assets.garbage import made_to_stay

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What the supervisor handles, and its children must not handle so."""


def preload(commands: Iterable[str], modules: Iterable[str]) -> None:
    """Import what the services need, so that they share it.

    Args:
        commands: Console scripts, whose modules are imported.
        modules: Further modules.
    """
    with made_to_stay():
        for command in commands:
            next(iter(entry_points(group="console_scripts", name=command))).load()
        for module in modules:
            import_module(module)


class Fork:
    """A process that is a copy of this one and does something else. This one must have no threads.

    Args:
        body: What it does. It has a session of its own, and ends when this process does.
        name: What the system calls it, up to 15 characters: its command line is that of this process.
    """

    def __init__(self, body: Callable[[], None], name: str) -> None:
        pipe_of_children()  # made here, for every child is to have the same
        sys.stdout.flush()
        sys.stderr.flush()
        self._code: int | None = None
        self.pid = os.fork()
        if not self.pid:
            _live_as_child(body, name)

    def poll(self) -> int | None:
        """Return how it has ended, with the number of a signal negative; None while it runs."""
        return self._wait(os.WNOHANG)

    def wait(self) -> int:
        """Wait for its end, and return how that was."""
        return self._wait(0) or 0

    def kill(self) -> None:
        """End it at once."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)

    def _wait(self, options: int) -> int | None:
        if self._code is None:
            try:
                pid, status = os.waitpid(self.pid, options)
            except ChildProcessError:  # somebody else has waited for it
                self._code = 0
            else:
                self._code = os.waitstatus_to_exitcode(status) if pid else None
        return self._code


def _live_as_child(body: Callable[[], None], name: str) -> None:
    """Do what a fork of the supervisor does, and end."""
    os.setsid()
    name_process(name)
    read, write = pipe_of_children()
    os.dup2(read, 0)
    os.close(read)
    os.close(write)
    end_as(body)


def name_process(name: str) -> None:
    """Have the system call this process by another name, where it is Linux: a fork has that of its parent.

    Args:
        name: Up to 15 characters.
    """
    with suppress(OSError):
        Path("/proc/self/comm").write_text(name, encoding="utf-8")


def end_as(body: Callable[[], None]) -> NoReturn:
    """Do something in a process that has just been forked, and end with it. It also ends when the supervisor does.

    Args:
        body: What it does. Its exit status, or that there was an exception, becomes the status of the process.
    """
    code = 1
    try:
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, signal.SIG_DFL)
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  # it is open as long as the process lives
        end_with_parent()
        body()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        code = 128 + signal.SIGINT
    except BaseException:  # whatever it is: nothing of the parent's may go on here
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


class ForkedService(Service):
    """A command of an installed package, or something else, that runs as a fork.

    Args:
        name: What messages call it.
        body: What it does: a function, or the command with its arguments.
        answers: Whether it does its work, as in ``Service``.
    """

    def __init__(
        self, name: str, body: Callable[[], None] | list[str], answers: Callable[[], bool] | None = None
    ) -> None:
        super().__init__(name, body if isinstance(body, list) else [], answers)
        self._body = body

    def _launch(self) -> Process:
        body = self._body
        return Fork(body if callable(body) else lambda: run_command(self.command), self.name)

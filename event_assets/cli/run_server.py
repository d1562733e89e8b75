"""The run server: starts the process of each run as a fork of itself, which has everything imported and loaded.

A process of its own imports for a second and loads the definitions for another before a run's first step. The run
server is a fork of the code server, so its runs find what that one serves. It outlives the code server for as long as
runs of its own go on.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import dagster as dg
from dagster._grpc.types import ExecuteRunArgs
from dagster._serdes import deserialize_value

from event_assets.cli.child import run_command
from event_assets.cli.forked import end_as, name_process

_LOOK_SECONDS = 0.5
"""How often it looks which of its runs have ended."""
_ANSWER_SECONDS = 10
"""How long an answer may take, and a question."""
_DONE, _NOT_DONE = b"+", b"-"


def address(code_server: Path) -> Path:
    """Return the socket of the run server that belongs to a code server.

    Args:
        code_server: The socket of that one, or a link to it.
    """
    code_server = code_server.resolve()
    return code_server.with_name(f"{code_server.name}.runs")


def ask(server: Path, question: Mapping[str, str]) -> bool:
    """Ask a run server to do something, and return whether it has.

    Args:
        server: Its socket.
        question: ``{"start": ARGUMENTS}`` with serialised ``ExecuteRunArgs``, or ``{"cancel": RUN_ID}``.

    Raises:
        OSError: There is no such server, or it gives no answer.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_ANSWER_SECONDS)
        connection.connect(str(server))
        connection.sendall(json.dumps(question).encode() + b"\n")
        return connection.recv(1) == _DONE


def start_run_server(code_server: Path, is_current: Callable[[], bool]) -> None:
    """Fork the run server off this process, the code server. It must not have begun to serve: a fork has no threads.

    Args:
        code_server: Its socket.
        is_current: Whether a process that reads the settings now would load the same definitions. A run is started
            anew, with imports, where it would not.
    """
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(address(code_server)))
    listening.listen()
    ends_with_us, held = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    if not os.fork():
        os.close(held)
        name_process("run server")
        end_as(_RunServer(listening, ends_with_us, is_current).serve)
    # `held` stays open, and in no other process: the system closes it when this one ends.
    listening.close()
    os.close(ends_with_us)


@dataclass(frozen=True)
class _Run:
    """A run of this server."""

    run_id: str
    arguments: str

    def report_death(self, status: int) -> None:
        """Record that its process has ended, if the run itself has not recorded how it did."""
        arguments = deserialize_value(self.arguments, ExecuteRunArgs)
        if arguments.instance_ref is None:
            return
        with dg.DagsterInstance.from_ref(arguments.instance_ref) as instance:
            run = instance.get_run_by_id(self.run_id)
            if run and not run.is_finished:
                how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
                instance.report_run_failed(run, f"The process of this run {how} before the run was over.")


class _RunServer:
    """The process: it has no thread that does anything, and opens nothing that a fork must not have."""

    def __init__(self, listening: socket.socket, ends_with_code_server: int, is_current: Callable[[], bool]) -> None:
        self._listening, self._is_current = listening, is_current
        self._ends_with_code_server = ends_with_code_server
        self._runs: dict[int, _Run] = {}
        self._reports: set[int] = set()

    def serve(self) -> None:
        """Do what is asked until the code server has ended and no run goes on any more."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._listening, selectors.EVENT_READ)
            selector.register(self._ends_with_code_server, selectors.EVENT_READ)
            while selector.get_map().get(self._ends_with_code_server) or self._runs or self._reports:
                wait = _LOOK_SECONDS if self._runs or self._reports else None
                for key, _ in selector.select(wait):
                    if key.fileobj is self._listening:
                        self._answer()
                    else:  # what is to be started from now on, another server starts
                        selector.unregister(self._ends_with_code_server)
                self._see_who_has_ended()

    def _answer(self) -> None:
        connection, _ = self._listening.accept()
        with connection, suppress(OSError, ValueError):  # who asks and goes away, or asks nothing
            connection.settimeout(_ANSWER_SECONDS)
            with connection.makefile("rb") as lines:
                question = json.loads(lines.readline())
            connection.sendall(_DONE if isinstance(question, dict) and self._do(question) else _NOT_DONE)

    def _do(self, question: Mapping[str, str]) -> bool:
        if arguments := question.get("start"):
            run = _Run(deserialize_value(arguments, ExecuteRunArgs).run_id, arguments)
            self._runs[self._fork(lambda: self._execute(run))] = run
            return True
        pids = [pid for pid, run in self._runs.items() if run.run_id == question.get("cancel")]
        for pid in pids:
            os.kill(pid, signal.SIGINT)
        return bool(pids)

    def _fork(self, body: Callable[[], None]) -> int:
        sys.stdout.flush()
        sys.stderr.flush()
        if not (pid := os.fork()):
            self._listening.close()
            os.close(self._ends_with_code_server)
            end_as(body)
        return pid

    def _execute(self, run: _Run) -> None:
        name_process(f"run {run.run_id[:8]}")
        command = ["dagster", "api", "execute_run", run.arguments]
        if not self._is_current():
            _replace_by(command)
        run_command(command)

    def _see_who_has_ended(self) -> None:
        while self._runs or self._reports:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            self._reports.discard(pid)
            if run := self._runs.pop(pid, None):
                code = os.waitstatus_to_exitcode(status)
                self._reports.add(self._fork(lambda run=run, code=code: run.report_death(code)))


def _replace_by(command: list[str]) -> NoReturn:
    """Become a process that imports and loads everything itself."""
    os.execv(sys.executable, [sys.executable, "-m", "event_assets.cli.child", *command])  # noqa: S606  # no shell

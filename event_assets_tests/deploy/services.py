"""Starts the services of ``deploy/compose.yaml`` as processes, since tests have no containers.

What a container gives is put in its place: names of services become 127.0.0.1, their ports free ones, what is mounted
folders of the test, and what the Dockerfile sets in the environment is read from that. PostgreSQL is the tests' own
server, the door their own nginx.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg2
import yaml

from event_assets_tests.conftest import CHECKOUT
from event_assets_tests.engines.servers import PostgresServer
from event_assets_tests.ports import free_port

DEPLOY = CHECKOUT / "deploy"
PASSWORD = "of the records"  # pragma: allowlist secret
EVENTS_PASSWORD = "of-the-warehouse"  # pragma: allowlist secret
HAVE_PORTS = {"code": "4000", "webserver": "3000", "webserver-reader": "3000"}
IMAGE_FOLDERS = ("/srv/event", "/srv/dagster", "/tmp")  # noqa: S108  # of the image


class Services:
    """The services, in a folder.

    Args:
        folder: For their files.
        server: The PostgreSQL server.
        settings: What event.env has: settings of the event, in the environment.
        shards: Further code servers beside ``code``, each with what it has in its environment instead: the names of
            their services, which are those of their code locations.
    """

    def __init__(
        self,
        folder: Path,
        server: PostgresServer,
        settings: Mapping[str, str],
        shards: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self.folder = folder
        self._server = server
        self._compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
        self._settings = {name: {**settings, **own} for name, own in {"code": {}, **(shards or {})}.items()}
        self._compose |= dict.fromkeys(shards or (), self._compose["code"])
        self._ports_in_containers = {**HAVE_PORTS, **dict.fromkeys(shards or (), HAVE_PORTS["code"])}
        self.ports = {name: str(free_port()) for name in self._ports_in_containers} | {"postgres": str(server.port)}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        for each in IMAGE_FOLDERS:
            (folder / each.lstrip("/")).mkdir(parents=True)
        self._write_files(shards or {})
        self.site = folder / "srv" / "event" / "data" / "site"
        self.site.mkdir(parents=True)

    @property
    def home(self) -> Path:
        """Dagster's folder."""
        return self.folder / "srv" / "dagster"

    def create_databases(self) -> None:
        """Create what the image of PostgreSQL and ``databases.sh`` create."""
        self._server.execute(f"create role dagster superuser login password '{PASSWORD}'")
        self._server.execute("create database dagster owner dagster")
        program = self.folder / "bin"
        program.mkdir()
        (program / "psql").symlink_to(self._server.binaries / "psql")
        environment = os.environ | {
            "PATH": f"{program}{os.pathsep}{os.environ['PATH']}",
            "POSTGRES_USER": "dagster", "POSTGRES_DB": "dagster", "EVENTS_PASSWORD": EVENTS_PASSWORD,
            "PGHOST": "127.0.0.1", "PGPORT": str(self._server.port), "PGPASSWORD": PASSWORD,
        }  # fmt: skip
        subprocess.run([str(DEPLOY / "compose" / "databases.sh")], env=environment, check=True, capture_output=True)

    def drop_databases(self) -> None:
        """Drop them again, whoever is connected."""
        for name in ("dagster", "events"):
            self._server.execute(f"drop database if exists {name} with (force)")
            self._server.execute(f"drop role if exists {name}")

    def start(self, name: str) -> None:
        """Start a service, also again after a kill: that is what its restart policy does."""
        service = self._compose[name]
        command = [self._local(str(each), name) for each in service["command"]]
        command[0] = str(Path(sys.executable).parent / command[0])
        with (self.folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                command, cwd=self.folder / "srv" / "event", env=self.environment(name), stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def healthy(self, name: str) -> bool:
        """Return whether the health check of a service passes.

        Raises:
            AssertionError: It has ended.
        """
        ended = self._running[name].poll() is not None
        assert not ended, (self.folder / f"{name}.log").read_text(errors="replace")[-2000:]
        test = [self._local(str(each), name) for each in self._compose[name]["healthcheck"]["test"][1:]]
        test[0] = sys.executable if test[0] == "python" else str(Path(sys.executable).parent / test[0])
        with suppress(subprocess.TimeoutExpired):
            done = subprocess.run(test, env=self.environment(name), cwd=self.folder, capture_output=True, timeout=60)
            return done.returncode == 0
        return False

    def kill(self, name: str) -> None:
        """Kill a service with all its processes, as a container that runs out of memory ends."""
        process = self._running.pop(name)
        with suppress(ProcessLookupError):  # it has ended by itself
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def ended(self) -> list[str]:
        """Return those that have ended by themselves. Their restart policy starts them again."""
        return [name for name, process in self._running.items() if process.poll() is not None]

    def stop(self) -> None:
        """Kill all that run."""
        for name in [*self._running]:
            self.kill(name)

    def address(self, name: str) -> str:
        """Return where a service listens."""
        return f"127.0.0.1:{self.ports[name]}"

    def events_url(self) -> str:
        """Return the address of the warehouse."""
        return f"postgresql://events:{EVENTS_PASSWORD}@postgres:5432/events".replace(
            "postgres:5432", self.address("postgres")
        )

    def environment(self, name: str) -> dict[str, str]:
        """Return what a service has in its environment."""
        service = self._compose[name]
        given = {**self._of_image(), **service["environment"], "DAGSTER_PG_PASSWORD": PASSWORD}
        if "compose/event.env" in service["env_file"]:
            given |= {"DESTINATION__POSTGRES__CREDENTIALS": self.events_url(), **self._settings[name]}
        own = {key: value for key, value in os.environ.items() if "__" not in key and "DLT" not in key}
        return own | {key: self._local(str(value), key) for key, value in given.items()} | {"PYTHONPATH": str(CHECKOUT)}

    def _of_image(self) -> dict[str, str]:
        [block] = re.findall(r"^ENV ((?:.*\\\n)*.*)$", (DEPLOY / "Dockerfile").read_text("utf-8"), re.MULTILINE)
        found: list[Any] = re.findall(r"(\w+)=(\S+)", block)
        return {name: value for name, value in found if name != "PATH"}

    def _local(self, value: str, of: str) -> str:
        """Return a value as it is on this machine.

        Args:
            value: As a container has it.
            of: The service whose command has it, or the variable.
        """
        owner = {"DAGSTER_PG_PORT": "postgres", "EVENT_ASSETS_CODE_PORT": "code"}.get(of, of)
        if value == "0.0.0.0":  # noqa: S104
            return "127.0.0.1"
        if of.endswith("_HOST"):
            return "127.0.0.1"
        if owner in self.ports and value in ("5432", self._ports_in_containers.get(owner)):
            return self.ports[owner]
        value = value.replace("127.0.0.1:3000", f"127.0.0.1:{self.ports.get(of, '')}")
        for service, port in HAVE_PORTS.items():
            value = value.replace(f"//{service}:{port}", f"//127.0.0.1:{self.ports[service]}")
        within = next((each for each in IMAGE_FOLDERS if f"{value}/".startswith(f"{each}/")), None)
        return str(self.folder / value.lstrip("/")) if within else value

    def _write_files(self, shards: Mapping[str, object]) -> None:
        """Write Dagster's files, with a code location for each further code server, as docs/deployment.md says."""
        settings = yaml.safe_load((DEPLOY / "dagster.yaml").read_text(encoding="utf-8"))
        settings["concurrency"]["runs"]["max_concurrent_runs"] = 1 + len(shards)
        (self.home / "dagster.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
        workspace = yaml.safe_load((DEPLOY / "workspace.yaml").read_text(encoding="utf-8"))
        for name in shards:
            location = {"location_name": name, "host": "127.0.0.1", "port": int(self.ports[name])}
            workspace["load_from"].append({"grpc_server": location})
        (self.home / "workspace.yaml").write_text(yaml.safe_dump(workspace), encoding="utf-8")

    def connect(self) -> Any:
        """Connect to the warehouse, as an analyst would."""
        return psycopg2.connect(self.events_url())

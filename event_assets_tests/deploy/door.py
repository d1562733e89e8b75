"""The door as tests start it: a real nginx with the project's own configuration, before webservers of a test."""

import os
import pwd
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from event_assets_tests.conftest import CHECKOUT
from event_assets_tests.ports import free_port

NAME = "event.example.com"
PASSWORD = "a password of the tests"  # pragma: allowlist secret
OPERATOR, READER = "ada", "carl"
_MAIN = """
{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{}}
http {{
    types {{ text/html html; text/calendar ics; }}
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/door.conf;
}}
"""


@dataclass(frozen=True)
class Door:
    """A running door.

    Attributes:
        folder: Its configuration and logs.
        port: Where it listens.
        name: The name that it answers to.
    """

    folder: Path
    port: int
    name: str = NAME

    @property
    def origin(self) -> str:
        """The scheme, name and port in people's browsers."""
        return f"http://{self.name}:{self.port}"

    def request(self, method: str, path: str, user: str | None, **options) -> requests.Response:
        """Send a request to it, with its name unless another is given."""
        headers = {"Host": f"{self.name}:{self.port}", **options.pop("headers", {})}
        return requests.request(
            method, f"http://127.0.0.1:{self.port}{path}", headers=headers, timeout=30, allow_redirects=False,
            auth=(user, PASSWORD) if user else None, **options,
        )  # fmt: skip


@contextmanager
def open_door(folder: Path, operator: str, reader: str, site: Path, *, name: str = NAME) -> Iterator[Door]:
    """Start nginx with the configuration of ``deploy/nginx``, or skip the test where there is none.

    Args:
        folder: For its files.
        operator: host:port of the webserver that may write.
        reader: host:port of the other one.
        site: The folder of the pages.
        name: What it is called in browsers.
    """
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("there is no nginx")
    port = free_port()
    door = Door(folder, port, name)
    files = folder / "door"
    files.mkdir()
    shutil.copy(CHECKOUT / "deploy" / "nginx" / "proxy.conf", files)
    (files / "tls.conf").write_text("")
    (files / "operators.map").write_text(f"{OPERATOR} door_operator;\n")
    (files / "users.htpasswd").write_text("".join(f"{user}:{_hashed()}\n" for user in (OPERATOR, READER)))
    environment = {
        "DOOR_LISTEN": f"127.0.0.1:{port}",
        "DOOR_NAME": name,
        "DOOR_ORIGIN": door.origin,
        "DOOR_OPERATOR": operator,
        "DOOR_READER": reader,
        "DOOR_SITE": str(site),
        "DOOR_FILES": str(files),
    }
    (folder / "door.conf").write_text(rendered(environment))
    (folder / "nginx.conf").write_text(_MAIN.format(folder=folder, user=_user()))
    command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    with (
        (folder / "access.log").open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT) as process,
    ):
        try:
            _wait(door, process)
            yield door
        finally:
            process.terminate()


def rendered(environment: dict[str, str]) -> str:
    """Return the configuration with the environment put in, as the image of nginx does; all of it must be given."""
    template = (CHECKOUT / "deploy" / "nginx" / "door.conf.template").read_text(encoding="utf-8")
    rules = "\n".join(line for line in template.splitlines() if not line.startswith("#"))
    assert set(re.findall(r"\$\{(\w+)\}", rules)) == environment.keys()
    return re.sub(r"\$\{(\w+)\}", lambda found: environment[found[1]], rules)


def _user() -> str:
    """The folders of tests are for their user alone, and a worker of nginx that root starts is another one."""
    return f"user {pwd.getpwuid(os.getuid()).pw_name};" if os.getuid() == 0 else ""


def _hashed() -> str:
    program = shutil.which("openssl") or pytest.skip("there is no openssl")
    done = subprocess.run([program, "passwd", "-apr1", PASSWORD], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _wait(door: Door, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            door.request("GET", "/health", None)
            return
        except requests.ConnectionError:
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail((door.folder / "error.log").read_text() + (door.folder / "access.log").read_text())
            time.sleep(0.02)

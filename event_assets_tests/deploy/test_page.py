"""What docs/deployment.md has people type leads to what compose and systemd need."""

import configparser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from event_assets.__main__ import main
from event_assets_tests.conftest import CHECKOUT

DEPLOY = CHECKOUT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
PROGRAM = "/srv/event/venv/bin/event-assets"


def typed(heading: str, page: str = "deployment.md") -> list[str]:
    """Return the blocks of commands of a stage."""
    text = (CHECKOUT / "docs" / page).read_text(encoding="utf-8")
    section = re.split(r"^## ", text.partition(f"\n## {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    return re.findall(r"^```\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)


def type_in(commands: str, folder: Path, *pretended: str) -> str:
    """Enter commands in a folder, and return what the programs were asked that only pretend to be there."""
    programs, asked = folder.parent / "programs", folder.parent / "asked"
    programs.mkdir(exist_ok=True)
    asked.touch()
    for name in pretended:
        (programs / name).write_text(f'#!/bin/sh\necho {name} "$@" >> {asked}\necho said-by-{name}\n')
        (programs / name).chmod(0o755)
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["/bin/sh", "-e", "-u", "-c", commands], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return asked.read_text()


@pytest.fixture
def deploy(tmp_path: Path) -> Path:
    """The folder as git has it."""
    ignore = shutil.ignore_patterns("*.env", "door", ".env")
    return Path(shutil.copytree(DEPLOY, tmp_path / "deploy", ignore=ignore))


def test_all_that_compose_reads_is_there_when_the_page_starts_it(deploy: Path):
    first, second = typed("Compose")
    type_in(first, deploy, "docker", "openssl")
    (deploy / "compose" / "door" / "tls.crt").touch()
    (deploy / "compose" / "door" / "tls.key").touch()
    asked = type_in(second, deploy, "docker", "sudo")

    text = (deploy / "compose.yaml").read_text(encoding="utf-8")
    services = yaml.safe_load(text)["services"]
    mounts = [each for service in services.values() for each in service["volumes"] if isinstance(each, str)]
    sources = {each.partition(":")[0] for each in mounts if each.startswith("./")}
    files = {name for service in services.values() for name in service.get("env_file", [])}
    assert {"./dagster.yaml", "./workspace.yaml", "./compose/door"} <= sources
    assert [name for name in sources | files if not (deploy / name).exists()] == []
    assert {(deploy / name).stat().st_mode & 0o777 for name in files} == {0o600}
    # Without it, each command of docker compose ends with an error.
    required = set(re.findall(r"\$\{(\w+):\?", text))
    assert required == set(re.findall(r"^(\w+)=", (deploy / ".env").read_text(), re.MULTILINE))
    read_by_nginx = set(re.findall(r"\$\{DOOR_FILES\}/([\w.]+)", (deploy / "nginx/door.conf.template").read_text()))
    read_by_nginx |= set(re.findall(r" /etc/nginx/door/([\w.]+);", (deploy / "nginx" / "tls.conf").read_text()))
    assert {path.name for path in (deploy / "compose" / "door").iterdir()} == read_by_nginx
    assert (deploy / "compose" / "door" / "users.htpasswd").read_text() == "ada:said-by-openssl\n"
    assert "docker compose up --detach" in asked


def test_what_is_filled_in_is_neither_in_git_nor_in_the_image():
    ignored = (DEPLOY / ".gitignore").read_text().split()
    assert {".env", "compose/*.env", "compose/door/", "kubernetes/*.env", "kubernetes/door/"} == {*ignored}
    let_in = [line for line in (CHECKOUT / ".dockerignore").read_text().splitlines() if line.startswith("!deploy")]
    assert let_in == ["!deploy/dagster.yaml", "!deploy/workspace.yaml"]


def test_backups_under_compose_name_the_databases(deploy: Path):
    dump, put = typed("Under compose", "backups.md")
    asked = type_in(dump + put, deploy, "docker").splitlines()
    services = yaml.safe_load((deploy / "compose.yaml").read_text(encoding="utf-8"))["services"]
    created = re.findall(r"create database (\w+)", (deploy / "compose" / "databases.sh").read_text())
    created += re.findall(r"POSTGRES_DB=(\w+)", (deploy / "compose" / "postgres.env.example").read_text())
    of_each = [line for line in asked if " exec -T postgres " in line]
    assert {word for line in of_each for word in line.split()} >= {*created}
    [stopped] = [line.split()[3:] for line in asked if line.startswith("docker compose stop ")]
    assert {*stopped} == services.keys() - {"postgres", "door"}


def test_the_units_run_commands_that_there_are():
    for unit in UNITS:
        parser = configparser.ConfigParser(interpolation=None)
        parser.optionxform = str  # pyright: ignore[reportAttributeAccessIssue]
        parser.read_string(unit.read_text(encoding="utf-8"))
        if unit.suffix == ".timer":
            assert unit.with_suffix(".service") in UNITS
            continue
        service = parser["Service"]
        assert (service["User"], service["WorkingDirectory"]) == ("event", "/srv/event")
        program, name, *options = service["ExecStart"].split()
        assert program == PROGRAM
        main.commands[name].make_context(name, options)


def test_the_page_starts_units_that_there_are():
    _, start = typed("One server")
    assert {*start.split()[3:]} == {unit.name for unit in UNITS if "[Install]" in unit.read_text()}


def test_systemd_understands_the_units(tmp_path: Path):
    program = shutil.which("systemd-analyze") or pytest.skip("there is no systemd")
    there = str(Path(sys.executable).with_name("event-assets"))
    for unit in UNITS:
        (tmp_path / unit.name).write_text(unit.read_text().replace(PROGRAM, there))
    done = subprocess.run(
        [program, "verify", *(str(tmp_path / unit.name) for unit in UNITS)], capture_output=True, text=True
    )
    said = [line for line in done.stderr.splitlines() if "event-assets" in line]
    assert (done.returncode, said) == (0, [])

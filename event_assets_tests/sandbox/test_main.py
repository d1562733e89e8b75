"""The command: its help, its refusals, and one run from start to SIGTERM."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from click.testing import CliRunner, Result

from event_assets.sandbox import Event, Sandbox
from event_assets.sandbox.__main__ import main


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_help_names_every_option_and_size():
    result = run("--help")
    assert result.exit_code == 0
    for option in (
        "port",
        "size",
        "lectures",
        "participants",
        "seed",
        "folder",
        "envelope",
        "page-size",
        "validators",
        "token",
        "timezone",
        "fault",
    ):
        assert f"--{option} " in result.output
    assert "conference, 120 lectures and 600 participants" in " ".join(result.output.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--folder", ".", "--seed", "0", "--size", "large"), "it does not go with --size, --seed."),
        (("--page-size", "10"), "--page-size needs --envelope pages."),
        (("--folder", "nowhere"), "content.json is missing: expected there is a JSON object"),
        (("--size", "meetup", "--timezone", "Mars"), "'Mars' is not a time zone"),
        (("--participants", "-1"), "-1 is not in the range"),
        (("--size", "huge"), "'huge' is not one of"),
        (("--fault", "content"), "'' is not a fault: html_page, "),
        (("--fault", "content:3"), "'' is not a fault: html_page, "),
        (("--fault", "content:sleepy"), "'sleepy' is not a fault: html_page, "),
        (("--fault", "content:status=many"), "'status=many' is not status=CODE[,RETRY-AFTER]: "),
        (("--fault", "content:top_level=["), "'top_level=[' is not top_level=JSON: "),
        (("--fault", "content:replace_resource=halls"), "is not replace_resource=NAME=JSON: "),
        (("--size", "meetup", "--fault", "lectures:hang"), "'lectures' is not an endpoint: content, partners, "),
        (("--size", "meetup", "--fault", "content:0:hang"), "A fault cannot happen 0 times"),
        (("--size", "meetup", "--fault", "content:bare_array"), "bare_array is no fault of `content`"),
    ],
)
def test_what_cannot_be_served_is_one_sentence(arguments: tuple[str, ...], message: str):
    result = run(*arguments)
    assert result.exit_code in (1, 2)
    assert isinstance(result.exception, SystemExit)
    assert message in result.output


def test_a_port_in_use_is_one_sentence():
    with Sandbox(Event({}, [], [])) as api:
        port = urlsplit(api.base_url).port
        result = run("--size", "meetup", "--port", str(port))
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: Cannot serve on 127.0.0.1:{port} (")
    assert result.output.endswith("name another --port, or 0 for any free one.\n")
    assert result.output.count("\n") == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_how_to_use_it_serves_and_stops_on_a_signal(tmp_path: Path, number: signal.Signals):
    (tmp_path / "content.json").write_text('{"halls": [{"id": 1}, {"id": 2}]}')
    (tmp_path / "partners.json").write_text("[]")
    (tmp_path / "participants.json").write_text(json.dumps([{"id": place} for place in range(7)]))
    arguments = ["--folder", str(tmp_path), "--port", "0", "--token", "with blank", "--timezone", "Asia/Tokyo"]
    arguments += ["--envelope", "pages", "--page-size", "4", "--log-requests"]
    arguments += ["--fault", "participants:2:status=503,soon", "--fault", "partners:redirect_elsewhere=302,http://x:7"]
    with subprocess.Popen(
        [sys.executable, "-m", "event_assets.sandbox", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={name: value for name, value in os.environ.items() if not name.startswith("COV")},
        text=True,
    ) as process:
        try:
            assert process.stdout
            assert process.stderr
            said = ""
            while "Ctrl-C" not in said:
                line = process.stdout.readline()
                assert line, process.stderr.read()
                said += line
            assert "(Asia/Tokyo): 2 halls, " in said
            assert "0 partners, 7 participants." in said
            assert "export SOURCES__EVENT_API__API_TOKEN='with blank'\n  make run\n" in said
            exported = re.search(r"export SOURCES__EVENT_API__BASE_URL=(http://127\.0\.0\.1:\d+/public/v1)\n", said)
            assert exported
            headers = {"Authorization": "Bearer with blank"}
            for _ in range(2):
                failed = requests.get(f"{exported[1]}/participants", headers=headers, timeout=10)
                assert (failed.status_code, failed.headers["Retry-After"]) == (503, "soon")
            led = requests.get(f"{exported[1]}/partners", headers=headers, timeout=10, allow_redirects=False)
            assert led.headers["Location"] == "http://x:7"
            page = requests.get(f"{exported[1]}/participants", headers=headers, timeout=10).json()
            assert page == {
                "data": [{"id": place} for place in range(4)],
                "links": {"next": f"{exported[1]}/participants?page=2"},
            }
            process.send_signal(number)
            rest, errors = process.communicate(timeout=10)
        finally:
            process.kill()
    assert rest.splitlines() == [
        "GET /public/v1/participants fault status",
        "GET /public/v1/participants fault status",
        "GET /public/v1/partners fault redirect_elsewhere",
        "GET /public/v1/participants 200",
        "Stopped.",
    ]
    assert errors == ""
    assert process.returncode == 0

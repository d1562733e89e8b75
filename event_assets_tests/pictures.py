"""``make pictures``: takes the pictures that the README shows, of the sandbox's event, in a headless Chromium.

It syncs the sandbox in a temporary folder, starts `event-assets ui` there, and photographs each page in a window of a
fixed size. Each picture has at most 256 colours, which keeps it small.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import requests
from PIL import Image
from playwright.sync_api import sync_playwright

from event_assets.site import CATALOGUE_FILE, EVENT_FILE
from event_assets_tests.automation.live import until
from event_assets_tests.conftest import CHECKOUT
from event_assets_tests.ports import free_port

FOLDER = CHECKOUT / "docs" / "pictures"
SIZE = {"width": 1280, "height": 800}
MOST_BYTES = 150_000
"""Of a picture: the README is read on phones as well."""
_CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
_START_SECONDS = 180


@dataclass(frozen=True)
class Picture:
    """A picture of one page.

    Attributes:
        name: Its file, without the ending.
        of_dagster: Whether it is a page of Dagster's UI; else of the site's folder.
        path: The page.
        shown: What is on it once it is drawn, as Playwright's selector.
        height: How much of it is shown.
    """

    name: str
    of_dagster: bool
    path: str
    shown: str
    height: int = SIZE["height"]


PICTURES = (
    Picture("catalogue", False, f"{CATALOGUE_FILE}#summary.agenda.speakers", ".canvas path"),
    Picture("asset", True, "/assets/summary/agenda?view=overview", "text=One row"),
    Picture(
        "asset-graph", True, "/assets/summary/agenda?view=lineage&lineageScope=upstream&lineageDepth=5", "text=lectures"
    ),
    Picture("event", False, f"{EVENT_FILE}#programme", ".grid"),
)
"""All pictures. One of a page that is not there is left out."""


def main(names: Sequence[str]) -> None:
    """Take pictures.

    Args:
        names: Which; none for all.
    """
    chromium = next(filter(None, map(shutil.which, _CHROMIUMS)), None)
    if chromium is None:
        raise SystemExit("No Chromium is installed: run `apt install chromium`.")
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="event_assets_pictures_") as folder,
        _serving(Path(folder)) as (ui, site),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for each in PICTURES:
            if names and each.name not in names:
                continue
            if each.of_dagster or Path(folder, "data/site", each.path.partition("#")[0]).exists():
                path = take(browser, each, ui if each.of_dagster else site)
                click.echo(f"{path.relative_to(CHECKOUT)}: {path.stat().st_size / 1000:.0f} kB")
        browser.close()


def take(browser: Any, picture: Picture, base: str) -> Path:
    """Take a picture, and return its path.

    Args:
        browser: Playwright's.
        picture: Which.
        base: The address of its server.
    """
    context = browser.new_context(viewport=SIZE, color_scheme="light", reduced_motion="reduce", timezone_id="UTC")
    try:
        page = context.new_page()
        page.goto(f"{base}/{picture.path.lstrip('/')}")
        page.locator(picture.shown).first.wait_for(timeout=60_000)
        page.wait_for_timeout(2_500)  # Dagster's UI moves the graph into its place
        path = FOLDER / f"{picture.name}.png"
        page.screenshot(path=path, clip={"x": 0, "y": 0, "width": SIZE["width"], "height": picture.height})
    finally:
        context.close()
    with Image.open(path) as taken:
        small = taken.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    small.save(path, optimize=True)
    if path.stat().st_size > MOST_BYTES:
        raise SystemExit(f"{path} has {path.stat().st_size} bytes, and may have {MOST_BYTES}: show less of the page.")
    return path


@contextmanager
def _serving(folder: Path) -> Iterator[tuple[str, str]]:
    """Sync the sandbox, and serve the UI and the site for the length of a block. Yield their addresses."""
    environment = {name: value for name, value in os.environ.items() if "__" not in name and "DLT" not in name}
    environment |= {"PYTHONPATH": str(CHECKOUT), "DAGSTER_DISABLE_TELEMETRY": "yes"}
    command = [sys.executable, "-m", "event_assets"]
    subprocess.run([*command, "run"], cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    port, log = free_port(), folder / "ui.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [*command, "ui", "--port", str(port)], cwd=folder, env=environment, stdout=output, stderr=output
        ) as process,
    ):
        try:
            until(lambda: _answers(f"http://127.0.0.1:{port}/server_info"), _START_SECONDS, "the UI")
            [site] = [line.split()[-1] for line in log.read_text().splitlines() if line.startswith("Pages:")]
            until(lambda: _answers(f"{site}/{CATALOGUE_FILE}"), _START_SECONDS, "the catalogue")
            yield f"http://127.0.0.1:{port}", site
        finally:
            process.send_signal(signal.SIGINT)


def _answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=5).ok
    except requests.ConnectionError:
        return False


if __name__ == "__main__":
    main(sys.argv[1:])

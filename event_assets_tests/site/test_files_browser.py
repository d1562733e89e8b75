"""The page that lists the files in a real browser, from the catalogue and back, with texts that are hard."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from event_assets.cli.site_server import site_server
from event_assets.site import CATALOGUE_FILE
from event_assets.site.catalogue import Catalogue
from event_assets.site.files import INDEX_FILE
from event_assets.site.files.parts import Values, store_values
from event_assets.site.folder import LocalFolder
from event_assets.site.page import render
from event_assets_tests.site.hostile import SEEN, TEXTS, changes, programme, table
from event_assets_tests.site.visiting import DESKTOP, PHONE, Visit

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed: apt install chromium"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def served(catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a folder with the catalogue and files."""
    folder: Path = tmp_path_factory.mktemp("site")
    files = Values(TEXTS[0], "UTC", SEEN, (table(),), {"agenda": TEXTS[0]}, programme(), changes())
    store_values(LocalFolder(folder), files, "1")
    (folder / CATALOGUE_FILE).write_text(render(catalogue), encoding="utf-8")
    with site_server(folder, "127.0.0.1", 0) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_page_of_files_can_be_read_by_anybody(browser: Any, served: str, size: dict[str, int]):
    visit = Visit(browser, f"{served}/{CATALOGUE_FILE}", size)
    dialogs: list[str] = []
    visit.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    visit.open()
    visit.page.click("text=Files")
    assert visit.page.url == f"{served}/{INDEX_FILE}"
    assert visit.texts("h2") == [TEXTS[0]], "the title, as it is"
    assert {text.casefold() for text in visit.texts("h3")} >= {"calendars of halls", "tables", "spreadsheet"}
    assert visit.faults == []
    assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"
    with visit.page.expect_download() as download:
        visit.page.click("text=XLSX")
    assert download.value.suggested_filename == "summaries.xlsx"
    assert {request.removeprefix(f"{served}/").partition("#")[0] for request in visit.requests} <= {
        "about:blank", CATALOGUE_FILE, INDEX_FILE, "files/summaries.xlsx",
    }  # fmt: skip
    assert (dialogs, visit.complaints) == ([], [])
    visit.page.click("text=Data catalogue")
    assert visit.page.url == f"{served}/{CATALOGUE_FILE}"
    visit.context.close()

"""The event's page in a real browser: served and from a file, on a desk and a phone, in the light and in the dark."""

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from event_assets.cli.site_server import site_server
from event_assets.sandbox import generate_event
from event_assets.site import EVENT_FILE
from event_assets.site.event import PRINTED_FILES
from event_assets.site.event.describe import describe_page
from event_assets.site.event.page import render
from event_assets.site.event.section import Clock
from event_assets.site.event.sections.now import SECTION as NOW
from event_assets.site.event.sections.now import NowAndNext
from event_assets.site.event.tables import Tables
from event_assets_tests.site.event_rows import tables_of
from event_assets_tests.site.synthetic import NASTY
from event_assets_tests.site.visiting import DESKTOP, PHONE, Visit

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed: apt install chromium"),
]

MADE = datetime(2026, 5, 12, 10, 40, tzinfo=ZoneInfo("Europe/Vienna"))


@pytest.fixture(scope="module")
def tables() -> Tables:
    event = generate_event(lectures=60, participants=100, seed=3)
    event.content["lectures"][0]["name"], event.content["halls"][0]["name"] = NASTY[:2]
    return tables_of(event)


@pytest.fixture(scope="module")
def folder(tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    for file, html in render(describe_page(tables, MADE)).items():
        (folder / file).write_text(html, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(params=["served", "file"])
def base(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    if request.param == "file":
        yield folder.as_uri()
        return
    with site_server(folder, "127.0.0.1", 0) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def now_at(tables: Tables, at: datetime) -> list[list[str]]:
    """What the page should say at a moment: what Python finds, which is tested by itself."""
    value = NOW.describe(tables, Clock(at))
    assert isinstance(value, NowAndNext)
    rows = []
    for hall in value.halls:
        on = "\n".join(f"{slot.title} until {slot.ends:%H:%M}" for slot in hall.now)
        when = ""
        if hall.next:
            starts = hall.next.starts
            day = "" if starts.date() == at.date() else f"{starts:%a} {starts.day} {starts:%b}, "
            when = f"{day}{starts:%H:%M} {hall.next.title}"
        rows.append([" ".join(each.split()) for each in (hall.hall, on or "free", when or "nothing more")])
    return rows


def cells(visit: Visit) -> list[list[str]]:
    rows = visit.page.locator("#now-table tbody tr").all()
    return [[" ".join(cell.split()) for cell in row.locator("th, td").all_inner_texts()] for row in rows]


def test_now_and_next_move_with_the_clock_of_the_reader(browser: Any, base: str, tables: Tables):
    visit = Visit(browser, f"{base}/{EVENT_FILE}")
    visit.page.clock.install(time=MADE - timedelta(days=3))
    visit.open()
    assert visit.texts("#now-state") == ["The event opens in 3 days."]
    for at in (MADE, MADE + timedelta(hours=1, minutes=5), MADE + timedelta(hours=20)):
        visit.page.clock.set_fixed_time(at)
        visit.page.clock.run_for(16_000)
        assert cells(visit) == now_at(tables, at)
        (said,) = visit.texts("#now-at")
        assert said == f"At {at:%a} {at.day} {at:%b}, {at:%H:%M}, on the event's clock (Europe/Vienna)."
    visit.page.clock.set_fixed_time(MADE + timedelta(days=30))
    visit.page.clock.run_for(16_000)
    assert visit.texts("#now-state") == ["The programme is over."]
    assert not visit.page.is_visible("#now-table")
    assert visit.page.evaluate("window.pwned") is None
    visit.page.click("nav.sections a[href='#halls']")
    assert visit.page.url.endswith("#halls")
    assert visit.complaints == []
    assert [url for url in visit.requests if not url.startswith((base, "about:"))] == []
    visit.context.close()


def test_its_policy_lets_it_be_as_it_is(browser: Any, base: str):
    context = browser.new_context()
    page, complaints = context.new_page(), list[str]()
    page.on("console", lambda message: complaints.append(message.text))
    for file in (EVENT_FILE, *PRINTED_FILES):
        page.goto(f"{base}/{file}")
    page.goto(f"{base}/{EVENT_FILE}")
    assert page.inner_text("#now-at").startswith("At "), "its script runs"
    place = "each => getComputedStyle(each).gridRowStart"
    assert int(page.eval_on_selector(".grid li.lecture:nth-child(2)", place)) > 1, "its style counts"
    assert complaints == []
    context.close()


def test_without_scripts_it_shows_the_moment_of_its_making(browser: Any, folder: Path, tables: Tables):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{folder.as_uri()}/{EVENT_FILE}")
    assert page.locator("#now-at").inner_text() == "As of Tue 12 May, 10:40, when this page was made."
    assert page.locator("#now-table tbody tr").count() == len(now_at(tables, MADE))
    context.close()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_anybody_from_reading_it(browser: Any, folder: Path, size: dict[str, int], scheme: str):
    for file in (EVENT_FILE, *PRINTED_FILES):
        visit = Visit(browser, f"{folder.as_uri()}/{file}", size, scheme)
        visit.open()
        visit.page.eval_on_selector_all("details", "all => all.forEach((each) => { each.open = true; })")
        assert visit.faults == [], file
        assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{file} scrolls sideways"
        assert visit.complaints == []
        visit.context.close()


def test_each_sheet_begins_on_a_page_of_its_own(browser: Any, folder: Path):
    visit = Visit(browser, f"{folder.as_uri()}/{PRINTED_FILES[0]}")
    visit.open()
    sheets = visit.page.locator(".sheet").count()
    pages = visit.page.pdf().count(b"/Type /Page\n")
    assert sheets > 5
    assert pages >= sheets
    visit.page.emulate_media(media="print")
    assert not visit.page.is_visible(".bar")
    visit.context.close()

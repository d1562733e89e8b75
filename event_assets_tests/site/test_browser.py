"""The page in a real browser: served and from a file, by pointer and by keyboard, for eyes and screen readers."""

import functools
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

from event_assets.assets.keys import raw_columns
from event_assets.cli.site_server import site_server
from event_assets.models.lineage import Lineage
from event_assets.models.project import KINDS, MODELS_FOLDER
from event_assets.site import CATALOGUE_FILE
from event_assets.site.catalogue import Catalogue
from event_assets.site.page import render
from event_assets_tests.site.synthetic import NASTY, many_tables, nasty_texts
from event_assets_tests.site.visiting import DESKTOP, PHONE, Visit

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed: apt install chromium"),
]

TIMED = """async (act) => {
    const begun = performance.now(), search = document.getElementById("search");
    if (act === "search") {
        search.value = "column_1 sentence";
        search.dispatchEvent(new Event("input"));
    } else location.hash = act;
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    return performance.now() - begun;
}"""
"""Does something, and returns after how many milliseconds it was on the screen."""
SPEAKERS = "summary.agenda.speakers"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def folder(catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    (folder / CATALOGUE_FILE).write_text(render(catalogue), encoding="utf-8")
    (folder / "many.html").write_text(render(many_tables()), encoding="utf-8")
    (folder / "nasty.html").write_text(render(nasty_texts()), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[str]:
    with site_server(folder, "127.0.0.1", 0) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(params=["served", "file"])
def visit(request: pytest.FixtureRequest, browser: Any, folder: Path) -> Iterator[Visit]:
    base = request.getfixturevalue("served") if request.param == "served" else folder.as_uri()
    visit = Visit(browser, f"{base}/{CATALOGUE_FILE}")
    yield visit
    visit.context.close()
    assert [url for url in visit.requests if not url.startswith((base, "about:"))] == []
    assert visit.complaints == []


def path_by_hand(lineage: Lineage, models: Any, column: str) -> set[tuple[str, str]]:
    """The edges above a column of a model, from the product's lineage."""
    schema_and_table, _, name = column.rpartition(".")
    relation = next((each for each in models if str(each) == schema_and_table), None)
    if relation is None:
        return set()
    above = {f"{read}.{source}" for read, source in lineage.origins(relation)[name]}
    edges = {(each, column) for each in above}
    return edges.union(*(path_by_hand(lineage, models, each) for each in above))


def test_it_reads_as_the_facts_do(visit: Visit, catalogue: Catalogue):
    visit.open()
    facts = yaml.safe_load((MODELS_FOLDER / "summary" / "agenda.yml").read_text(encoding="utf-8"))
    visit.page.click("#home a[href='#summary.agenda']")
    visit.wait_for_view("summary.agenda")
    article = "article.current"
    assert visit.texts(f"{article} h2") == ["summary.agenda"]
    assert visit.texts(f"{article} .lead") == [facts["description"]]
    assert visit.texts(f"{article} .columns .d") == list(facts["columns"].values())
    assert visit.texts(f"{article} .columns tbody th a") == list(facts["columns"])
    assert "139" in visit.texts(f"{article} .facts dd")
    assert visit.texts(f"{article} .tests .state") == ["failed"]
    visit.page.click(f"{article} summary")
    sql = (MODELS_FOLDER / "summary" / "agenda.sql").read_text(encoding="utf-8")
    assert visit.page.locator(f"{article} pre code").text_content() == sql
    assert visit.page.title() == "summary.agenda \N{EN DASH} Data catalogue"
    counted = len(raw_columns()) + len([path for layer in KINDS for path in (MODELS_FOLDER / layer).glob("*.sql")])
    assert counted <= visit.page.locator("#home tbody tr").count() == len(catalogue.tables)


def test_search_finds_as_one_types(visit: Visit):
    visit.open()
    visit.page.keyboard.press("/")
    visit.page.keyboard.type("agenda speakers")
    assert visit.texts("#results .id")[0] == SPEAKERS
    assert visit.texts("#results li:first-child mark") == ["agenda", "speakers"]
    visit.page.keyboard.press("ArrowDown")
    selected = visit.page.get_attribute("#search", "aria-activedescendant")
    assert visit.page.get_attribute(f"#{selected}", "aria-selected") == "true"
    visit.page.keyboard.press("Enter")
    assert visit.page.url.endswith(f"#{SPEAKERS}")
    visit.wait_for_view("summary.agenda")
    assert visit.texts("article.current h2") == ["summary.agenda"]
    visit.page.fill("#search", "double bookings of nobody")
    assert visit.texts("#results li") == ["Nothing found."]
    visit.page.fill("#search", "registered people")
    assert "summary.event_overview.participants" in visit.texts("#results .id"), "descriptions are searched"
    visit.page.press("#search", "Escape")
    assert not visit.page.is_visible("#results")


def test_a_click_lights_the_path_in_both_directions(visit: Visit, lineage: Lineage, models: Any):
    visit.open("summary.agenda")
    visit.page.click(f".canvas [data-column='{SPEAKERS}']")
    assert visit.page.url.endswith(f"#{SPEAKERS}")
    visit.page.wait_for_selector(f"[data-column='{SPEAKERS}'][aria-pressed='true']")
    values = {(start, end) for kind, start, end in visit.lines if kind == "value"}
    assert {edge for edge in values if not edge[1].startswith("raw.")} == path_by_hand(lineage, models, SPEAKERS)
    assert ("api.speakers.name", "raw.speakers.name") in values
    assert ("rows", "staging.session_tracks.track_id", "summary.agenda") in visit.lines
    card = ".canvas .card:has(a[href='#staging.session_speakers'])"
    joins, lit = visit.texts(f"{card} .join"), visit.texts(f"{card} .lit")
    assert [each.split() for each in joins] == [
        [name, ",", "decides", "which", "rows", "there", "are"] for name in ("session_key", "speaker_id")
    ]
    assert lit == ["list_index"]
    visit.page.uncheck("#show-rows")
    assert not visit.page.is_visible(".canvas .join")
    visit.page.check("#show-rows")

    visit.open("raw.halls.name")  # downwards
    ends = {end for kind, _, end in visit.lines if kind == "value"}
    assert {"staging.halls.hall", "summary.agenda.hall", "summary.hall_conflicts.hall"} <= ends
    visit.page.click("#clear")
    assert visit.page.url.endswith("#raw.halls")
    visit.page.wait_for_selector(".canvas path.value", state="detached")
    assert {kind for kind, _, _ in visit.lines} == {"table"}


def test_keys_follow_the_lines(visit: Visit):
    visit.open("summary.agenda")
    visit.page.focus(".canvas [data-column='summary.agenda.entry_key']")
    for _ in range(8):
        visit.page.keyboard.press("ArrowDown")
    assert visit.focused == SPEAKERS
    visit.page.keyboard.press("Enter")
    assert visit.page.url.endswith(f"#{SPEAKERS}")
    visit.wait_for_focus(SPEAKERS)
    for source in ("staging.speakers.speaker", "raw.speakers.name", "api.speakers.name"):
        while visit.focused.rpartition(".")[0] != source.rpartition(".")[0]:
            before = visit.focused
            visit.page.keyboard.press("ArrowLeft")
            assert visit.focused != before
            if visit.focused.startswith("staging.session_speakers"):  # the first source: the other one is above it
                visit.page.focus(f".canvas [data-column='{source}']")
        assert visit.focused == source
    visit.page.keyboard.press("ArrowRight")
    assert visit.focused == "raw.speakers.name"
    visit.page.keyboard.press("Escape")
    assert visit.page.url.endswith("#summary.agenda")


def test_the_details_say_what_breaks(visit: Visit):
    visit.open("staging.tracks.track")
    assert visit.texts(".details h4") == ["staging.tracks.track varchar"]
    impact = " ".join(visit.texts(".details .impact"))
    named, _, held = impact.partition(" further model")
    assert named.startswith("4 models no longer build: ")
    assert {
        *("summary.agenda", "summary.track_summary", "summary.data_quality", "summary.session_readiness"),
    } == set(re.findall(r"summary\.\w+", named))
    assert re.findall(r"summary\.\w+", held) == ["summary.event_overview"], "it reads summary.data_quality"
    visit.open("staging.halls.hall_id")
    impact = " ".join(visit.texts(".details .impact"))
    assert "history.entry_versions" in impact.partition(" further ")[0]
    assert "summary.schedule_changes" in impact.partition(" further ")[2], "it reads what no longer builds"
    visit.open("api.tracks.name")
    assert "".join(visit.texts(".details .impact")).startswith("No build breaks, but ")
    visit.open("summary.agenda.title")
    assert visit.texts(".details .impact") == ["No other table breaks."]


def test_the_whole_lineage_keeps_its_view(visit: Visit, catalogue: Catalogue):
    visit.open("lineage")
    assert visit.page.locator(".canvas .card").count() == len(catalogue.tables)
    more = visit.page.locator(".canvas .card:has(a[href='#staging.halls']) .more")
    more.click()
    assert (
        visit.page.locator(".canvas .card:has(a[href='#staging.halls']) .more").get_attribute("aria-expanded") == "true"
    )
    visit.page.click("[data-column='staging.halls.hall']")
    assert visit.page.url.endswith("#lineage:staging.halls.hall")
    assert visit.texts(".view.current h2") == ["Lineage"]
    visit.page.go_back()
    visit.page.wait_for_selector(".canvas .lit", state="detached")
    assert visit.page.locator(".canvas .card").count() == len(catalogue.tables)


@pytest.mark.parametrize("anchor", ["summary.gone", "lineage:gone", "%", "constructor"])
def test_an_address_that_leads_nowhere_says_so(visit: Visit, anchor: str):
    visit.open(anchor)
    assert visit.texts("#notice")[0].startswith("This catalogue has no “")
    assert visit.page.is_visible("#picture" if anchor.startswith("lineage") else "#home")


# Each width and each scheme once: colours know nothing of the width.
@pytest.mark.parametrize(
    ("size", "scheme"),
    [
        pytest.param(DESKTOP, "dark", id="dark desktop", marks=pytest.mark.nightly),
        pytest.param(PHONE, "light", id="light phone"),
    ],
)
def test_nothing_keeps_anybody_from_reading_it(browser: Any, served: str, size: dict[str, int], scheme: str):
    visit = Visit(browser, f"{served}/{CATALOGUE_FILE}", size, scheme)
    # It takes seconds for each: every view once, the first two at both widths.
    views = ("summary.agenda", SPEAKERS) if size == PHONE else ("raw.participants.email", "api.lectures", "nowhere")
    for anchor in ("", "lineage", *views):
        visit.open(anchor)
        assert visit.faults == [], anchor
        assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"
    if size == PHONE:
        visit.page.fill("#search", "speaker")
        assert visit.faults == []
    visit.context.close()


def test_odd_texts_do_nothing(browser: Any, served: str):
    visit = Visit(browser, f"{served}/nasty.html")
    visit.open("summary.nasty.column_0")
    assert visit.texts("article.current .columns .d")[0] == NASTY[0]
    assert visit.page.evaluate("window.pwned") is None
    visit.page.fill("#search", "onerror")
    assert visit.page.locator("#results img").count() == 0
    assert visit.page.evaluate("window.pwned") is None
    assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert visit.complaints == []
    visit.context.close()


def test_a_script_that_got_in_would_not_run(browser: Any, served: str):
    context = browser.new_context()
    page = context.new_page()
    blocked: list[str] = []
    page.on("console", lambda message: blocked.append(message.text))
    page.goto(f"{served}/{CATALOGUE_FILE}")
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.pwned = 1'}))"
    )
    assert page.evaluate("window.pwned") is None
    assert any("Content Security Policy" in text for text in blocked)
    context.close()


def test_two_hundred_tables_stay_quick(browser: Any, served: str):
    visit = Visit(browser, f"{served}/many.html")
    visit.open("")
    timed = functools.partial(visit.page.evaluate, TIMED)
    for act in ("lineage", "summary.table_number_3", "summary.table_number_3.column_2", "search"):
        assert timed(act) < 2000, act  # a tenth of it on a machine that does nothing else
    visit.context.close()


def test_printed_it_has_every_table(browser: Any, served: str, catalogue: Catalogue):
    visit = Visit(browser, f"{served}/{CATALOGUE_FILE}")
    visit.open("")
    assert visit.page.locator("article:visible").count() == 0
    visit.page.emulate_media(media="print")
    assert visit.page.locator("article:visible").count() == len(catalogue.tables)
    assert not visit.page.is_visible(".bar")
    assert len(visit.page.pdf()) > 100_000
    visit.context.close()

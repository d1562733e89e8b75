"""The page as a document: its texts, its data, its size, and that nothing in it can do anything."""

import json
import re
from datetime import timedelta
from html.parser import HTMLParser
from time import process_time

import pytest

from event_assets.models.lineage import Lineage
from event_assets.site import EVENT_FILE, TEMPLATES
from event_assets.site.catalogue import Catalogue, TableStatus
from event_assets.site.files import INDEX_FILE
from event_assets.site.page import render
from event_assets_tests.site.synthetic import COLUMNS, NASTY, NOW, many_tables, nasty_texts


class Document(HTMLParser):
    """The elements of a page, and the text of those that have an id."""

    def __init__(self, page: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.text = ""
        self._in = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._in = ""

    def handle_data(self, data: str) -> None:
        if self._in == "script":
            self.scripts[-1] += data
        elif self._in != "style":
            self.text += data

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] or "" for _, attributes in self.tags if "id" in attributes]

    @property
    def data(self) -> dict[str, list]:
        return json.loads(self.scripts[0])


@pytest.fixture(scope="module")
def page(catalogue: Catalogue) -> str:
    return render(catalogue)


def test_the_data_of_the_picture_is_the_lineage(page: str, models: dict, lineage: Lineage):
    data = Document(page).data
    columns = [[f"{table}.{name}" for name in names] for table, names in data["tables"]]
    tables = [table for table, _ in data["tables"]]
    drawn = {(columns[table][place], columns[user][at]) for table, place, user, at in data["values"]}
    of_models = {
        (f"{read}.{source}", f"{relation}.{column}")
        for relation in models
        for column, made in lineage.origins(relation).items()
        for read, source in made
    }
    assert {edge for edge in drawn if not edge[1].startswith("raw.")} == of_models
    assert {(tables[read], tables[reader]) for read, reader in data["reads"]} >= {
        (str(read), str(relation)) for relation, model in models.items() for read in model.reads
    }
    assert ["staging.sessions.kind", "summary.workshop_capacity", "filter"] in [
        [columns[table][place], tables[user], use] for table, place, user, use in data["rows"]
    ]


def test_every_id_is_there_once_and_every_link_leads_to_one(page: str, catalogue: Catalogue):
    document = Document(page)
    assert len(document.ids) == len(set(document.ids))
    assert set(document.ids) >= {f"{table.id}.{each.name}" for table in catalogue.tables for each in table.columns}
    links = {attributes["href"] or "" for tag, attributes in document.tags if tag == "a"}
    assert {EVENT_FILE, INDEX_FILE} <= links
    assert {link.removeprefix("#") for link in links - {EVENT_FILE, INDEX_FILE}} - {""} <= set(document.ids)


def test_nothing_is_loaded_from_anywhere(page: str):
    document = Document(page)
    assert not [
        attributes for _, attributes in document.tags if {"src", "srcset", "data", "action"} & attributes.keys()
    ]
    assert not [tag for tag, _ in document.tags if tag in ("img", "iframe", "object", "base", "form")]
    assert [(attributes["href"] or "")[:5] for tag, attributes in document.tags if tag == "link"] == ["data:"]
    style_and_scripts = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES.iterdir())
    assert not re.search(r"@import|url\(|fetch\(|XMLHttpRequest|innerHTML|eval\(", style_and_scripts)
    assert set(re.findall(r"https?://[^\s\"'`<]+", style_and_scripts)) <= {"http://www.w3.org/2000/svg"}


def test_texts_are_shown_as_they_are_and_do_nothing():
    document = Document(render(nasty_texts()))
    for text in NASTY:
        assert document.text.count(text) >= 5, text
    assert len(document.scripts) == 2
    assert not any("pwned" in script for script in document.scripts)
    assert not [tag for tag, attributes in document.tags if tag == "img" or "onerror" in attributes]
    assert document.data["tables"][0][0] == "summary.nasty"


def test_a_table_name_cannot_end_the_script():
    nasty = nasty_texts().tables[0]
    odd = Catalogue(NOW, "UTC", (type(nasty)("summary", NASTY[0], "table", "x", nasty.columns),))
    document = Document(render(odd))
    assert len(document.scripts) == 2
    assert document.data["tables"][0][0] == f"summary.{NASTY[0]}"


def test_times_are_those_of_the_zone_and_freshness_is_of_the_moment():
    status = TableStatus(NOW - timedelta(hours=25, minutes=30), 5, {}, timedelta(hours=25), timedelta(hours=26))
    assert status.freshness(NOW) == "due"
    assert status.freshness(NOW + timedelta(minutes=30)) == "overdue"
    assert status.freshness(NOW - timedelta(hours=1)) == "fresh"
    assert TableStatus(fails_after=timedelta(hours=1)).freshness(NOW) == "never built"
    assert TableStatus(NOW).freshness(NOW) is None


def test_what_needs_somebody_is_on_the_first_page(page: str):
    text = Document(page).text
    assert "summary.agenda fails kind_is_accepted" in text
    assert "summary.agenda is overdue" in text
    assert text.count("is overdue") == 1


def test_two_hundred_tables_are_quick_and_small():
    catalogue = many_tables()
    assert (len(catalogue.tables), sum(len(table.columns) for table in catalogue.tables)) == (200, 200 * COLUMNS)
    render(nasty_texts())  # the templates are compiled once in a process
    started = process_time()  # of this process alone: others may be busy
    page = render(catalogue)
    seconds = process_time() - started
    assert len(page.encode()) < 3_000_000
    assert seconds < 2

"""The page that lists the events: every link on it, and every one that leads to it, ends at a file."""

import os
from datetime import datetime, timezone
from pathlib import Path

import pytest

from event_assets.assets.event_list import read_site_events
from event_assets.settings import SettingsError, read_event, read_events
from event_assets.site import CATALOGUE_FILE, EVENT_FILE, EVENTS_FILE
from event_assets.site.among import ALONE, Among
from event_assets.site.files import INDEX_FILE
from event_assets_tests.site.document import Document, Element

NOW = datetime(2026, 11, 1, tzinfo=timezone.utc)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of [site], and three events beside that of [event]; the pages of `aside` are elsewhere."""
    monkeypatch.setenv("SITE__FOLDER", str(tmp_path / "site"))
    monkeypatch.setenv("SITE__EVENT_TITLE", "The <b>main</b> one")
    monkeypatch.setenv("SOURCES__EVENT_API__API_TOKEN", "token-of-event")
    monkeypatch.setenv("EVENTS__NAMES", '["graz2026", "linz2025", "aside"]')
    monkeypatch.setenv("EVENTS__GRAZ2026__OPENS", "2026-12-01")
    monkeypatch.setenv("EVENTS__GRAZ2026__CLOSES", "2026-12-03")
    monkeypatch.setenv("EVENTS__GRAZ2026__TIMEZONE", "Pacific/Auckland")
    monkeypatch.setenv("EVENTS__LINZ2025__OPENS", "2025-05-09T18:00")
    monkeypatch.setenv("EVENTS__LINZ2025__CLOSES", "2025-05-09T23:00")
    monkeypatch.setenv("EVENTS__LINZ2025__ARCHIVE", "true")
    monkeypatch.setenv("EVENTS__ASIDE__SITE__FOLDER", str(tmp_path / "aside"))
    return tmp_path / "site"


def entries(page: Element) -> dict[str, tuple[str, list[str]]]:
    """What the page says of each event, by its title: when it is on, and its links."""
    return {
        item.one(".label").text: (item.one(".about").text, [link.attributes["href"] for link in item.find("a")])
        for item in page.one("#main-content").find("li")
    }


def listed(root: Path) -> dict[str, tuple[str, list[str]]]:
    read_site_events().write_list(NOW)
    return entries(Document((root / EVENTS_FILE).read_text(encoding="utf-8")).root)


def pages(folder: str) -> list[str]:
    return [f"{folder}{file}" for file in (EVENT_FILE, INDEX_FILE, CATALOGUE_FILE)]


def test_it_lists_all_events_with_their_days_and_pages(root: Path):
    found = listed(root)
    assert [*found] == ["graz2026", "linz2025", "The <b>main</b> one", "aside"], "the latest first, then the others"
    assert found["graz2026"] == ("1\N{EN DASH}3 December 2026", pages("graz2026/"))
    assert found["linz2025"] == ("Friday, 9 May 2025, archived", pages("linz2025/"))
    assert found["The <b>main</b> one"] == ("No days are set", pages(""))
    assert found["aside"] == ("No days are set", []), "a folder elsewhere is perhaps not served"


def test_the_pages_of_each_event_lead_to_it(root: Path):
    events, ways = read_site_events(), {}
    for event in events.events:
        among = events.among(event)
        if among.events_page:
            assert isinstance(event.site.folder, Path)
            assert os.path.normpath(event.site.folder / among.events_page) == str(root / EVENTS_FILE)
        ways[event.label] = among
    assert ways == {
        "event": Among("The <b>main</b> one", "events.html"),
        "graz2026": Among("graz2026", "../events.html"),
        "linz2025": Among("linz2025", "../events.html"),
        "aside": Among("aside", ""),
    }


def test_folders_in_a_bucket_have_ways_as_well(root: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SITE__FOLDER", "s3://bucket/pages/")
    monkeypatch.setenv("EVENTS__ASIDE__SITE__FOLDER", "s3://bucket/pages2")
    events = read_site_events()
    assert {event.label: events.among(event).events_page for event in events.events} == {
        "event": "events.html",
        "graz2026": "../events.html",
        "linz2025": "../events.html",
        "aside": "",
    }


def test_an_event_with_a_folder_elsewhere_does_not_need_that_of_all(root: Path):
    root.write_text("a file, so that nothing can be written below", encoding="utf-8")
    events = read_site_events()
    by_name = {event.label: event for event in events.events}
    events.write_list_for(by_name["aside"], NOW)
    with pytest.raises(SettingsError):
        events.write_list_for(by_name["graz2026"], NOW)


def test_an_event_that_cannot_be_read_is_not_on_it(root: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("EVENTS__GRAZ2026__CLOSES", "2026-11-30")
    assert [*listed(root)] == ["linz2025", "The <b>main</b> one", "aside"]


def test_it_is_written_only_where_it_says_something_else(root: Path, monkeypatch: pytest.MonkeyPatch):
    listed(root)
    before = (root / EVENTS_FILE).stat().st_ino
    listed(root)
    assert (root / EVENTS_FILE).stat().st_ino == before
    monkeypatch.setenv("EVENTS__NAMES", '["graz2026", "linz2025"]')
    monkeypatch.delenv("EVENTS__ASIDE__SITE__FOLDER")
    assert len(listed(root)) == 3
    assert (root / EVENTS_FILE).stat().st_ino != before


def test_one_event_has_no_list(root: Path, monkeypatch: pytest.MonkeyPatch):
    listed(root)
    for name in [name for name in os.environ if name.startswith("EVENTS__")]:
        monkeypatch.delenv(name)
    events = read_site_events()
    events.write_list(NOW)
    assert not (root / EVENTS_FILE).exists()
    assert events.among(read_event()) == ALONE
    events.write_list(NOW)
    assert not (root / EVENTS_FILE).exists()


def test_all_code_locations_are_on_it(root: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("EVENTS__ONLY", '["linz2025"]')
    assert [event.label for event in read_events()] == ["linz2025"]
    assert len(listed(root)) == 4

"""Which files are written: those whose values have changed, and no others; what is gone is removed."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path

import msgspec
import pytest

from event_assets.settings import SettingsError, SiteSettings
from event_assets.site.files import INDEX_FILE
from event_assets.site.files.index import FileGroup, FileLink, readable_size, render_index
from event_assets.site.files.parts import Values, store_values
from event_assets.site.files.store import LIST_FILE, Stored
from event_assets.site.folder import LocalFolder, SiteFolder, open_folder
from event_assets_tests.site.hostile import EMPTY, SEEN, changes, entry, programme, table

TABLE_FILES = {"files/tables/hostile.csv", "files/tables/hostile.parquet"}


class Recorder(LocalFolder):
    """A folder that knows what was written and removed last."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.written: set[str] = set()
        self.removed: set[str] = set()

    def write(self, files: Mapping[str, bytes]) -> None:
        self.written = {*files}
        super().write(files)

    def remove(self, names: object) -> None:
        self.removed = {*names}  # type: ignore[misc]
        super().remove(self.removed)


@pytest.fixture
def folder(tmp_path: Path) -> Recorder:
    return Recorder(tmp_path / "site")


def values() -> Values:
    """A table, a programme of two sessions, and its changes."""
    made = programme(entry(1, "A", speakers=("1",)), entry(2, "B", hall="2", speakers=("2",)))
    made = replace(made, halls=made.halls[:2], tracks=(), speakers=made.speakers[:2])
    return Values("Days", "Europe/Brussels", SEEN, (table(),), {}, made, changes())


def stored(folder: SiteFolder, made: Values, code: str = "1") -> Stored:
    return store_values(folder, made, code)


def test_what_is_as_it_was_is_not_written_again(folder: Recorder):
    first = stored(folder, values())
    assert folder.written == {*folder.sizes("files")} > TABLE_FILES
    assert {f"files/{name}": size for name, size in first.sizes.items()} == {
        name: size for name, size in folder.sizes("files").items() if name not in (INDEX_FILE, LIST_FILE)
    }
    again = stored(folder, replace(values(), made_at=SEEN + timedelta(hours=1)))
    assert (again.written, folder.written, folder.removed) == (0, set(), set())
    assert again.sizes == first.sizes
    assert stored(folder, values(), code="2").written == len(first.sizes) + 2, "other code may make other files"


def test_a_changed_table_writes_its_files_and_the_workbook(folder: Recorder):
    stored(folder, values())
    longer = replace(values(), tables=(table(2),))
    stored(folder, longer)
    assert folder.written == {*TABLE_FILES, "files/summaries.xlsx", INDEX_FILE, LIST_FILE}


def test_a_changed_programme_writes_its_own_and_removes_what_is_gone(folder: Recorder):
    stored(folder, values())
    other = values()
    assert other.programme
    other = replace(other, programme=replace(other.programme, entries=other.programme.entries[:1]))
    stored(folder, other)
    assert folder.removed == {"files/calendars/speaker-2.ics"}
    assert folder.written == {
        *("files/schedule.xml", "files/schedule.json", "files/calendars/all.ics", "files/calendars/hall-2.ics"),
        *(INDEX_FILE, LIST_FILE),
    }, "the calendars of the first session's hall and speaker are as they were"
    assert "files/calendars/speaker-2.ics" not in folder.sizes("files")


def test_what_somebody_has_removed_or_changed_comes_back(folder: Recorder):
    stored(folder, values())
    before = folder.read("files/tables/hostile.csv")
    folder.remove(["files/tables/hostile.csv"])
    stored(folder, values())
    assert folder.read("files/tables/hostile.csv") == before
    folder.write({LIST_FILE: b"{no list"})
    assert stored(folder, values()).written == len(folder.sizes("files"))


def test_what_is_held_back_stays_as_it_was(folder: Recorder):
    stored(folder, values())
    kept = TABLE_FILES | {"files/schedule.xml", "files/changes.atom", "files/calendars/speaker-1.ics"}
    before = {name: folder.read(name) for name in kept}
    held = replace(values(), tables=(), held_back={"hostile": "Its check failed."}, programme=None, changes=None)
    stored(folder, held)
    assert {name: folder.read(name) for name in before} == before
    page = (folder.read(INDEX_FILE) or b"").decode()
    assert "hostile is held back, and stays as it was: Its check failed." in page
    assert {*re.findall('href="([^"]+)"', page)} >= {name.removeprefix("files/") for name in before}
    stored(folder, values())
    assert b"held back" not in (folder.read(INDEX_FILE) or b"")


def test_nothing_is_known_yet(folder: Recorder):
    first = stored(folder, Values("Event", "UTC", SEEN, (), {}, None, None))
    assert [*first.sizes] == ["summaries.xlsx"]
    empty = stored(folder, Values("Event", "UTC", SEEN, (), {}, EMPTY, []))
    assert {*empty.sizes} == {"summaries.xlsx", "schedule.xml", "schedule.json", "calendars/all.ics", "changes.atom"}


def test_in_a_bucket_it_is_the_same():
    folder = open_folder(SiteSettings(folder="memory://bucket/files-of-a-test"))
    first = stored(folder, values())
    assert first.written == len(folder.sizes("files"))
    assert stored(folder, values()).written == 0
    folder.remove(folder.sizes(""))


def test_a_file_that_cannot_be_written_is_tried_again(folder: Recorder, monkeypatch: pytest.MonkeyPatch):
    stored(folder, values())
    longer = replace(values(), tables=(table(2),))

    def no_space(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(Path, "replace", no_space)
        with pytest.raises(SettingsError, match="stays as it was"):
            stored(folder, longer)
    stored(folder, longer)
    assert folder.written >= TABLE_FILES


def test_the_page_lists_every_file_with_its_size_and_loads_nothing(folder: Recorder):
    made = stored(folder, replace(values(), title="<script>alert(1)</script>"))
    page = (folder.read(INDEX_FILE) or b"").decode()
    links = re.findall('href="([^"]+)"', page)
    files = [link for link in links if not link.startswith(("#", "data:", "../"))]
    assert sorted(files) == sorted(made.sizes)
    assert "../catalogue.html" in links
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    text = " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())
    for name in ("schedule.json", "summaries.xlsx"):
        assert readable_size(made.sizes[name]) in text
    assert re.findall(r'(?:src|action)="', page) == []
    assert "default-src 'none'" in unescape(page)
    assert msgspec.json.decode(folder.read(LIST_FILE) or b"")["parts"]["workbook"]["files"] == {
        "files/summaries.xlsx": made.sizes["summaries.xlsx"]
    }


def test_sizes_are_readable():
    sizes = (0, 999, 1000, 12_345, 999_499, 999_500, 12_345_678)
    assert [readable_size(size) for size in sizes] == ["0 B", "999 B", "1 KB", "12 KB", "999 KB", "1.0 MB", "12.3 MB"]


def test_a_group_without_files_is_not_listed():
    group = FileGroup("Nothing", "", [FileLink("a", "", {"CSV": "a.csv"})])
    assert b"Nothing" not in render_index("Days", "Now.", [], [group], {})

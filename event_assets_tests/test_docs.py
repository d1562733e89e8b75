"""Links, commands, settings, readers and length of the pages that people write."""

import re
from pathlib import Path

import pytest

from event_assets.__main__ import main
from event_assets.models.project import MODELS_FOLDER
from event_assets_tests.code_location import shared_definitions
from event_assets_tests.conftest import CHECKOUT

GENERATED = {"data-dictionary.md", "door.md", "what-happens-when.md"}
DOCS = sorted((CHECKOUT / "docs").glob("*.md"))
WRITTEN = [path for path in DOCS if path.name not in GENERATED]
EVERY = [CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", *DOCS]
MOST_WORDS = 900
READERS = r"For (the analyst|the engineer|the engineer on call|contributors)\b"


def named(pages: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("page", pages, ids=[path.name for path in pages])


def links(text: str) -> list[str]:
    """Return the targets within the checkout of a page's links and pictures."""
    found = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'src="([^"]+)"', text)
    return [target for target in found if not re.match(r"https?://", target)]


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page: Path) -> list[str]:
    """Return the links of a page that lead to no file, or to no heading of it."""
    broken = []
    for link in links(page.read_text(encoding="utf-8")):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if not target.is_file() or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            broken.append(link)
    return broken


def settings_of(text: str) -> set[str]:
    """Return the settings of a commented settings file, as `section.name`."""
    found, section = set(), ""
    for line in text.splitlines():
        if heading := re.fullmatch(r"\[([\w.]+)\]", line):
            section = heading[1]
        elif name := re.match(r"(?:# )?([a-z_]+) = ", line):
            found.add(f"{section}.{name[1]}")
    return found


@named(EVERY)
def test_links_lead_somewhere(page: Path):
    assert broken_links(page) == []


def test_a_broken_link_is_found(tmp_path: Path):
    page = tmp_path / "page.md"
    (tmp_path / "other.md").write_text("# Other\n\n```\n# no heading\n```\n## What it is: `x`\n")
    page.write_text(
        '# Page\n[a](other.md#what-it-is-x) [b](other.md#no-heading) [c](gone.md) [d](#page) <img src="e.png">'
        " [f](https://example.com/g)"
    )
    assert broken_links(page) == ["other.md#no-heading", "gone.md", "e.png"]


def test_every_page_can_be_reached_from_the_readme():
    linked = {link.partition("#")[0] for link in links((CHECKOUT / "README.md").read_text(encoding="utf-8"))}
    assert {f"docs/{path.name}" for path in DOCS} <= linked


@named(EVERY)
def test_commands_exist(page: Path):
    text = page.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", (CHECKOUT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE)) <= targets
    assert set(re.findall(r"event-assets ([a-z-]+)\b", text)) <= set(main.commands)


@named(WRITTEN)
def test_settings_exist(page: Path):
    files = (CHECKOUT / ".dlt" / "config.toml", CHECKOUT / ".dlt" / "secrets.toml.example")
    settings = settings_of("\n".join(path.read_text(encoding="utf-8") for path in files))
    sections = "|".join({name.rpartition(".")[0].replace(".", r"\.") for name in settings})
    assert len(settings) > 30
    tables = {f"events.{path.stem}" for path in (MODELS_FOLDER / "events").glob("*.sql")}
    named = set(re.findall(rf"`((?:{sections})\.[a-z_]+)`", page.read_text(encoding="utf-8")))
    assert named - tables <= settings


def test_automation_lists_every_sensor_and_schedule():
    page = (CHECKOUT / "docs" / "automation.md").read_text(encoding="utf-8")
    first = re.findall(r"^\| (`.*?) \|", page.partition("## What starts what")[2].partition("\n## ")[0], re.MULTILINE)
    repository = shared_definitions().get_repository_def()
    names = {each.name for each in (*repository.sensor_defs, *repository.schedule_defs)}
    assert set(re.findall(r"`(\w+)`", " ".join(first))) == names


def test_alerts_have_the_headings_that_people_receive():
    page = (CHECKOUT / "docs" / "on-call.md").read_text(encoding="utf-8")
    headings = re.findall(r"^\| “(.*?)” \(`\w+`\) \|", page, re.MULTILINE)
    code = "".join(path.read_text(encoding="utf-8") for path in (CHECKOUT / "event_assets" / "automation").glob("*.py"))
    assert len(headings) == 6
    assert [heading for heading in headings if f'"{heading}"' not in code] == []


@named(WRITTEN)
def test_a_page_names_its_reader(page: Path):
    assert re.match(rf"# [^\n]+\n\n{READERS}", page.read_text(encoding="utf-8"))


@named([CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", *WRITTEN])
def test_a_page_is_short(page: Path):
    assert len(page.read_text(encoding="utf-8").split()) <= MOST_WORDS

"""The event's page as a document: what it does with odd texts, with nothing, and with much; its words and its links."""

import json
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from html import unescape
from itertools import pairwise
from time import process_time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from event_assets.sandbox import Event, generate_event
from event_assets.site import CATALOGUE_FILE, EVENT_FILE
from event_assets.site.event import EVENT_TEMPLATES, PRINTED_FILES
from event_assets.site.event.charts import Bar, Bars
from event_assets.site.event.describe import EventPage, describe_page, queries
from event_assets.site.event.messages import ENGLISH
from event_assets.site.event.page import messages, render
from event_assets.site.event.section import Clock, Section
from event_assets.site.event.sections import sections
from event_assets.site.event.sections.ratings import RATINGS
from event_assets.site.event.tables import Query, Tables
from event_assets.site.files import INDEX_FILE
from event_assets_tests.models.bench import models
from event_assets_tests.site.document import Document, Element
from event_assets_tests.site.event_rows import tables_of
from event_assets_tests.site.synthetic import NASTY
from event_assets_tests.truth_people import participants

VIENNA = ZoneInfo("Europe/Vienna")
NOW = datetime(2026, 5, 12, 10, 40, tzinfo=VIENNA)
FILES = [EVENT_FILE, *PRINTED_FILES]
MEGABYTE = 1_000_000
UNBROKEN = "n" * 40 + "_and_no_break"


@pytest.fixture(scope="module")
def event() -> Event:
    return generate_event(lectures=24, participants=50, seed=7)


@pytest.fixture(scope="module")
def tables(event: Event) -> Tables:
    return tables_of(event, schedule_changes=CHANGES)


def change(key: str, seen: datetime, kind: str, old: str | None, new: str | None, refresh: int = 2) -> tuple[Any, ...]:
    """A row of ``summary.schedule_changes``, as the page reads it."""
    return (f"lecture:{key}", 2, kind, refresh, seen, "lecture", f"Talk {key}", date(2026, 5, 12), old, new)


YESTERDAY = datetime(2026, 5, 10, 22, 0, tzinfo=timezone.utc)
"""When yesterday began in Vienna."""
CHANGES = [
    change("1", YESTERDAY - timedelta(seconds=1), "renamed", "Before yesterday", "Still before", 2),
    change("2", YESTERDAY, "moved_hall", "Great Hall", "Library", 3),
    change("3", NOW, "moved_time", "2026-05-12 09:00:00 to 2026-05-12 09:45:00", "2026-05-12 10:00:00 to ?", 4),
    change("3", NOW, "renamed", "2026-05-12 is no date here", NASTY[0], 4),
    change("4", NOW, "moved_day", "2026-05-12", "2026-05-13", 4),
]


@pytest.fixture(scope="module")
def page(tables: Tables) -> EventPage:
    return describe_page(tables, NOW)


@pytest.fixture(scope="module")
def files(page: EventPage) -> Mapping[str, str]:
    return render(page)


def part(files: Mapping[str, str], section: str) -> Element:
    return Document(files[EVENT_FILE]).root.one(f"#{section}")


def test_it_has_every_section_and_every_file(files: Mapping[str, str]):
    assert [*files] == FILES
    shown = [each.attributes["id"] for each in Document(files[EVENT_FILE]).root.find("section.part")]
    assert shown == [section.name for section in sections() if not section.optional]
    assert shown[:4] == ["now", "attention", "changes", "programme"]
    assert {"arrivals", "registrations", "halls", "workshops", "transfers"} <= {*shown}


def test_what_changed_since_yesterday_began_in_the_zone_of_the_event(files: Mapping[str, str]):
    seen = "Tue 12 May, 10:40"
    moved = ["other time", "Tue 12 May, 09:00 to Tue 12 May, 09:45", "Tue 12 May, 10:00 to ?"]
    rows = [
        ["Talk 3 Lecture, Tue 12 May", *moved, seen],
        ["renamed", "2026-05-12 is no date here", NASTY[0]],
        ["Talk 4 Lecture, Tue 12 May", "other day", "Tue 12 May", "Wed 13 May", seen],
        ["Talk 2 Lecture, Tue 12 May", "other hall", "Great Hall", "Library", "Mon 11 May, 00:00"],
    ]
    assert part(files, "changes").rows() == rows
    assert Document(files["print-changes.html"]).root.rows() == rows


@pytest.mark.parametrize("file", FILES)
def test_links_ids_and_headings(files: Mapping[str, str], file: str):
    root = Document(files[file]).root
    ids = [each.attributes["id"] for each in root if "id" in each.attributes]
    assert len(ids) == len(set(ids))
    links = {each.attributes["href"] for each in root.find("a")}
    assert links <= {CATALOGUE_FILE, INDEX_FILE, *FILES, *(f"#{each}" for each in ids)}
    assert (CATALOGUE_FILE if file == EVENT_FILE else EVENT_FILE) in links
    for each in root:
        assert each.attributes.get("aria-labelledby", ids[0]) in ids
        assert not {"src", "srcset", "style", "onclick", "action"} & each.attributes.keys(), each.tag
    levels = [int(each.tag[1]) for each in root if re.fullmatch(r"h\d", each.tag)]
    assert levels[0] == 1
    assert all(later - level <= 1 for level, later in pairwise(levels))
    assert all("scope" in each.attributes for each in root.find("th"))
    policy = next(each.attributes["content"] for each in root.find("meta") if "http-equiv" in each.attributes)
    assert policy.startswith("default-src 'none'; img-src data:; base-uri 'none'; style-src 'sha256-")
    assert ("script-src 'sha256-" in policy) is (file == EVENT_FILE)
    assert "http" not in re.sub(r"http://www\.w3\.org/2000/svg|http-equiv", "", files[file])


def abroad(text: str) -> str:
    """A text in a language without Latin letters, with its places to fill in."""
    return re.sub(r"(\{\w+\})|[A-Za-z]", lambda found: found[1] or "ж", text)


def test_no_text_is_anywhere_else_than_in_the_messages(page: EventPage, event: Event):
    """In another language no English is left, but for names, and for what tables say."""
    foreign = {**{key: abroad(text) for key, text in messages().items()}, "language": "en", "direction": "ltr"}
    groups = next(shown.value for shown in page.shown if shown.section.name == "attention")
    known = json.dumps([event.content, CHANGES, str(groups), page.timezone], default=str, ensure_ascii=False)
    for html in render(page, foreign).values():
        body = re.sub(r"<script.*?</script>", " ", html[html.index("<body") :], flags=re.DOTALL)
        labels = re.findall(r'label="([^"]*)"', body)
        texts = unescape(" ".join([re.sub(r"<[^>]+>", " ", body), *labels]))
        assert {word for word in re.findall(r"[A-Za-z]{3,}", texts) if word not in known} == set()


def test_each_text_is_used_and_each_section_has_its_own():
    files = [path for path in EVENT_TEMPLATES.parent.rglob("*.*") if path.suffix in (".py", ".html", ".js")]
    code = "".join(path.read_text(encoding="utf-8") for path in files if path.name != "messages.py")
    of_values = r"(weekday|month|rule|role|change|kind|as_of|todo|print)\.|attention\.(error|warning|note)$"
    of_sections = {f"{section.name}{end}" for section in sections() for end in (".title", ".none")}
    for key in ENGLISH.keys() - of_sections:
        name = re.sub(r"\.(one|many)$", "", key)
        assert re.match(of_values, key) or any(f'"{each}"' in code for each in (key, name, name[4:], key[4:])), key
    assert of_sections <= messages().keys()


def nasty_event() -> Event:
    """An event whose every name would break a careless page."""
    event = generate_event(lectures=24, participants=50, seed=7)
    texts = [*NASTY, UNBROKEN, '"><svg onload=alert(1)>', "{{ 7 * 7 }}", "&lt;b&gt;", "\u202eright to left\u202c"]
    for name in ("halls", "speakers", "tracks", "pauses", "lectures", "workshops"):
        for place, record in enumerate(event.content[name]):
            record["name"] = texts[place % len(texts)]
    return event


@pytest.fixture(scope="module")
def nasty() -> tuple[Event, dict[str, str]]:
    event = nasty_event()
    return event, render(describe_page(tables_of(event), NOW))


@pytest.mark.parametrize("file", [EVENT_FILE, "print-doors.html", "print-speakers.html"])
def test_odd_texts_are_texts(nasty: tuple[Event, dict[str, str]], files: Mapping[str, str], file: str):
    event, pages = nasty
    root = Document(pages[file]).root
    assert {each.tag for each in root} <= {each.tag for each in Document(files[file]).root} | {"details", "summary"}
    assert len(root.find("script")) == len(Document(files[file]).root.find("script"))
    assert not [name for each in root for name in each.attributes if name.startswith("on")]
    text = root.text
    titles = {" ".join(record["name"].split()) for record in event.content["lectures"]}
    assert {title for title in titles if title not in text} == set()


def test_the_data_of_the_script_is_the_titles(nasty: tuple[Event, dict[str, str]]):
    event, pages = nasty
    data = Document(pages[EVENT_FILE]).root.one("#now-data").children
    slots = json.loads("".join(map(str, data)))["halls"]
    known = {record["name"].strip() for name in ("lectures", "workshops") for record in event.content[name]}
    assert {slot[2] for hall in slots for slot in hall} <= known
    assert NASTY[0] in {slot[2] for hall in slots for slot in hall}


def test_an_empty_event_says_so_in_each_section():
    resources = ("halls", "days", "lectures", "speakers", "workshops", "pauses", "tracks")
    empty = Event({name: [] for name in resources}, partners=[], participants=[], timezone="Europe/Vienna")
    files = render(describe_page(tables_of(empty), NOW))
    for section in sections():
        if section.optional:
            continue
        text = part(files, section.name).text
        assert ENGLISH[f"{section.name}.none"].partition("{")[0] in text, section.name
    assert "never synced" in Document(files[EVENT_FILE]).root.one(".as-of").text
    assert Document(files["print-doors.html"]).root.find("section") == []
    assert Document(files[EVENT_FILE]).root.find("script") == []


def test_what_is_not_built_is_named_and_the_rest_is_there(event: Event, files: Mapping[str, str]):
    without = render(describe_page(tables_of(event, without=("summary.hall_gaps", "summary.agenda")), NOW))
    assert "Not built yet: summary.agenda, summary.hall_gaps." in part(without, "programme").text
    assert "Not built yet: summary.agenda." in part(without, "now").text
    assert part(without, "halls").text == part(files, "halls").text
    nothing = render(describe_page(Tables({}), NOW))
    assert part(nothing, "arrivals").text.endswith("Not built yet: summary.checkin_rate, summary.attendance_over_time.")
    assert "There is nothing to print yet." in nothing["print-speakers.html"]


def test_tables_that_are_held_back_are_named(tables: Tables):
    files = render(describe_page(tables, NOW, ["summary.agenda"]))
    assert "may be wrong: summary.agenda." in Document(files[EVENT_FILE]).root.one(".held-back").text
    assert 'class="held-back"' not in render(describe_page(tables, NOW))[EVENT_FILE]


def test_nothing_of_participants_is_in_it(event: Event, files: Mapping[str, str]):
    personal = {column for model in models().values() for column in model.facts.pii}
    for query in queries():
        assert query.table.partition(".")[0] in ("staging", "history", "summary")
        assert query.table != "staging.participants"
        assert not personal & {*query.names}, query.table
    public = json.dumps([event.content, event.partners], ensure_ascii=False)
    fields = ("email", "first_name", "last_name", "company", "id")
    values = {str(person[field]) for person in participants(event) for field in fields if person.get(field)}
    private = {value for value in values if len(value) > 4 and value not in public}
    assert len(private) > 60
    for html in files.values():
        assert {value for value in private if value in html} == set()


def test_ratings_are_shown_where_there_are_some(files: Mapping[str, str]):
    day = date(2026, 5, 12)
    rows = [
        ("lecture:1", "Fair", day, 4, 3.25, 1, 5),
        ("lecture:2", "Best <b>", day, 1, 5.0, 5, 5),
        ("lecture:3", "Unrated", day, 0, None, None, None),
    ]
    rated = part(render(describe_page(Tables({RATINGS: rows}), NOW)), "ratings")
    assert [each.text for each in rated.find("li")] == [
        "Best <b> Tue 12 May, 1 review5.0 stars", "Fair Tue 12 May, 4 reviews3.2 stars",
    ]  # fmt: skip
    assert [each.attributes["width"] for each in rated.find("rect.fill")] == ["100.0", "65.0"]
    assert rated.find("p")[0].text == "5 reviews"
    assert 'id="ratings"' not in files[EVENT_FILE], "without reviews there is no such part"


def test_a_chart_takes_one_module(monkeypatch: pytest.MonkeyPatch):
    tickets = Query("summary.ticket_types", "ticket holders")

    def describe(tables: Tables, clock: Clock) -> Bars:
        rows = sorted(tables[tickets], key=lambda row: -row.holders)
        return Bars(tuple(Bar(row.ticket, row.holders, (row.holders,)) for row in rows), rows[0].holders)

    texts = {"tickets.title": "Tickets", "tickets.none": "None."}
    own = Section("tickets", 55, (tickets,), describe, "bars.html", texts)
    everything = tuple(sorted((*sections(), own), key=lambda section: section.position))
    for module in ("describe", "page"):
        monkeypatch.setattr(f"event_assets.site.event.{module}.sections", lambda: everything)
    assert tickets in queries()
    made = describe_page(Tables({tickets: [("Day", 3), ("Full <pass>", 12)]}), NOW)
    html = part(render(made), "tickets")
    assert html.one("h3").text == "Tickets"
    assert [each.text for each in html.find("li")] == ["Full <pass>12", "Day3"]
    assert [each.attributes["width"] for each in html.find("rect.fill")] == ["100.0", "25.0"]


@pytest.mark.slow
def test_a_large_event_is_made_in_two_seconds_and_three_megabytes():
    """The people do not count: there is a row for each quarter of an hour and each day, however many come."""
    tables = tables_of(generate_event(lectures=1000, participants=1000, seed=7))
    begin = process_time()
    files = render(describe_page(tables, NOW))
    assert process_time() - begin < 2  # a quarter of it on a machine that does nothing else
    assert len(files[EVENT_FILE].encode()) < MEGABYTE
    assert sum(len(html.encode()) for html in files.values()) < 3 * MEGABYTE

"""The feed of changes, read by an independent reader of feeds."""

from datetime import datetime, timedelta, timezone
from typing import Any

import feedparser

from event_assets.site.files.feed import MOST, UNTITLED, feed_xml
from event_assets.site.files.values import Change, guid_of, xml_text
from event_assets_tests.site.hostile import FORBIDDEN, SEEN, TEXTS, changes


def read(content: bytes) -> Any:
    """Return what a feed reader sees; nothing may be wrong with it."""
    found: Any = feedparser.parse(content, sanitize_html=False)
    assert not found.bozo, found.get("bozo_exception")
    assert found.version == "atom10"
    return found


def at(updated: str) -> datetime:
    return datetime.fromisoformat(updated)


def test_every_change_is_there_as_it_was():
    found = read(feed_xml(changes(), "1", "Days of <Code>"))
    assert found.feed.title == "Days of <Code>: changes of the programme"
    assert at(found.feed.updated) == SEEN
    assert len({entry.id for entry in found.entries}) == len(found.entries) == len(TEXTS) + 1
    for entry, change in zip(found.entries, changes(), strict=True):
        words, _, title = entry.title.partition(": ")
        assert words
        assert " ".join(title.split()) == " ".join(xml_text(change.title).split())
        assert at(entry.updated) == change.seen_at
        old, _, new = entry.content[0].value.partition(" → ")
        assert old == (xml_text(change.old_value).strip() if change.old_value else "nothing")
        assert new == (xml_text(change.new_value).strip() if change.new_value else "nothing")
    assert FORBIDDEN not in found.entries[-1].title


def test_the_latest_ones_are_in_it():
    many = [Change(guid_of("1", str(n)), "added", "", SEEN - timedelta(hours=n), None, "A") for n in range(MOST + 5)]
    found = read(feed_xml(many, "1", "Event"))
    assert [entry.id for entry in found.entries] == [each.guid.urn for each in many[:MOST]]
    assert found.entries[0].title == f"New: {UNTITLED}"


def test_an_event_without_changes_has_a_feed_that_stays_the_same():
    content = feed_xml([], "1", "Event")
    found = read(content)
    assert found.entries == []
    assert at(found.feed.updated) == datetime(1970, 1, 1, tzinfo=timezone.utc)
    assert read(feed_xml([], "1", "Another title")).feed.id == found.feed.id
    assert read(feed_xml([], "2", "Event")).feed.id != found.feed.id

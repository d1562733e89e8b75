"""Makes an Atom feed (RFC 4287) of the changes of the programme, which feed readers and chat programs follow."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from xml.etree import ElementTree

from event_assets.site.files.values import Change, guid_of, xml_text

MOST = 200
"""How many of the latest changes are in it: a reader that looks once a day misses none."""
UNTITLED = "(no title)"
_ATOM = "http://www.w3.org/2005/Atom"
_WORDS = {
    "added": "New",
    "removed": "Removed",
    "returned": "Back again",
    "renamed": "Renamed",
    "moved_day": "On another day",
    "moved_time": "At another time",
    "moved_hall": "In another hall",
    "speakers_changed": "Other speakers",
}
_NOTHING = "nothing"
_NEVER = datetime(1970, 1, 1, tzinfo=timezone.utc)
"""When a feed without a change was last changed."""


def feed_xml(changes: Iterable[Change], event_id: str, title: str) -> bytes:
    """Return the feed of changes.

    Args:
        changes: The changes, the latest first.
        event_id: The identifier of the event in the API.
        title: The name of the event.
    """
    latest = [*changes][:MOST]
    root = ElementTree.Element("feed", xmlns=_ATOM)
    _add(root, "id", guid_of(event_id, "feed", "").urn)
    _add(root, "title", f"{title}: changes of the programme")
    _add(root, "updated", _iso(max((change.seen_at for change in latest), default=_NEVER)))
    _add(ElementTree.SubElement(root, "author"), "name", title)
    for change in latest:
        entry = ElementTree.SubElement(root, "entry")
        _add(entry, "id", change.guid.urn)
        _add(entry, "title", f"{_WORDS[change.kind]}: {change.title or UNTITLED}")
        _add(entry, "updated", _iso(change.seen_at))
        _add(entry, "content", f"{_shown(change.old_value)} → {_shown(change.new_value)}")
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def _add(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = xml_text(text)


def _shown(value: str | None) -> str:
    return _NOTHING if value is None else value


def _iso(at: datetime) -> str:
    return at.astimezone(timezone.utc).isoformat(timespec="seconds")

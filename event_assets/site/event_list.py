"""The page that lists the events, where there are several."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from event_assets.site import CATALOGUE_FILE, EVENT_FILE, TEMPLATES
from event_assets.site.event.messages import ENGLISH
from event_assets.site.event.text import Text
from event_assets.site.files import INDEX_FILE
from event_assets.site.html import environment, inline, policy


@dataclass(frozen=True)
class ListedEvent:
    """An event on the page.

    Attributes:
        title: What it is called.
        first_day: Its first day; None where that is not set.
        last_day: Its last day, likewise.
        folder: Its pages, from the folder of the list; None where they are not below that.
        is_archive: Whether it is over for good.
    """

    title: str
    first_day: date | None
    last_day: date | None
    folder: str | None
    is_archive: bool

    @property
    def pages(self) -> dict[str, str]:
        """Its pages: what each is called → where it is."""
        if self.folder is None:
            return {}
        files = {"The event": EVENT_FILE, "Files": INDEX_FILE, "Data catalogue": CATALOGUE_FILE}
        return {name: posixpath.normpath(f"{self.folder}/{file}") for name, file in files.items()}


def render_event_list(events: Iterable[ListedEvent]) -> bytes:
    """Return the page.

    Args:
        events: The events, in the order in which they are shown.
    """
    style = inline(TEMPLATES, "look.css", "files.css")
    page = (
        environment(TEMPLATES)
        .get_template("events.html")
        .render(
            events=[*events],
            days=Text(ENGLISH).days,
            style=Markup(style),  # noqa: S704  # our own files
            policy=policy(style, []),
        )
    )
    return page.encode()

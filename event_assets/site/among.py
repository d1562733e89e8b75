"""What the pages of an event say of the others."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Among:
    """Where the pages of an event stand among those of several.

    Attributes:
        title: What the event is called; empty where there is one event only.
        events_page: The page that lists all, from the event's folder; empty where none is to be linked.
    """

    title: str = ""
    events_page: str = ""


ALONE = Among()
"""There is one event only."""

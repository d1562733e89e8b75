"""What a part of the page is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone

from event_assets.site.event.tables import Query, Tables


@dataclass(frozen=True)
class Clock:
    """The moment at which the page is made.

    Attributes:
        now: That moment, in the event's zone.
    """

    now: datetime

    @property
    def local(self) -> datetime:
        """What the clock of the event shows, as the ``_local`` columns have it."""
        return self.now.replace(tzinfo=None)

    @property
    def today(self) -> date:
        """The date there."""
        return self.now.date()

    @property
    def yesterday(self) -> datetime:
        """When yesterday began there."""
        return datetime.combine(self.today - timedelta(days=1), time(), self.now.tzinfo)

    def at(self, instant: datetime) -> datetime:
        """Return an instant in the event's zone; one without a zone is in UTC, as some databases give it."""
        return (instant if instant.tzinfo else instant.replace(tzinfo=timezone.utc)).astimezone(self.now.tzinfo)


@dataclass(frozen=True)
class Section:
    """A part of the page: what it reads, what it makes of that, and how it is shown.

    Attributes:
        name: Its anchor, and the first part of the keys of its texts. ``NAME.title`` is its heading.
        position: Where it stands: the lowest number comes first.
        reads: What it reads.
        describe: Makes its value of the rows, at a moment; None if there is nothing to show. Pure. If the value has a
            ``style``, it is CSS that the page takes.
        template: The file of ``templates`` that shows the value: one of its own, or ``bars.html``, ``columns.html``,
            ``curve.html`` for a chart of ``charts``.
        texts: Its texts, where they are not in ``messages``.
        optional: Whether it is left out where its tables are not there: they belong to what can be switched off.
        wide: Whether it takes the whole width of the page.
        tall: Whether two others stand beside it.
    """

    name: str
    position: int
    reads: tuple[Query, ...]
    describe: Callable[[Tables, Clock], object | None]
    template: str
    texts: Mapping[str, str] = field(default_factory=dict)
    optional: bool = False
    wide: bool = False
    tall: bool = False

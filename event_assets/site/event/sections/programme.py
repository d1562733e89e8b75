"""The programme as a grid of halls and times, a day each: clashes are marked, free times are pale."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from event_assets.site.event.section import Clock, Section
from event_assets.site.event.sections.now import hall_order
from event_assets.site.event.tables import AGENDA, CONFLICTS, GAPS, HALLS, Row, Tables

HOUR = timedelta(hours=1)
STEP = timedelta(minutes=5)
"""What a row of the grid stands for."""
FOLDED_ROWS = 4
"""How many rows two or more hours take together in which nothing is on: an evening may begin late."""
LONGEST = timedelta(hours=30)
"""A day of the programme ends at six in the morning. What would lie beyond that is listed below the grid."""


@dataclass(frozen=True)
class Item:
    """What stands in the column of a hall.

    Attributes:
        row: The row of the grid in which it begins, from 1 on.
        rows: How many rows it takes.
        lane: The lane within the column, from 1 on: sessions that overlap stand side by side.
        starts: The local start.
        ends: The local end.
        kind: lecture, workshop, break or gap.
        title: Its title.
        speakers: The names of the speakers.
        clashes: Whether another session is in the hall at the same time.
        minutes: Of a gap, its length without breaks.
    """

    row: int
    rows: int
    lane: int
    starts: datetime
    ends: datetime
    kind: str
    title: str | None = None
    speakers: str | None = None
    clashes: bool = False
    minutes: int = 0


@dataclass(frozen=True)
class Column:
    """A hall on a day.

    Attributes:
        hall: The name of the hall, or its identifier; None for the breaks.
        lanes: How many lanes it has.
        items: Its sessions and gaps by time.
    """

    hall: str | None
    lanes: int
    items: tuple[Item, ...]

    @property
    def sessions(self) -> int:
        """How many sessions it has."""
        return sum(item.kind != "gap" for item in self.items)


@dataclass(frozen=True)
class Day:
    """A day of the programme.

    Attributes:
        day: The date.
        rows: How many rows the grid has.
        hours: The row, the time and whether the hours from then on are folded, for each full hour that is shown.
        columns: The halls with a session, and first the breaks where there are some.
        is_open: Whether it is shown without asking for it.
    """

    day: date
    rows: int
    hours: tuple[tuple[int, str, bool], ...]
    columns: tuple[Column, ...]
    is_open: bool

    @property
    def sessions(self) -> int:
        """How many sessions it has."""
        return sum(column.sessions for column in self.columns if column.hall is not None)

    @property
    def halls(self) -> int:
        """How many halls are used."""
        return sum(column.hall is not None for column in self.columns)

    @property
    def clashes(self) -> int:
        """How many sessions clash with another one."""
        return sum(item.clashes for column in self.columns for item in column.items)


@dataclass(frozen=True)
class Programme:
    """The programme.

    Attributes:
        days: Its days.
        unplaced: The entries that have no place in the grid: no hall, no time, or a time on another day.
    """

    days: tuple[Day, ...]
    unplaced: tuple[Row, ...]

    @property
    def style(self) -> str:
        """The rules of the places in the grid: the page's policy forbids them where they are used, in an attribute."""
        columns = [column for day in self.days for column in day.columns]
        items = [item for column in columns for item in column.items]
        begins = {item.row for item in items} | {row for day in self.days for row, *_ in day.hours}
        lanes = range(1, max((column.lanes for column in columns), default=0) + 1)
        return "\n".join(
            [
                *(f".r{row}{{grid-row-start:{row}}}" for row in sorted(begins)),
                *(f".s{rows}{{grid-row-end:span {rows}}}" for rows in sorted({item.rows for item in items})),
                *(f".l{lane}{{grid-column:{lane}}}" for lane in lanes),
                *(f".n{count}{{grid-template-columns:repeat({count},minmax(0,1fr))}}" for count in lanes),
                *(
                    f".h{rows}{{grid-template-rows:repeat({rows},var(--slot))}}"
                    for rows in sorted({day.rows for day in self.days})
                ),
            ]
        )


class Scale:
    """Places times of a day in the rows of its grid.

    Args:
        rows: What takes place on the day; the hours without any of it are folded.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self.first = min(row.starts_local for row in rows).replace(minute=0, second=0, microsecond=0)
        blocks = -((self.first - max(row.ends_local for row in rows)) // HOUR)
        busy = {
            block
            for row in rows
            for block in range((row.starts_local - self.first) // HOUR, -((self.first - row.ends_local) // HOUR))
        }
        self.heights = [HOUR // STEP] * blocks
        idle = [block for block in range(blocks) if block not in busy]
        for block in idle:
            if block - 1 in idle:
                self.heights[block] = 0
            elif block + 1 in idle:
                self.heights[block] = FOLDED_ROWS
        self.starts = [sum(self.heights[:block]) for block in range(blocks + 1)]

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.starts[-1]

    @property
    def last(self) -> datetime:
        """The end of the last hour."""
        return self.first + len(self.heights) * HOUR

    @property
    def hours(self) -> tuple[tuple[int, str, bool], ...]:
        """The row, the time and whether they are folded, of the hours that are shown."""
        return tuple(
            (self.starts[block] + 1, f"{self.first + block * HOUR:%H:%M}", height == FOLDED_ROWS)
            for block, height in enumerate(self.heights)
            if height
        )

    def begin(self, at: datetime) -> int:
        """Return how many rows lie wholly before a time."""
        block, rest = divmod(at - self.first, HOUR)
        return self.starts[block] + (rest * self.heights[block] // HOUR if rest else 0)

    def end(self, at: datetime) -> int:
        """Return how many rows have begun before a time."""
        block, rest = divmod(at - self.first, HOUR)
        return self.starts[block] + (-(-rest * self.heights[block] // HOUR) if rest else 0)


def _describe(tables: Tables, clock: Clock) -> Programme | None:
    agenda = tables[AGENDA]
    placed = [row for row in agenda if _is_placed(row)]
    chosen = {id(row) for row in placed}
    unplaced = tuple(row for row in agenda if id(row) not in chosen)
    clashing = {key for row in tables[CONFLICTS] for key in (row.session_key, row.other_session_key)}
    order = {row.hall_id: row.list_order for row in tables[HALLS]}
    dates = sorted({row.day for row in placed})
    opened = clock.today if clock.today in dates else next(iter(dates), None)
    days = tuple(
        _day(
            day,
            [row for row in placed if row.day == day],
            [row for row in tables[GAPS] if row.day == day],
            clashing,
            order,
            day == opened or len(dates) <= 2,
        )
        for day in dates
    )
    return Programme(days, unplaced) if agenda else None


def _is_placed(row: Row) -> bool:
    if None in (row.starts_local, row.ends_local, row.day) or row.ends_local <= row.starts_local:
        return False
    begins = datetime.combine(row.day, time())
    return (
        (row.hall_id is not None or row.kind == "break")
        and begins <= row.starts_local
        and row.ends_local <= begins + LONGEST
    )


def _day(
    day: date,
    rows: Sequence[Row],
    gaps: Sequence[Row],
    clashing: set[str],
    order: dict[str, int | None],
    is_open: bool,
) -> Day:
    scale = Scale(rows)
    halls: dict[str, list[Row]] = {}
    for row in rows:
        if row.kind != "break":
            halls.setdefault(row.hall_id, []).append(row)
    names = {hall: held[0].hall or hall for hall, held in halls.items()}
    columns = [
        _column(names[hall], halls[hall], [gap for gap in gaps if gap.hall_id == hall], scale, clashing)
        for hall in sorted(halls, key=lambda hall: hall_order(order.get(hall), names[hall], hall))
    ]
    if breaks := [row for row in rows if row.kind == "break"]:
        columns.insert(0, _column(None, breaks, (), scale, set()))
    return Day(day, scale.rows, scale.hours, tuple(columns), is_open)


def _column(hall: str | None, rows: Iterable[Row], gaps: Iterable[Row], scale: Scale, clashing: set[str]) -> Column:
    items, free_from = [], list[datetime]()
    for row in sorted(rows, key=lambda row: (row.starts_local, row.entry_key)):
        lane = next((place for place, end in enumerate(free_from) if end <= row.starts_local), len(free_from))
        free_from[lane : lane + 1] = [row.ends_local]
        begin = scale.begin(row.starts_local)
        rows_taken = max(1, scale.end(row.ends_local) - begin)
        clashes = row.entry_key in clashing
        times = row.starts_local, row.ends_local
        items.append(Item(begin + 1, rows_taken, lane + 1, *times, row.kind, row.title, row.speakers, clashes))
    for gap in gaps:
        starts, ends = max(gap.starts_local, scale.first), min(gap.ends_local, scale.last)
        if starts < ends and (height := scale.begin(ends) - (begin := scale.end(starts))) > 0:
            times = gap.starts_local, gap.ends_local
            items.append(Item(begin + 1, height, 1, *times, "gap", minutes=gap.longest_free_minutes))
    ordered = sorted(items, key=lambda item: (item.starts, item.kind == "gap", item.lane))
    return Column(hall, max(len(free_from), 1), tuple(ordered))


SECTION = Section("programme", 40, (AGENDA, HALLS, CONFLICTS, GAPS), _describe, "programme.html", wide=True)

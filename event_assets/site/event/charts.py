"""The values of charts that several sections show: bars, columns over time, and a curve. All are drawn as inline SVG.

A library was tried first: see docs/event-page.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

WIDTH, HEIGHT = 600, 160
"""The units of a drawing. The browser stretches it to the width that there is."""


@dataclass(frozen=True)
class Bar:
    """A bar of a list.

    Attributes:
        label: What it is about.
        value: Its length.
        numbers: What stands behind it: a number, or a part and its whole.
    """

    label: str
    value: float
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class Bars:
    """Bars that lie below each other, each with a label.

    Attributes:
        bars: They.
        most: The length of a full bar.
    """

    bars: tuple[Bar, ...]
    most: float

    def width(self, bar: Bar) -> float:
        """Return the length of a bar, from 0 to 100."""
        return round(min(100.0, 100 * bar.value / self.most), 1) if self.most else 0.0


@dataclass(frozen=True)
class Columns:
    """Columns over the quarters of an hour of a day.

    Attributes:
        day: The date.
        columns: A label, such as ``09:15``, and a number for each quarter, also where the number is 0.
        scale: The number of a column of the full height: the same for several drawings, so that they can be compared.
    """

    day: date
    columns: tuple[tuple[str, int], ...]
    scale: int

    @property
    def most(self) -> int:
        """The number of the highest column."""
        return max((number for _, number in self.columns), default=0)

    @property
    def total(self) -> int:
        """All of them together."""
        return sum(number for _, number in self.columns)

    @property
    def rectangles(self) -> list[tuple[float, float, float, float]]:
        """Left edge, upper edge, width and height of each column that is not empty, in a drawing."""
        step = WIDTH / max(len(self.columns), 1)
        return [
            (round(place * step + step * 0.1, 1), round(HEIGHT - height, 1), round(step * 0.8, 1), round(height, 1))
            for place, (_, number) in enumerate(self.columns)
            if (height := HEIGHT * number / max(self.scale, 1))
        ]


@dataclass(frozen=True)
class Point:
    """A point of a curve.

    Attributes:
        x: Days from the first day of the event: -1 is the day before it.
        y: The number up to the end of that day.
        day: The date.
        new: What was new on it.
    """

    x: int
    y: int
    day: date
    new: int


@dataclass(frozen=True)
class Curve:
    """A number that grows, in steps, over the days before the event.

    Attributes:
        points: Its points, from left to right; at least one.
        until: The day on which the drawing ends, as the points count.
        known_until: The day until which the number is known: the curve ends there.
        has_opening: Whether the days count from the first day of the event.
    """

    points: tuple[Point, ...]
    until: int
    known_until: int
    has_opening: bool = True

    @property
    def first(self) -> int:
        """The day on which the drawing begins."""
        return self.points[0].x

    @property
    def most(self) -> int:
        """The highest number."""
        return self.points[-1].y

    def across(self, x: float) -> float:
        """Return where a day is in a drawing."""
        return round(WIDTH * (x - self.first) / max(self.until - self.first, 1), 1)

    @property
    def opening(self) -> float | None:
        """Where the first day of the event is in a drawing; None if it is outside of it."""
        return self.across(0) if self.has_opening and self.first <= 0 <= self.until else None

    @property
    def line(self) -> str:
        """The path of the curve in a drawing: flat until a day, then up to what it has reached on it."""
        steps = "".join(f"H{self.across(point.x):g}V{self._height(point.y):g}" for point in self.points)
        return f"M0 {self._height(0):g}{steps}H{self.across(self.known_until):g}"

    @property
    def area(self) -> str:
        """The path of what lies below the curve."""
        return f"{self.line}V{HEIGHT}H0Z"

    def _height(self, y: float) -> float:
        return round(HEIGHT - (HEIGHT - 4) * y / max(self.most, 1), 1)

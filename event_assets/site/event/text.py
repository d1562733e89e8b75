"""Writes texts, numbers and times as people read them. The words are in ``messages``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime


class Text:
    """The texts of a language.

    Args:
        messages: The texts by key; see ``messages``.
    """

    def __init__(self, messages: Mapping[str, str]) -> None:
        self.messages = messages

    def __call__(self, key: str, **values: object) -> str:
        """Return a text with values in its places.

        Raises:
            KeyError: There is no such text, or a value is missing.
        """
        return self.messages[key].format(**values)

    def get(self, key: str, otherwise: str) -> str:
        """Return a text, or another one where there is none of that key."""
        return self.messages.get(key, otherwise)

    def count(self, key: str, number: int) -> str:
        """Return a number with what is counted: the text ``KEY.one`` or ``KEY.many``."""
        return self(f"{key}.{'one' if number == 1 else 'many'}", number=self.number(number))

    def number(self, number: float) -> str:
        """Return a whole number with its thousands apart."""
        return f"{round(number):,}".replace(",", self("number.thousands"))

    def percent(self, share: float) -> str:
        """Return a share as a whole number of percent. Only all is 100, and only nothing 0."""
        percent = round(100 * share)
        return self("percent", number=min(max(percent, 1), 99) if 0 < share < 1 else percent)

    def duration(self, minutes: int) -> str:
        """Return a length of time in hours and minutes."""
        hours, rest = divmod(minutes, 60)
        key = "duration.both" if hours and rest else "duration.hours" if hours else "duration.minutes"
        return self(key, hours=hours, minutes=rest)

    def time(self, at: datetime | None) -> str:
        """Return the time of day of a moment."""
        return f"{at:%H:%M}" if at else self("unknown")

    def span(self, starts: datetime | None, ends: datetime | None) -> str:
        """Return the time of day at which something starts and ends."""
        return self("span", starts=self.time(starts), ends=self.time(ends)) if starts or ends else self("unknown")

    def day(self, day: date | None) -> str:
        """Return a date with its day of the week, short."""
        if day is None:
            return self("day.unknown")
        return self("day.short", weekday=self(f"weekday.{day.weekday()}")[:3], day=day.day, month=self._month(day)[:3])

    def long_day(self, day: date | None) -> str:
        """Return a date with its day of the week and year."""
        if day is None:
            return self("day.unknown")
        weekday = self(f"weekday.{day.weekday()}")
        return self("day.long", weekday=weekday, day=day.day, month=self._month(day), year=day.year)

    def days(self, first: date | None, last: date | None) -> str:
        """Return the first and the last date of something."""
        if first is None or last is None:
            return self("day.unknown")
        if first == last:
            return self.long_day(first)
        if (first.year, first.month) == (last.year, last.month):
            month = self._month(first)
            return self("day.range.month", first=first.day, last=last.day, month=month, year=first.year)
        return self("day.range", first=self.day(first), last=self.day(last), year=last.year)

    def moment(self, at: datetime | None) -> str:
        """Return a date and a time of day."""
        return self("moment", day=self.day(at.date()), time=self.time(at)) if at else self("unknown")

    def _month(self, day: date) -> str:
        return self(f"month.{day.month}")

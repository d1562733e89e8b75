"""Says which calendars there are and what each holds, without making them: mostly none or few have changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from event_assets.site.files.store import fingerprint
from event_assets.site.files.values import Entry, Named, Programme, calendar_name


@dataclass(frozen=True)
class CalendarList:
    """What a calendar holds.

    Attributes:
        kind: all, hall, track or speaker.
        id: The identifier of the hall, track or speaker; empty of the calendar of all.
        name: Its name, or its identifier where it has none.
        entries: Its sessions and breaks, by their start.
    """

    kind: str
    id: str
    name: str
    entries: Sequence[Entry]

    @property
    def file(self) -> str:
        """The name of its file."""
        return calendar_name(self.kind, self.id)


def calendar_lists(programme: Programme) -> list[CalendarList]:
    """Return the calendars: of all, of every hall and track, and of every speaker with a session.

    Args:
        programme: The programme.
    """
    lists = [CalendarList("all", "", "", programme.entries)]
    kinds: list[tuple[str, Iterable[Named], Callable[[Entry], Iterable[str]]]] = [
        ("hall", programme.halls, lambda entry: (entry.hall,)),
        ("track", programme.tracks, lambda entry: entry.tracks),
        ("speaker", programme.speakers, lambda entry: entry.speakers),
    ]
    for kind, members, ids_of in kinds:
        found: dict[str, list[Entry]] = {}
        for entry in programme.entries:
            for identifier in ids_of(entry):
                found.setdefault(identifier, []).append(entry)
        lists += [
            CalendarList(kind, member.id, member.name or member.id, found.get(member.id, []))
            for member in members
            if member.id in found or kind != "speaker"
        ]
    return lists


def calendar_fingerprints(programme: Programme, lists: Iterable[CalendarList]) -> list[str]:
    """Return a fingerprint of each calendar, which differs where its file does.

    Args:
        programme: The programme that they are of.
        lists: The calendars.
    """
    of_all = (programme.event_id, programme.title, programme.timezone, zone_years(programme))
    of_entries = {entry.key: fingerprint(entry, names_in(entry, programme)) for entry in programme.entries}
    return [
        fingerprint(of_all, each.kind, each.id, each.name, [of_entries[entry.key] for entry in each.entries])
        for each in lists
    ]


def names_in(entry: Entry, programme: Programme) -> tuple[str, list[str], list[str]]:
    """Return the names of an entry's hall, speakers and tracks. What has no name is left out; an empty hall is none."""
    speakers, tracks = programme.speaker_names, programme.track_names
    return (
        programme.hall_names.get(entry.hall, ""),
        [name for each in entry.speakers if (name := speakers.get(each))],
        [name for each in entry.tracks if (name := tracks.get(each))],
    )


def zone_years(programme: Programme) -> tuple[int, int]:
    """Return from which year to before which one a calendar says what the clock shows.

    From the year before the first entry to the one after the last; of some year also without an entry, because a
    calendar has at least one component.
    """
    days = [*programme.days, *(entry.starts.date() for entry in programme.entries)] or [date(1970, 1, 1)]
    return min(days).year - 1, max(days).year + 2

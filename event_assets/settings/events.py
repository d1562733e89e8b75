"""All events as values: that of [event], and those that [events] lists.

What could fill an event with the data of another is its own and never falls back: the token, the zone, the dates, the
files. All else is as it is for every event, unless the event's section says otherwise.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, TypeAlias

from dlt.common.configuration.utils import get_resolved_traces

from event_assets.settings.api import EventApiSettings
from event_assets.settings.automation import RetentionSettings, UiSettings
from event_assets.settings.declaring import Declared, Section, SettingsError, setting, settings_of
from event_assets.settings.ducklake import DuckLakeSettings
from event_assets.settings.event import SECTIONS, Event, in_its_section, section_of
from event_assets.settings.event_names import check_section, nearest, read_names
from event_assets.settings.lake import LakeSettings
from event_assets.settings.openlineage import OpenLineageSettings
from event_assets.settings.reading import read, read_exactly, read_files, read_values
from event_assets.settings.site import SiteSettings
from event_assets.settings.spark import SparkSettings
from event_assets.settings.warehouse import DestinationSettings, PostgresSettings, WarehouseSettings

_CLASHING_NAME = re.compile(r"^sandbox(_|$)|_published$")
"""Names of events that schemas of others begin with, where several events share a database or a lake."""

Sections: TypeAlias = Mapping[type[Section], Section | SettingsError]

_OF_THE_LOCATION = {
    DestinationSettings, PostgresSettings, DuckLakeSettings, SparkSettings, LakeSettings,
    OpenLineageSettings, UiSettings, RetentionSettings,
}  # fmt: skip
"""What is the same for all events."""


@dataclass(frozen=True)
class _ArchiveSettings(Section):
    """Whether an event of [events] is over for good."""

    path = ("event",)

    archive: bool = setting(False, "Whether the event is over for good: its tables are read, and nothing is synced.")


def read_events(of_the_location: bool = True) -> tuple[Event, ...]:
    """Read all events of this code location: that of [event] first, the others in the order of ``names``.

    Where others are listed, that of [event] is one of them if it has a token: else nobody has configured it.

    Args:
        of_the_location: Not those that `EVENTS__ONLY` leaves to other code locations.

    Raises:
        SettingsError: It cannot be said which events there are: a name or a section is mistyped. What else is wrong is
            in the sections of the event that has it.
    """
    return _events.read(of_the_location)


def read_event(name: str = "") -> Event:
    """Read one event. What is wrong is in its sections, as is that there is no such event.

    Args:
        name: As it is listed in [events]; empty for the event of [event].
    """
    if not name:
        return _events.read_main()  # which a slip in [events] must not stop
    try:
        events = _events.read(of_the_location=False)
    except SettingsError as error:
        return Event(dict.fromkeys(SECTIONS, error), name)
    return next((event for event in events if event.name == name), None) or _unknown(name, events)


def find_event(name: str, events: Sequence[Event]) -> Event:
    """Return the event that a person names: `event` is that of [event].

    Args:
        name: The name.
        events: Those that there are.

    Raises:
        SettingsError: There is none of that name.
    """
    found = [event for event in events if event.label == name]
    if not found:
        labels = [event.label for event in events]
        raise SettingsError(f"There is no event {name}.{nearest(name, labels)} There are: {', '.join(labels)}.")
    return found[0]


def _unknown(name: str, events: tuple[Event, ...]) -> Event:
    labels = [event.label for event in events]
    error = SettingsError(
        f"There is no event {name} any more in `names` in the section [events] of .dlt/config.toml."
        f"{nearest(name, labels)} Put the name back, or reload the definitions. Nothing was changed."
    )
    return Event(dict.fromkeys(SECTIONS, error), name)


class _Events:
    """The events, read again when a file or a variable has changed: a look at fifty events reads each of them."""

    def __init__(self) -> None:
        self._lock = Lock()  # sensors look side by side
        self._state: object = None
        self._main: Event | None = None
        self._all: tuple[Event, ...] | SettingsError = ()
        self._only: tuple[str, ...] | None = None

    def read(self, of_the_location: bool = True) -> tuple[Event, ...]:
        """Return the events of this code location, or all.

        Raises:
            SettingsError: It cannot be said which there are.
        """
        with self._lock:
            self._read_again()
            if isinstance(self._all, SettingsError):
                raise SettingsError(str(self._all))
            only = self._only if of_the_location else None
            return tuple(event for event in self._all if only is None or event.label in only)

    def read_main(self) -> Event:
        """Return the event of [event]."""
        with self._lock:
            return self._read_again()

    def _read_again(self) -> Event:
        try:
            files = read_files()
        except SettingsError as error:
            self._state, self._all, self._main = None, error, None
            return Event(dict.fromkeys(SECTIONS, error))
        state = None if files is None else (files, os.getcwd(), dict(os.environ))
        if state is not None and state == self._state and self._main:
            return self._main
        main = Event({section: _or_error(read, section) for section in SECTIONS})
        self._state, self._main = state, main
        try:
            names = read_names()
            self._only = names.only
            found = _without_clashes((main, *(_named(name, main) for name in names.names)))
            self._main = found[0]
            self._all = found if len(found) == 1 or _is_configured(main) else found[1:]
        except SettingsError as error:
            self._all = error
        # dlt keeps where it has found each value, and who asked for it, until a pipeline ends. Sensors run none: the
        # process that evaluates them would grow by megabytes a minute.
        get_resolved_traces().clear()
        return self._main


def _is_configured(main: Event) -> bool:
    try:
        return main.has_api_token
    except SettingsError:  # which is reported by those who need it
        return True


def _or_error(make: Callable[..., Section], *given: Any) -> Section | SettingsError:
    try:
        return make(*given)
    except SettingsError as error:
        return error


def _named(name: str, main: Event) -> Event:
    """Read an event of [events]."""
    try:
        check_section(name, ((*section_of("", each.path)[2:], each.name) for each in _settings_of_an_event()))
        archive = read_exactly(_of_event(name, next(settings_of(_ArchiveSettings)))) or False
    except SettingsError as error:
        return Event(dict.fromkeys(SECTIONS, error), name)
    sections = {section: _section(section, name, main.sections[section]) for section in SECTIONS}
    kind = sections[DestinationSettings]
    if isinstance(kind, DestinationSettings) and kind.destination != "duckdb" and _CLASHING_NAME.search(name):
        sections[DestinationSettings] = SettingsError(
            f"The event {name} cannot be kept in {kind.destination}, where its schemas could have the names of a copy "
            "for readers or of the sandbox's data. Give it a name in [events] of .dlt/config.toml that does not begin "
            "with sandbox and does not end with _published. Nothing was changed."
        )
    return Event(sections, name, archive)


def _settings_of_an_event() -> Iterator[Declared]:
    for section in (*SECTIONS, _ArchiveSettings):
        if section not in _OF_THE_LOCATION:
            yield from settings_of(section)


def _of_event(name: str, each: Declared) -> Declared:
    return replace(each, path=section_of(name, each.path))


def _section(section: type[Section], name: str, common: Section | SettingsError) -> Section | SettingsError:
    """Return a section of an event: the common one, unless something of it is the event's own."""
    if section in _OF_THE_LOCATION:
        return common
    declared = [*settings_of(section)]
    try:
        found = {each.attribute: read_exactly(_of_event(name, each)) for each in declared}
        own = {attribute: value for attribute, value in found.items() if value is not None}
        if not own and not any(each.setting.for_event for each in declared):
            return common
        shared = [each for each in declared if each.attribute not in own and not _is_own(each)]
        values = read_values(section, shared)
        for each in declared:
            if each.attribute not in own and each.setting.for_event:
                values[each.attribute] = each.setting.for_event(_common_value(common, each), name)
        return section(**values, **own)
    except SettingsError as error:
        if str(error) == str(common):  # then it is corrected where all events have it
            return error
        return SettingsError(in_its_section(str(error), name, tuple({each.path for each in declared})))


def _is_own(each: Declared) -> bool:
    return each.setting.for_event is not None


def _common_value(common: Section | SettingsError, each: Declared) -> Any:
    if isinstance(common, SettingsError):
        return each.default
    return getattr(common, each.attribute)


def _without_clashes(events: tuple[Event, ...]) -> tuple[Event, ...]:
    """Return the events; where two share what must be one event's, the section of each is the error that says so."""
    for section, what_is_shared in _CLASHES.items():
        owners: dict[object, list[str]] = {}
        for event in events:
            found = event.sections[section]
            for value in [] if isinstance(found, SettingsError) else what_is_shared(found):
                owners.setdefault(value, []).append(event.label)
        wrong: dict[str, SettingsError] = {}
        for labels in owners.values():
            if len(labels) > 1:
                wrong |= dict.fromkeys(
                    labels, SettingsError(_SAID[section].format(" and ".join(dict.fromkeys(labels))))
                )
        events = tuple(
            replace(event, sections={**event.sections, section: wrong[event.label]}) if event.label in wrong else event
            for event in events
        )
    return events


_CLASHES: Mapping[type[Section], Callable[[Any], list[object]]] = {
    EventApiSettings: lambda api: [api.api_token] if api.api_token else [],
    WarehouseSettings: lambda warehouse: [warehouse.file, warehouse.published_file],
    SiteSettings: lambda site: [site.folder],
}
"""What two events must not share, by section."""
_SAID = {
    EventApiSettings: (
        "The events {} have the same `api_token`, and a token is of one event: each would be filled with the data of "
        "the same one. Correct it in .dlt/secrets.toml. Nothing was requested."
    ),
    WarehouseSettings: (
        "The events {} have the same file as warehouse or published copy: each would overwrite the other's tables. "
        "Give each a file of its own in .dlt/config.toml. Nothing was changed."
    ),
    SiteSettings: (
        "The events {} have the same `folder` of pages: each would overwrite the other's. Give each a folder of its "
        "own in .dlt/config.toml. Nothing was changed."
    ),
}


_events = _Events()

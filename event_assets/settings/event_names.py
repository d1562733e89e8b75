"""Which events [events] lists, and whether a name or a section in it is mistyped."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from event_assets.settings.declaring import Path, Section, SettingsError, place_of, setting, settings_of
from event_assets.settings.defaults import run_context
from event_assets.settings.event import MAIN
from event_assets.settings.reading import read_exactly

EVENTS = "events"
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST = 30
"""Characters: an event's name begins those of schemas, and PostgreSQL's have 63."""
_TAKEN = {MAIN, EVENTS, "raw", "staging", "history", "summary", "published", "site", "names", "only"}
"""Names that would be mistaken for the event of [event], for layers of tables, or for settings."""


def _listed(value: Any) -> tuple[str, ...]:
    """Return the names of a list, in order.

    Raises:
        ValueError: One cannot be a name; the end of a sentence.
    """
    names = tuple(value)
    for name in names:
        if not (isinstance(name, str) and _NAME.fullmatch(name) and len(name) <= _LONGEST):
            raise ValueError(
                f"has {name!r}, which cannot be the name of an event: write small letters, digits and single "
                f"underscores, at most {_LONGEST}, and a letter first, such as graz2026."
            )
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"has {', '.join(twice)} twice: leave one.")
    return names


def _names(value: Any) -> tuple[str, ...]:
    names = _listed(value)
    if taken := sorted(_TAKEN & {*names}):
        raise ValueError(f"has {', '.join(taken)}, which has another meaning: give the event another name.")
    return names


@dataclass(frozen=True)
class EventsSettings(Section):
    """Which events there are beside that of [event].

    Attributes:
        names: What they are called.
        only: The events of this code location, where it has not all of them; None where it has.
    """

    path = (EVENTS,)

    names: tuple[str, ...] = setting(
        (),
        "The names of the events beside that of [event]. Each has a section of its own, such as [events.graz2026], "
        "with base_url, timezone, opens, closes and what else is set of it alone, as docs/many-events.md says. Its "
        "api_token is in the same section of .dlt/secrets.toml. A name never changes: the history hangs on it.",
        raw=list,
        parse=_names,
        shown='["graz2026", "vienna2025"]',
    )
    only: tuple[str, ...] | None = setting(
        None,
        "The events of this code location, where several share the events; `event` is that of [event].",
        raw=list,
        parse=_listed,
        shown='["event", "graz2026"]',
    )


def read_names() -> EventsSettings:
    """Read which events there are.

    Raises:
        SettingsError: A name cannot be used, or a section is of no event.
    """
    declared = {each.attribute: each for each in settings_of(EventsSettings)}
    found = {name: read_exactly(each) for name, each in declared.items()}
    events = EventsSettings(**{name: value for name, value in found.items() if value is not None})
    for key, is_section in sorted(_keys(()).items()):
        if key in events.names or key in declared:
            continue
        if is_section:
            raise SettingsError(
                f"The section {place_of((EVENTS, key))} or secrets.toml is of no event that `names` in the section "
                f"[{EVENTS}] lists.{nearest(key, events.names)} Correct the section, or add the name."
            )
        raise SettingsError(
            f"`{key}` in the section {place_of((EVENTS,))} is no setting.{nearest(key, declared)} Correct or remove it."
        )
    if unknown := sorted({*(events.only or ())} - {MAIN, *events.names}):
        raise declared["only"].error(
            f"has {unknown[0]}, which `names` does not list.{nearest(unknown[0], [MAIN, *events.names])} Correct it."
        )
    return events


def check_section(name: str, paths: Iterable[Path]) -> None:
    """See to it that all that is set of an event can be set of one.

    Args:
        name: The event's.
        paths: Each setting of an event, below its section.

    Raises:
        SettingsError: Something cannot.
    """
    allowed = {path[:end] for path in paths for end in range(1, len(path) + 1)}
    for path in sorted(_below((name,), allowed)):
        *around, key = path
        siblings = sorted(each[-1] for each in allowed if [*each[:-1]] == around)
        where = place_of((EVENTS, name, *around))
        raise SettingsError(
            f"`{key}` in the section {where} or secrets.toml is no setting of an event.{nearest(key, siblings)} "
            "Correct or remove it."
        )


def nearest(word: str, words: Collection[str]) -> str:
    """Return the question whether another word was meant, after a blank; nothing where none is near."""
    found = get_close_matches(word, words, n=1, cutoff=0.6)
    return f" Did you mean {found[0]}?" if found else ""


def _below(at: Path, allowed: Collection[Path]) -> Iterator[Path]:
    """Yield what is set below a section and cannot be, without the event's name."""
    for key, is_section in _keys(at).items():
        path = (*at[1:], key)
        if path not in allowed:
            yield path
        elif is_section and any(len(each) > len(path) and each[: len(path)] == path for each in allowed):
            yield from _below((*at, key), allowed)


def _keys(at: Path) -> dict[str, bool]:
    """Return what is set below a section of [events], in whatever place: whether each is a section itself."""
    found: dict[str, bool] = {}
    path = (EVENTS, *at)
    for provider in run_context().providers.providers:
        if provider.supports_sections:
            table, _ = provider.get_value(path[-1], dict, "", *path[:-1])
            for key, value in table.items() if isinstance(table, Mapping) else ():
                found[key] = found.get(key, False) or isinstance(value, Mapping)
    prefix = "".join(f"{part}__" for part in path).upper()
    for variable in os.environ:
        if variable.upper().startswith(prefix):
            key, *deeper = variable[len(prefix) :].lower().split("__")
            found[key] = found.get(key, False) or bool(deeper)
    return found

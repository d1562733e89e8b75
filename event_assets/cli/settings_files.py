"""The commented configuration files, made from what the settings are declared to be."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from event_assets.settings.declaring import Declared, Path, settings_of
from event_assets.settings.defaults import DEFAULTS
from event_assets.settings.event import SECTIONS
from event_assets.settings.event_names import EventsSettings

_WIDTH = 120
_CONFIG_HEADER = (
    "Configuration that is no secret. Nothing is set here: each line shows a default or an example. Every value can "
    "also come from the environment: sections and name in capitals, joined by two underscores, such as "
    "SOURCES__EVENT_API__BASE_URL. The token goes into secrets.toml (see secrets.toml.example). Written by `make docs`."
)
_TOKENS_HEADER = "Copy this file to secrets.toml, which git ignores, and put in the token of your event."


def config_toml() -> str:
    """Return the text of ``.dlt/config.toml`` with every setting that is no secret, as a comment."""
    sections: dict[Path, list[str]] = {}
    for each in _declared(secret=False):
        sections.setdefault(each.path, []).append(_entry(each.setting.help, f"# {each.name} = {each.setting.shown}"))
    for default in DEFAULTS:
        line = f"# {default.name} = {str(default.value).lower()}"
        sections.setdefault(default.path, []).append(_entry(default.help, line))
    return _file(_CONFIG_HEADER, sections)


def secrets_toml() -> str:
    """Return the text of ``.dlt/secrets.toml.example``, in which the token alone is no comment."""
    sections: dict[Path, list[str]] = {}
    for each in _declared(secret=True):
        hash_sign = "" if each.name == "api_token" else "# "
        line = f"{hash_sign}{each.name} = {each.setting.shown}"
        sections.setdefault(each.path, []).append(_entry(each.setting.help, line))
    return _file(_TOKENS_HEADER, sections)


def _declared(*, secret: bool) -> Iterator[Declared]:
    for section in (*SECTIONS, EventsSettings):
        yield from (each for each in settings_of(section) if each.setting.secret is secret)


def _file(about: str, sections: dict[Path, list[str]]) -> str:
    blocks = [f"[{'.'.join(path)}]\n" + "\n\n".join(entries) for path, entries in sections.items()]
    return "\n\n".join([_comment(about), *blocks]) + "\n"


def _entry(help: str, line: str) -> str:
    return f"{_comment(help)}\n{line}"


def _comment(text: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)

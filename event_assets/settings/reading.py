"""How a section is read from dlt's providers, and how a wrong value or file is reported."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import groupby
from pathlib import Path
from threading import Lock
from typing import Any, Optional, TypeAlias, TypeVar

from dlt.common.configuration import configspec, resolve_configuration
from dlt.common.configuration.exceptions import (
    ConfigurationValueError,
    InvalidNativeValue,
    ValueNotSecretException,
)
from dlt.common.configuration.providers.toml import TomlProviderReadException
from dlt.common.configuration.specs import BaseConfiguration
from dlt.common.configuration.utils import deserialize_value
from dlt.common.typing import TSecretStrValue

from event_assets.settings.declaring import Declared, Section, SettingsError, place_of, settings_of
from event_assets.settings.defaults import run_context

_States: TypeAlias = dict[str, tuple[int, int]]

_PROVIDERS = 4
"""How many places dlt looks into by itself: the environment, its two files, and our defaults."""
_MOUNTED = "/run/secrets"
"""Where dlt also looks for the secrets of the environment."""

AnySection = TypeVar("AnySection", bound=Section)


def read_files() -> _States | None:
    """Have dlt read its files again where one has changed: to be called before sections are read.

    Returns:
        What the files are now; None where settings can also change without a file or a variable of the environment.

    Raises:
        SettingsError: A file cannot be read.
    """
    with readable_files():
        return _files.read_anew_if_changed()


def read(section: type[AnySection]) -> AnySection:
    """Read a section as it stands in the files that were read last, and in the environment.

    What is not set has its default.

    Raises:
        SettingsError: A value cannot be used, or a secret is not where secrets are.
    """
    return section(**read_values(section, settings_of(section)))


def read_values(section: type[Section], settings: Iterable[Declared]) -> dict[str, Any]:
    """Read some settings of a section, by attribute. What is not set and has no value of its own is left out.

    Args:
        section: The section.
        settings: Which of its settings.

    Raises:
        SettingsError: A value cannot be used, or a secret is not where secrets are.
    """
    values = {}
    for path, group in groupby(settings, lambda each: each.path):
        declared = {each.name: each for each in group}
        resolved = _resolve(section, path, declared)
        for name, each in declared.items():
            value = each.setting.unset if resolved[name] is None else resolved[name]
            if value is not None:
                values[each.attribute] = parsed(each, value)
    return values


def read_exactly(each: Declared) -> Any | None:
    """Read a setting that stands in its section and nowhere else, parsed; None where it does not.

    dlt looks for what is not there in the sections around it, where it would find the token of another event.

    Raises:
        SettingsError: The value cannot be used, or a secret is not where secrets are.
    """
    for provider in run_context().providers.providers:
        if not provider.supports_sections:
            continue
        value, _ = provider.get_value(each.name, _hint(each), "", *each.path)
        if value is None:
            continue
        if each.setting.secret and not provider.supports_secrets:
            raise _misplaced(each.name, each.path)
        try:
            value = deserialize_value(each.name, value, each.setting.raw)
        except ConfigurationValueError:
            raise each.error(f"cannot be read as {each.setting.raw.__name__}: correct it.") from None
        return parsed(each, value)
    return None


def parsed(each: Declared, value: Any) -> Any:
    """Return a setting's value as it is used.

    Raises:
        SettingsError: It cannot be used.
    """
    try:
        return each.setting.parse(value)
    except ValueError as error:
        raise each.error(str(error)) from None


def _misplaced(name: str, path: tuple[str, ...]) -> SettingsError:
    return SettingsError(
        f"`{name}` is a secret, and stands in .dlt/config.toml: move it to the section {place_of(path, True)}."
    )


def _resolve(section: type[Section], path: tuple[str, ...], declared: dict[str, Declared]) -> BaseConfiguration:
    """Return what stands in dlt's providers for the settings of a path; None for what does not stand there.

    Raises:
        SettingsError: A value is not of the type that the setting has, or a secret is not where secrets are.
    """
    try:
        return resolve_configuration(_spec(section, path, tuple(declared))(), sections=path)
    except InvalidNativeValue:  # only of what dlt resolves from several values, such as credentials
        [wrong] = declared.values()
        raise wrong.error(f"cannot be read: write it as {wrong.setting.shown}.") from None
    except ConfigurationValueError as error:
        name = getattr(error, "field_name", "")
        if name not in declared:  # a part of such a setting
            raise SettingsError(f"`{name}` of {_name_of(path, declared)} cannot be read: correct it.") from None
        wrong = declared[name]
        raise wrong.error(f"cannot be read as {wrong.setting.raw.__name__}: correct it.") from None
    except ValueNotSecretException as error:
        raise _misplaced(error.key.rpartition(".")[2], path) from None


def _name_of(path: tuple[str, ...], declared: dict[str, Declared]) -> str:
    return f"`{', '.join(declared)}` in the section {place_of(path, any(d.setting.secret for d in declared.values()))}"


@cache
def _spec(section: type[Section], path: tuple[str, ...], names: tuple[str, ...]) -> type[BaseConfiguration]:
    """Dlt's declaration of the settings of a section: every one may be missing, since the defaults are ours."""
    hints = {
        each.name: Optional[_hint(each)]  # noqa: UP045  # at run time
        for each in settings_of(section)
        if each.path == path and each.name in names
    }
    body: dict[str, Any] = {**dict.fromkeys(hints), "__annotations__": hints, "__module__": __name__}
    return configspec(type(section.__name__, (BaseConfiguration,), body))


def _hint(each: Declared) -> Any:
    # What is no text are credentials, of which dlt knows which parts are secret.
    return TSecretStrValue if each.setting.secret and each.setting.raw is str else each.setting.raw


class _Files:
    """The configuration files. dlt reads them once in a process, and a daemon's lives for weeks: tokens change."""

    def __init__(self) -> None:
        self._read: _States | None = None
        self._lock = Lock()  # sensors look side by side

    def read_anew_if_changed(self) -> _States | None:
        """Have dlt read its files again, if one is another than when it did. Return what they are.

        None where a secret can change without them: in a store of secrets, or in a file that stands for a variable.

        Raises:
            TomlProviderReadException: One cannot be read. What was read before stays, until it can be.
        """
        with self._lock:
            context = run_context()
            found = {
                str(place): (state.st_mtime_ns, state.st_size)
                for provider in context.providers.providers
                for place in provider.locations or ()
                if (state := _state(place))
            }
            if self._read not in (None, found):
                context.reload_providers()
                run_context()  # puts the defaults back
            self._read = found
            has_others = len(context.providers.providers) > _PROVIDERS or os.path.isdir(_MOUNTED)
            return None if has_others else found


def _state(place: str) -> os.stat_result | None:
    try:
        return os.stat(place)
    except (OSError, ValueError):  # not there; or no file, since not all of dlt's providers read one
        return None


_files = _Files()


@contextmanager
def readable_files() -> Iterator[None]:
    """Report a slip in a configuration file in a sentence. dlt reads the files when the first setting is asked for.

    Raises:
        SettingsError: A file cannot be read.
    """
    try:
        yield
    except TomlProviderReadException as error:
        files = " or ".join(str(path.resolve()) for path in map(Path, error.full_paths) if path.is_file())
        raise SettingsError(f"{files} cannot be read: {_slip(error.__context__)}") from None


def _slip(error: BaseException | None) -> str:
    # Not what the parser says of a place: it quotes the file, in which a token may be.
    line, column = getattr(error, "line", 0), getattr(error, "col", 0)
    if not line:
        return f"it is no TOML ({type(error).__name__})."
    return f"line {line}, column {column + 1} is no TOML. Texts need quotes, and no name may be set twice."

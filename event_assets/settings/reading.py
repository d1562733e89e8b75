"""How a section of the configuration is read, and how a wrong one is told."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TypeAlias, TypeVar

from dlt.common.configuration import resolve_configuration
from dlt.common.configuration.exceptions import ConfigurationValueError, ValueNotSecretException
from dlt.common.configuration.providers.toml import TomlProviderReadException
from dlt.common.configuration.specs import BaseConfiguration

from event_assets.settings.defaults import run_context

_States: TypeAlias = dict[str, tuple[int, int]]

Spec = TypeVar("Spec", bound=BaseConfiguration)


class SettingsError(Exception):
    """A setting is missing or cannot be used; the message says which, and where to put it."""


def resolve(spec: Spec) -> Spec:
    """Fill a spec from dlt's providers, in the sections that it names.

    Raises:
        SettingsError: A value is not of the type that the setting has, a secret is not where secrets are, or a file
            cannot be read.
    """
    sections = _sections(spec)
    try:
        with readable_files():
            _files.read_anew_if_changed()
            return resolve_configuration(spec, sections=sections)
    except ConfigurationValueError as error:
        name, wanted = getattr(error, "field_name", "?"), getattr(error, "hint", None)
        raise SettingsError(
            f"`{name}` in the section [{'.'.join(sections)}] of .dlt/config.toml cannot be read"
            f"{f' as {wanted.__name__}' if isinstance(wanted, type) else ''}: correct it."
        ) from None
    except ValueNotSecretException as error:
        name = error.key.rpartition(".")[2]
        raise SettingsError(
            f"`{name}` is a secret, and stands in .dlt/config.toml: move it to the section [{'.'.join(sections)}] of "
            ".dlt/secrets.toml."
        ) from None


class _Files:
    """The configuration files. dlt reads them once in a process, and a daemon's lives for weeks: tokens change."""

    def __init__(self) -> None:
        self._read: _States | None = None
        self._lock = Lock()  # sensors look side by side

    def read_anew_if_changed(self) -> None:
        """Have dlt read its files again, if one is another than when it did.

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


def _state(place: str) -> os.stat_result | None:
    try:
        return os.stat(place)
    except (OSError, ValueError):  # not there; or no file, since not all of dlt's providers read one
        return None


_files = _Files()


def require(spec: BaseConfiguration, wanted: str, **fits: bool) -> None:
    """See to it that values are such as can be used.

    Args:
        spec: Where they are from.
        wanted: What they must be, as the end of the sentence "it must be".
        fits: Whether the value is so, by the setting's name.

    Raises:
        SettingsError: One is not.
    """
    if wrong := [f"`{name}`" for name, fit in fits.items() if not fit]:
        raise SettingsError(
            f"{', '.join(wrong)} in the section [{'.'.join(_sections(spec))}] of .dlt/config.toml must be {wanted}: "
            "correct it."
        )


@contextmanager
def readable_files() -> Iterator[None]:
    """Tell a slip in a configuration file in a sentence. dlt reads the files when the first setting is asked for.

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


def _sections(spec: BaseConfiguration) -> tuple[str, ...]:
    return getattr(spec, "sections", ())

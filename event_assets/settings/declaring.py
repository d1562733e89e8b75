"""How settings are declared: what each is called, what it is unless set, what it may be, and what it is for.

A section is a frozen dataclass whose fields are made by ``setting``. How it is read (``reading``), checked (``check``)
and documented (``page``) follows from that, so each fact about a setting stands once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar

Path = tuple[str, ...]
"""The names of a section and of those that it is in."""


class SettingsError(Exception):
    """A setting is missing or cannot be used; the message says which, and where to put it."""


@dataclass(frozen=True)
class Setting:
    """What is declared of one setting. A field of a section holds it in its metadata.

    Attributes:
        help: What it is for, for who sets it.
        raw: The type of what stands in the configuration.
        parse: Makes the value of that; raises ValueError, whose message is the end of "`name` in the section ...".
        fits: Whether a value can be used.
        wanted: What it must be, as the end of "it must be".
        shown: Its default, or an example where it has none, as it is written in TOML.
        name: What it is called in the configuration; the field's name if empty.
        path: Its section, if it is another than that of the others.
        secret: Whether it belongs into ``.dlt/secrets.toml``.
        unset: What is parsed where nothing is set; None where the default is the value itself.
        for_event: Makes the value of an event of [events] that sets none, of the common value and the event's name.
            None where that is the common value itself. What could fill one event with another's data ignores it.
    """

    help: str
    raw: type
    parse: Callable[[Any], Any]
    fits: Callable[[Any], bool]
    wanted: str
    shown: str
    name: str
    path: Path | None
    secret: bool
    unset: str | None
    for_event: Callable[[Any, str], Any] | None


@dataclass(frozen=True)
class Declared:
    """A setting where it stands.

    Attributes:
        attribute: The field of the section's dataclass.
        name: What it is called in the configuration.
        path: The section that it is in.
        setting: What else is declared of it.
        default: What it is unless set.
    """

    attribute: str
    name: str
    path: Path
    setting: Setting
    default: Any

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return "__".join([*self.path, self.name]).upper()

    def error(self, why: str) -> SettingsError:
        """Return the error of a value that cannot be used.

        Args:
            why: The end of the sentence that begins with the setting's name and place.
        """
        return SettingsError(f"`{self.name}` in the section {place_of(self.path, self.setting.secret)} {why}")

    def check(self, value: Any) -> None:
        """See to it that a value can be used.

        Raises:
            SettingsError: It cannot.
        """
        if not self.setting.fits(value):
            raise self.error(f"must be {self.setting.wanted}: correct it.")


def setting(
    default: Any,
    help: str,
    *,
    raw: type | None = None,
    parse: Callable[[Any], Any] | None = None,
    fits: Callable[[Any], bool] | None = None,
    wanted: str = "",
    shown: str | None = None,
    name: str = "",
    path: Path | None = None,
    secret: bool = False,
    unset: str | None = None,
    for_event: Callable[[Any, str], Any] | None = None,
) -> Any:
    """Declare a setting, as a field of a section.

    Args:
        default: What it is unless set, already parsed.
        help: What it is for.
        raw: The type of what stands in the configuration; that of the default, if not given.
        parse: Makes the value of that. Without it, the value is what stands there.
        fits: Whether a value can be used. Without it, every one can.
        wanted: What it must be, where ``fits`` says that it is not.
        shown: The default as it is written in TOML, where that is not what Python shows of it.
        name: What it is called in the configuration, if other than the field.
        path: Its section, if other than that of the dataclass.
        secret: Whether it is one.
        unset: What is parsed where nothing is set, if the default depends on where the command runs.
        for_event: Makes the value of an event of [events] that sets none, if that is not the common value.
    """
    declared = Setting(
        help=help,
        raw=raw or type(default),
        parse=parse or (lambda value: value),
        fits=fits or (lambda _: True),
        wanted=wanted,
        shown=_in_toml(default if unset is None else unset) if shown is None else shown,
        name=name,
        path=path,
        secret=secret,
        unset=unset,
        for_event=for_event,
    )
    return field(default=default, repr=not secret, metadata={"setting": declared})


@dataclass(frozen=True)
class Section:
    """Settings that are used together. Whoever makes one, from the configuration or in a test, has it checked.

    Attributes:
        path: Its section of the configuration.
    """

    path: ClassVar[Path]

    def __post_init__(self) -> None:
        for each in settings_of(type(self)):
            each.check(getattr(self, each.attribute))


def settings_of(section: type[Section]) -> Iterator[Declared]:
    """Yield the settings of a section, in the order of its fields."""
    for each in fields(section):
        declared: Setting = each.metadata["setting"]
        default = None if each.default is MISSING else each.default
        yield Declared(each.name, declared.name or each.name, declared.path or section.path, declared, default)


def place_of(path: Path, secret: bool = False) -> str:
    """Return how a message names a section, with the file that it is in."""
    return f"[{'.'.join(path)}] of .dlt/{'secrets' if secret else 'config'}.toml"


def _in_toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)

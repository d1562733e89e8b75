"""How a section of the configuration is read, and how a wrong one is told."""

from __future__ import annotations

from typing import Any, TypeVar

from dlt.common.configuration import resolve_configuration
from dlt.common.configuration.exceptions import ConfigurationValueError
from dlt.common.configuration.specs import BaseConfiguration

Spec = TypeVar("Spec", bound=BaseConfiguration)


class SettingsError(Exception):
    """A setting is missing or cannot be used; the message says which, and where to put it."""


def resolve(spec: Spec) -> Spec:
    """Fill a spec from dlt's providers, in the sections that it names.

    Raises:
        SettingsError: A value is not of the type that the setting has.
    """
    sections: Any = getattr(spec, "sections", ())
    try:
        return resolve_configuration(spec, sections=sections)
    except ConfigurationValueError as error:
        name, wanted = getattr(error, "field_name", "?"), getattr(error, "hint", None)
        raise SettingsError(
            f"`{name}` in the section [{'.'.join(sections)}] of .dlt/config.toml cannot be read"
            f"{f' as {wanted.__name__}' if isinstance(wanted, type) else ''}: correct it."
        ) from None

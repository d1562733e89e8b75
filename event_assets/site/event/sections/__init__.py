"""The parts of the page: one module each, which has a ``SECTION``. A new module is shown without another line."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from event_assets.site.event.section import Section


@cache
def sections() -> tuple[Section, ...]:
    """Return the parts of the page in their order."""
    found = [import_module(f"{__name__}.{module.name}").SECTION for module in iter_modules(__path__)]
    return tuple(sorted(found, key=lambda section: (section.position, section.name)))

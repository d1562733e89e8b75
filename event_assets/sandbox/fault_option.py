"""Parses faults of the command line: their names, and the option's syntax.

Code takes ``faults`` themselves.
"""

from collections.abc import Callable

import click
import orjson

from event_assets.sandbox import faults

_PLAIN = {
    fault.name: fault
    for fault in (
        faults.html_page,
        faults.not_json,
        faults.empty_body,
        faults.error_object,
        faults.broken_gzip,
        faults.single_object,
        faults.single_object_in_data,
        faults.bare_array,
        faults.endless_pages,
        faults.circular_pages,
        faults.ever_more_pages,
        faults.reshuffled_pages,
        faults.invalid_utf8,
        faults.truncated_json,
        faults.truncated,
        faults.stalled,
        faults.reset,
        faults.no_answer,
        faults.hang,
    )
}


def _status_of(text: str) -> faults.Fault:
    code, comma, retry_after = text.partition(",")
    return faults.status(int(code), retry_after=retry_after if comma else None)


def _replace_resource_of(text: str) -> faults.Fault:
    name, _, value = text.partition("=")
    return faults.replace_resource(name, orjson.loads(value))


def _redirect_of(text: str) -> faults.Fault:
    code, _, url = text.partition(",")
    return faults.redirect_elsewhere(url, int(code))


_WITH_ARGUMENT: dict[str, tuple[str, Callable[[str], faults.Fault]]] = {
    "status": ("CODE[,RETRY-AFTER]", _status_of),
    "top_level": ("JSON", lambda text: faults.top_level(orjson.loads(text))),
    "data_value": ("JSON", lambda text: faults.data_value(orjson.loads(text))),
    "replace_resource": ("NAME=JSON", _replace_resource_of),
    "without_resource": ("NAME", faults.without_resource),
    "next_link_elsewhere": ("URL", faults.next_link_elsewhere),
    "redirect_elsewhere": ("CODE,URL", _redirect_of),
    "slow": ("SECONDS", lambda text: faults.slow(float(text))),
}

NAMES = (*_PLAIN, *(f"{name}={argument}" for name, (argument, _) in _WITH_ARGUMENT.items()))
"""What ``named`` takes."""


def named(text: str) -> faults.Fault:
    """The fault of that name, with its argument after a ``=``: ``hang``, ``status=503``, ``top_level=[]``.

    Raises:
        ValueError: there is no such fault, or its argument is not what it needs.
    """
    if text in _PLAIN:
        return _PLAIN[text]
    name, _, argument = text.partition("=")
    if name not in _WITH_ARGUMENT:
        raise ValueError(f"{text!r} is not a fault: {', '.join(NAMES)} are.")
    needed, make = _WITH_ARGUMENT[name]
    try:
        return make(argument)
    except ValueError as error:
        raise ValueError(f"{text!r} is not {name}={needed}: {error}") from None


class FaultType(click.ParamType):
    """``ENDPOINT:[TIMES:]FAULT`` as the arguments of ``Sandbox.fail``."""

    name = "fault"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, faults.Fault, int | None]:
        """Parses the option. The sandbox checks that the endpoint can have the fault."""
        endpoint, _, rest = value.partition(":")
        # The number comes before the fault because an argument can hold colons and end with a number: an address.
        first, _, others = rest.partition(":")
        times, fault = (int(first), others) if first.isdecimal() else (None, rest)
        try:
            return endpoint, named(fault), times
        except ValueError as error:
            self.fail(str(error), param, ctx)

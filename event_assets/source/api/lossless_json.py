"""Parses JSON without loss: repeated names in an object, numbers beyond any number type.

JSON allows both, and every parser has a way to drop something silently. What becomes of the values is decided in
``records``.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, NamedTuple, NoReturn


class Repeated(dict[str, Any]):
    """An object in which a name is repeated with different values. The last value has the name.

    Each earlier value is kept as ``name_2``, ``name_3``, and so on.

    Attributes:
        names: The names that stand several times.
    """

    names: frozenset[str]


def python_json(text: bytes | str) -> Any:
    """Parse JSON with Python's parser, which accepts other encodings and lone surrogates.

    A number beyond the floats, such as ``1e999``, and a whole number of thousands of digits are kept as their text.

    Raises:
        ValueError: It is no JSON.
        RecursionError: It is nested too deeply.
    """
    try:
        return json.loads(text, **_HOOKS)
    except json.JSONDecodeError:
        raise
    except ValueError:
        # Python converts no integers of more than 4,300 digits. A hook for all integers costs time: only where needed.
        return json.loads(text, parse_int=_int_or_text, **_HOOKS)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _float_or_text(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text


_MOST_DIGITS = 4_300
"""What Python converts by default. The time that it takes grows with the square of the digits."""


def _int_or_text(text: str) -> int | str:
    return int(text) if len(text) <= _MOST_DIGITS else text


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of its members, without losing repeated names."""
    last = dict(members)
    if len(last) == len(members):
        return last
    values: dict[str, list[Any]] = {}
    for name, value in members:
        values.setdefault(name, []).append(value)
    repeated = {name: _others(said) for name, said in values.items()}
    if not any(repeated.values()):
        return last
    made = Repeated(last)
    made.names = frozenset(name for name, others in repeated.items() if others)
    for name in made.names:
        number = 1
        for value in repeated[name]:
            number += 1
            while f"{name}_{number}" in made:
                number += 1
            made[f"{name}_{number}"] = value
    return made


def _others(values: list[Any]) -> list[Any]:
    """Return the values that would be lost if the last one counted, each once. Null says nothing."""
    if len(values) == 1:
        return []
    different = {json.dumps(value, sort_keys=True): value for value in values if value is not None}
    different.pop(json.dumps(values[-1], sort_keys=True), None)
    return [*different.values()]


_HOOKS: dict[str, Any] = {
    "parse_constant": _refuse_constant,
    "parse_float": _float_or_text,
    "object_pairs_hook": _object,
}
_decode = json.JSONDecoder(parse_int=_int_or_text, **_HOOKS).raw_decode


def loses_nothing(text: bytes, again: bytes) -> bool:
    """Return whether a parser kept every value of a JSON text. False negatives are possible, false positives not.

    Every member of an object has a colon, and so has a text wherever it had one. A member that was lost is a colon
    too few when the objects are encoded again. Members that are null do not count, because an encoder may leave them
    out: they are taken off wherever both texts write them in the usual ways.

    Args:
        text: The JSON as it came.
        again: What was parsed, encoded again without white space. It may have no null members.
    """
    # A colon that is written as an escape would hide another one.
    if b"\\" in text and (b"\\u003a" in text or b"\\u003A" in text):
        return False
    surplus = text.count(b":") - again.count(b":") - text.count(b'":null') + again.count(b'":null')
    return not surplus or surplus == text.count(b'": null') - again.count(b'": null')


class Part(NamedTuple):
    """A part of a JSON text.

    Attributes:
        name: The name of an object's member; "" of an entry of a list.
        begin: Where its value begins.
        end: Where it ends.
    """

    name: str
    begin: int
    end: int


def parts(text: str) -> Iterator[Part]:
    """Yield the members of an object, or the entries of a list, in its text.

    Raises:
        ValueError: It is neither, or no JSON.
        RecursionError: It is nested too deeply.
    """
    position = _past_blanks(text, 0)
    close = {"{": "}", "[": "]"}.get(text[position : position + 1])
    if not close:
        raise ValueError("neither an object nor a list")
    position = _past_blanks(text, position + 1)
    first = True
    while not (first and text[position : position + 1] == close):
        name = ""
        if close == "}":
            name, position = _decode(text, position)
            if not isinstance(name, str):
                raise ValueError("a name that is no text")
            position = _past_blanks(text, _past(text, position, ":"))
        _, end = _decode(text, position)
        yield Part(name, position, end)
        position, first = _past_blanks(text, end), False
        if text[position : position + 1] == close:
            break
        position = _past_blanks(text, _past(text, position, ","))
    if _past_blanks(text, position + 1) != len(text):
        raise ValueError("more than one value")


_BLANKS = re.compile(r"[ \t\n\r]*")


def _past_blanks(text: str, position: int) -> int:
    match = _BLANKS.match(text, position)
    return match.end() if match else position


def _past(text: str, position: int, sign: str) -> int:
    position = _past_blanks(text, position)
    if text[position : position + 1] != sign:
        raise ValueError(f"no {sign}")
    return position + 1

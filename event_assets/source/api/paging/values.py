"""Interprets the values of paging fields: yes or no, a number, or an address."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from event_assets.source.api.paging.words import ADDRESS, LAST, NEXT, Words, words_of

COUNTLESS = 10**18
"""What a number counts for that is larger: more than anybody sends."""

_NO = frozenset(("", "0", "false", "no", "off", "n", "f", "none", "null", "nil", "undefined", "-"))
_DECORATION = frozenset(("rel", "relation", "label", "title", "name", "type", "method", "templated", "active"))
"""What a link has beside its address."""
_DEEPEST = 20


def says_yes(value: Any, depth: int = 0) -> bool:
    """Return whether a value is truthy; of an object or list, whether anything in it is."""
    if isinstance(value, str):
        found = number(value)
        return found > 0 if found is not None else value.strip().lower() not in _NO and not _is_negative(value)
    if isinstance(value, dict):
        entries = (entry for name, entry in value.items() if name not in _DECORATION)
        return depth > _DEEPEST or any(says_yes(entry, depth + 1) for entry in entries)
    if isinstance(value, list):
        return depth > _DEEPEST or any(says_yes(entry, depth + 1) for entry in value)
    return value is True or (isinstance(value, int | float) and value > 0)


def says_no(value: Any, *, or_zero: bool) -> bool:
    """Return whether a value is false.

    Args:
        value: The value.
        or_zero: Whether 0 is false, too. It may also be the number of the first page.
    """
    if isinstance(value, str):
        return value.strip().lower() in ("false", "no", "f", "n", *(("0",) if or_zero else ()))
    return value is False or (or_zero and not isinstance(value, bool) and value in (0,))


def _is_negative(value: str) -> bool:
    return re.fullmatch(r"\s*-[0-9]{1,18}\s*", value) is not None


_NUMBER = re.compile(r"\+?([0-9]+(?:[,_ '][0-9]{3})*)(?:\.0*)?(?:[eE]\+?([0-9]{1,9}))?")
_OF = re.compile(r"(?:[a-z]+:? *)?(?:[0-9]+ *(?:-|to) *)?[0-9]+ *(?:/|of) *(.+)", re.IGNORECASE)


def number(value: Any) -> int | None:
    """Return a whole number that is not negative, also of a float or a text (``"1,200"``, ``"1 of 2"``); else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return min(value, COUNTLESS) if value >= 0 else None
    if isinstance(value, float):
        if math.isinf(value):
            return COUNTLESS
        return min(int(value), COUNTLESS) if value.is_integer() and value >= 0 else None
    if not isinstance(value, str):
        return None
    text = value[:10_000].strip()
    if match := _OF.fullmatch(text):
        text = match[1].strip()
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    digits, exponent = re.sub(r"[^0-9]", "", match[1]).lstrip("0"), int(match[2] or 0)
    if not digits:
        return 0
    return COUNTLESS if len(digits) + exponent > 18 else int(digits) * 10**exponent


def rels(value: Any) -> frozenset[str]:
    """Return the relations of a link in lower case: ``"next last"``, ``["next"]``, ``"Next »"``."""
    texts = value if isinstance(value, list) else [value]
    return frozenset(rel for text in texts if isinstance(text, str) for rel in re.findall(r"[a-z]+", text.lower()))


def next_address(name: Words, value: Any) -> str | None:
    """Return the address of the next page that a field has; None if it has something else.

    Args:
        name: The words of the field's name.
        value: Its value: a text, an object with an address, or a list of these.
    """
    if "next" not in name or not name <= NEXT | ADDRESS | _OF_WHAT:
        return None
    return _address(name, value)


def last_link(name: Words, value: Any) -> str | None:
    """Return the address of the last page that a field has."""
    return _address(name, value) if name <= LAST | ADDRESS | _OF_WHAT else None


_OF_WHAT = frozenset(("page", "pages", "results", "records", "items", "result", "set"))


def _address(name: Words, value: Any) -> str | None:
    if isinstance(value, str):
        # A text that stands by itself may also be a number or a cursor.
        return value if value.strip() and (name & ADDRESS or "/" in value or "?" in value) else None
    if isinstance(value, list):
        return next((found for entry in value if (found := _address(name, entry))), None)
    if isinstance(value, Mapping):
        named = ((words_of(key), entry) for key, entry in value.items() if isinstance(entry, str))
        return next((entry for words, entry in named if entry.strip() and words & ADDRESS), None)
    return None

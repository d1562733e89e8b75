"""Finds e-mail addresses in texts that are not declared as personal data."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

_AT = re.compile(r"@|%40|\uff20|\ufe6b|\\u0040|&#0*64;|&#x0*40;|&commat;", re.IGNORECASE)
"""The sign of an address: as it is, and as URLs, HTML, JSON and other keyboards have it."""

# Not the apostrophe: an address may have one within. The sign is looked for in the words that were found: an expression
# with the sign in its middle would take quadratic time on a long text without blanks.
_WORD = re.compile(r"[^\s\"<>()\[\]{},;:/\\|=?&#]+")
_AROUND = "'\u2018\u2019.!*_~-\u2013\u2014\u2026"
_DOMAIN = re.compile(r"[^.]+\.[^.]")


def may_hold_addresses(text: str) -> bool:
    """Return whether a text has the sign of an address; far quicker than a look for addresses."""
    return _AT.search(text) is not None


def replace_addresses(text: str, replacement: Callable[[str], str]) -> str:
    """Return a text with each e-mail address replaced.

    An address has something before its sign, and a domain with a dot after it: ``Rust@Work`` and ``@handle`` are none.

    Args:
        text: The text.
        replacement: Returns the replacement of an address.
    """
    if not may_hold_addresses(text):
        return text
    plain = _AT.sub("@", text)
    replaced = _WORD.sub(lambda found: _replace_word(found[0], replacement), plain)
    return text if replaced == plain else replaced


def _replace_word(word: str, replacement: Callable[[str], str]) -> str:
    if "@" not in word:
        return word
    address = word.strip(_AROUND)
    parts = address.split("@")
    if not any(part and _DOMAIN.match(domain) for part, domain in pairwise(parts)):
        return word
    before, _, after = word.partition(address)
    return f"{before}{replacement(address)}{after}"

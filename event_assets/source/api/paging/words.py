"""Interprets the names of paging fields: the vocabulary of the rule in ``more_pages``.

A name counts by its words, however it is written: ``totalPages``, ``total_pages``, ``total-pages``, ``totalpages``. It
says something only if all of its words belong to the vocabulary: ``total_price`` and ``next_sync_at`` say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from enum import Enum, auto
from functools import lru_cache

from event_assets.source.tables.schema import TABLES

Words = frozenset[str]


class Meaning(Enum):
    """The meaning of a paging field."""

    MORE = auto()
    """If it is true or anything else but nothing: more follows. May be the address of the next page."""
    FINAL = auto()
    """If it is false: more follows. May be the number or the address of the last page."""
    RECORDS = auto()
    """A number of records."""
    PAGES = auto()
    """A number of pages."""
    RECORDS_OR_PAGES = auto()
    """A number of either."""
    POSITION = auto()
    """Which page this is."""


def _words(text: str) -> Words:
    return frozenset(text.split())


NEXT = _words("next more further continuation continue")
ADDRESS = _words("url uri iri link links href address")
PAGING = _words("page pages paging pagination paginator paginated pager cursor cursors nav navigation")
_REST = _words("remaining left rest")
_CUT = _words("truncated incomplete partial")
_END = _words("last final end ended finished done complete completed eof exhausted")
LAST = _words("last final end")
FLAG = _words("is has are have was any exists available reached flag")
_CURSOR = _words(
    "cursor cursors token tokens marker key id offset start skip from after position bookmark state seq sequence"
    " evaluated query params parameters string batch set chunk"
)
_PAGE = _words("page pages")
_CURRENT = _words("current this cur")
_INDEX = _words("index number no num nr")
_MANY = _words("items records results entries rows elements objects documents docs hits matches members resources")
_RECORD = _MANY | _words(
    "item record result entry row element object document doc hit match member resource data list collection"
)
_TOTAL = _words("total totals count counts cnt found matched overall")
_QUANTITY = _words("number num nr nb no amount quantity sum all estimate estimated full grand of")
_SIZE = _words("per limit max min maximum minimum default length each")
_NOISE = _words("x the i in value values exact api http wp ms odata iot hydra opensearch response")
_LEAF = frozenset().union(
    *(NEXT, ADDRESS, PAGING, _REST, _CUT, _END, FLAG, _CURSOR, _CURRENT, _INDEX, _RECORD, _TOTAL, _QUANTITY, _SIZE),
    _words("size content range"),
)
_CONTAINERS = _LEAF | _words(
    "meta metadata info information envelope header headers summary stats statistics additional extra context search"
    " view d body payload embedded response resultset"
)
_KINDS = _words("attendee attendees " + " ".join(f"{name.removesuffix('s')} {name}" for name in TABLES))
"""Words for records of one kind or another. Whether they count depends on what the response has."""
_VOCABULARY = _CONTAINERS | _NOISE | _KINDS
_MOST_LETTERS = 60


@lru_cache(maxsize=10_000)
def words_of(name: str) -> Words:
    """Return the words of a name in lower case, without those that mean nothing here."""
    if len(name) > _MOST_LETTERS:
        return frozenset({name})
    found = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\x00-\x7f]+", name)
    return frozenset(word for each in found for word in _apart(each.lower())) - _NOISE


@lru_cache(maxsize=10_000)
def _apart(word: str) -> tuple[str, ...]:
    """Return the words of which one is put together (``totalpages``); the word itself, if it is not."""
    if word in _VOCABULARY:
        return (word,)
    ways: list[tuple[str, ...] | None] = [(), *([None] * len(word))]
    for end in range(1, len(word) + 1):
        for begin in range(max(0, end - 12), end):
            way, piece = ways[begin], word[begin:end]
            # Words of one letter would be found in anything.
            if way is not None and len(piece) > 1 and piece in _VOCABULARY:
                ways[end] = (*way, piece)
                break
    whole = ways[-1]
    return whole if whole and any(len(piece) > 3 for piece in whole) else (word,)


def is_paging_object(name: Words) -> bool:
    """Return whether servers put paging fields into an object of this name."""
    return name <= _CONTAINERS


def meaning(name: Words, within: Words = frozenset(), subjects: AbstractSet[str] = frozenset()) -> Meaning | None:
    """Return what a field says by its name; None if nothing.

    Args:
        name: The words of its name.
        within: Those of the object that it is in.
        subjects: Further words for records.
    """
    many, record = _MANY | subjects, _RECORD | subjects
    if not name:
        # `total: {"value": 40}`
        return meaning(within, frozenset(), subjects) if within else None
    if not name <= _LEAF | subjects:
        return None
    if name & NEXT or name & _CUT or "evaluated" in name or _is_rest(name, within, record):
        return Meaning.MORE
    if name & _REST or name & _SIZE or ("size" in name and "total" not in name):
        return _last_of(name)
    if name & _END:
        return None if name & _CURSOR or name & _TOTAL else Meaning.FINAL
    if name == {"content", "range"} or name == {"range"}:
        return Meaning.RECORDS
    if name & _CURSOR or "content" in name or name & ADDRESS or (name & FLAG and not name & _TOTAL):
        return None
    if name == {"of"}:
        return Meaning.RECORDS_OR_PAGES
    return _number(name, within, many, record)


def _is_rest(name: Words, within: Words, record: AbstractSet[str]) -> bool:
    """Return whether it is like ``remaining_pages``; alone, it may be the rest of a quota."""
    return bool(name & _REST) and bool(name & (_PAGE | record) or within & PAGING)


def _last_of(name: Words) -> Meaning | None:
    return Meaning.PAGES if name in ({"max", "page"}, {"max", "pages"}) else None


def _number(name: Words, within: Words, many: AbstractSet[str], record: AbstractSet[str]) -> Meaning | None:
    """Return what the number means that a field has."""
    if name & _TOTAL:
        if name & _PAGE:
            return Meaning.RECORDS if name & record else Meaning.PAGES
        if name & record or not within & _PAGE:
            return Meaning.RECORDS
        return Meaning.PAGES if "pages" in within else Meaning.RECORDS_OR_PAGES
    if name <= _PAGE | _CURRENT | _INDEX | _QUANTITY:
        if "pages" in name:
            return Meaning.PAGES
        if "page" in name or (within & PAGING and name <= _CURRENT | _INDEX):
            return Meaning.POSITION
        return None
    return Meaning.RECORDS if name & many and name <= record | _QUANTITY | _CURRENT else None

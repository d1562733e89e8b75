"""Finds the signs of further pages in a response: the next link, flags and totals.

The rule. Every field of the envelope, at any depth, and every header is interpreted by the words of its name (see
``words``) and by its value:

1. The address of the next page is followed, if it is in a known field: ``next`` and its relatives in the envelope or in
   objects such as ``links``, ``meta``, ``pagination``; entries of lists of links; the header ``Link``.
2. Any other sign of further pages (``has_more``, ``next_cursor``, ``is_last: false``, page 1 of 5) is refused on a page
   without such an address. Addresses are not guessed.
3. Every number of records or pages is a total. The largest of all pages is compared with what was received when the
   last page is there. A number that is too small is ignored: it may be that of a single page.

In an object of an unknown name, a field counts only if its own name has two such words. Lists are not examined, except
for links: they are other records.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from event_assets.source.api.lossless_json import Repeated
from event_assets.source.api.paging.claims import Claims
from event_assets.source.api.paging.values import last_link, next_address, number, rels, says_no, says_yes
from event_assets.source.api.paging.words import (
    ADDRESS,
    FLAG,
    LAST,
    PAGING,
    Meaning,
    Words,
    is_paging_object,
    meaning,
    words_of,
)

NO_WORDS: Words = frozenset()


class Sign(NamedTuple):
    """A field that announces further pages.

    Attributes:
        name: Its name, which consists of known words; or a phrase that says it already.
        value: Its value.
        phrase: Whether it is a phrase.
    """

    name: str
    value: Any = None
    phrase: bool = False


@dataclass(frozen=True)
class Signs:
    """The signs of further pages in a response.

    Attributes:
        address: The address of the next page.
        more: Another sign of a next page.
        claims: How much it says that there is in all.
        repeated: Whether an object beside the records has a name twice, with different values.
    """

    address: str | None = None
    more: Sign | None = None
    claims: Claims = field(default_factory=Claims)
    repeated: bool = False

    def __or__(self, other: Signs) -> Signs:
        """Combine two signs; the first one counts where only one can."""
        return Signs(
            self.address or other.address,
            self.more or other.more,
            self.claims | other.claims,
            self.repeated or other.repeated,
        )


def signs_of_fields(envelope: Mapping[str, Any], subjects: AbstractSet[str] = NO_WORDS) -> Signs:
    """Return what the fields of a response say, its records left out.

    Args:
        envelope: The fields.
        subjects: Words for the kinds of records that the response has; see `Claims.of`.
    """
    signs = Signs(repeated=isinstance(envelope, Repeated))
    for node in _nodes(envelope, subjects):
        signs |= _signs_in(node, subjects)
    return signs


def signs_of_headers(headers: Mapping[str, str], subjects: AbstractSet[str] = NO_WORDS) -> Signs:
    """Return what the headers of a response say; the arguments are as with `signs_of_fields`."""
    fields: dict[str, Any] = {}
    for name, value in headers.items():
        # Links have their own grammar, and a range of bytes is not one of records.
        if name.lower() != "link" and not value.lower().startswith("bytes"):
            fields[name] = _header_value(value)
    signs = signs_of_fields(fields, subjects)
    if signs.address:
        signs = replace(signs, address=None, more=Sign("a header with the next page", phrase=True))
    link = next((value for name, value in headers.items() if name.lower() == "link"), "")
    return _signs_of_link_header(link) | signs


def _header_value(value: str) -> Any:
    """Return a header's value; where it is a JSON object, that."""
    if value.lstrip().startswith("{"):
        with suppress(ValueError, RecursionError):
            return json.loads(value)
    return value


_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_REL = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s\",;]+))", re.IGNORECASE)


def _signs_of_link_header(value: str) -> Signs:
    """Return what the header ``Link`` says: ``<address>; rel="next"``, in any case, with other relations beside."""
    signs = Signs()
    for address, parameters in _LINK.findall(value):
        related = {rel for found in _REL.findall(parameters) for rel in rels("".join(found))}
        if "next" in related:
            signs |= Signs(address=address.strip() or None)
        if "last" in related:
            signs |= Signs(claims=_claims_of_last(address))
    if not signs.address and re.search(r"\brel\s*=[^,]*\bnext\b", value, re.IGNORECASE):
        signs |= Signs(more=Sign("a header Link to a next page", phrase=True))
    return signs


class _Node(NamedTuple):
    """An object in the envelope."""

    fields: Mapping[str, Any]
    name: Words
    known: bool


_NOT_LOOKED_INTO = frozenset(("params", "parameters", "query"))
"""Objects that say what was asked for."""


def _nodes(envelope: Mapping[str, Any], subjects: AbstractSet[str]) -> Iterator[_Node]:
    """Yield an envelope and the objects in it, breadth first."""
    waiting = deque([_Node(envelope, NO_WORDS, known=True)])
    while waiting:
        node = waiting.popleft()
        yield node
        for name, value in node.fields.items():
            words = words_of(name)
            if words & _NOT_LOOKED_INTO or meaning(words, node.name, subjects) is Meaning.MORE:
                continue
            known = node.known and (is_paging_object(words) or words <= subjects)
            within = words or node.name
            if isinstance(value, dict):
                waiting.append(_Node(value, within, known))
            elif isinstance(value, list) and known and words and words <= PAGING | _LISTS:
                waiting.extend(_Node(entry, within, known) for entry in value if isinstance(entry, dict))


_LISTS = frozenset(("link", "links", "meta", "metadata"))


def _signs_in(node: _Node, subjects: AbstractSet[str]) -> Signs:
    """Return what one object says."""
    signs = Signs(repeated=isinstance(node.fields, Repeated)) | _signs_of_entry(node)
    position = last = None
    single_total, has_pages = None, False
    for name, value in node.fields.items():
        words = words_of(name)
        says = meaning(words, node.name, subjects)
        if says is None or not (node.known or len(words) > 1):
            continue
        if says is Meaning.MORE:
            signs |= _more(name, words, value, node)
            continue
        if says is Meaning.FINAL:
            signs |= _final(name, words, value, node)
            last = number(value) if words & LAST and not words & FLAG else None
            has_pages = has_pages or last is not None
            continue
        claimed = number(value)
        if claimed is None:
            continue
        if says is Meaning.POSITION:
            position = claimed
        elif says is Meaning.PAGES:
            has_pages = True
        elif says is Meaning.RECORDS and words <= {"total", "totals"} and not node.name & {"total", "totals"}:
            single_total = claimed
        if words == {"of"} and _has_position(node):
            says = Meaning.PAGES  # page 1 of 2
        signs |= Signs(claims=_claims(says, claimed, words | node.name, subjects))
    if position is not None and last is not None and position < last:
        signs |= Signs(more=Sign(f"page {position} of {last}", phrase=True))
    if position is not None and single_total is not None and not has_pages:
        # `page: 1, total: 2` may be of pages.
        signs |= Signs(claims=Claims(either=frozenset({single_total})))
    return signs


def _has_position(node: _Node) -> bool:
    return any(meaning(words_of(name), node.name) is Meaning.POSITION for name in node.fields)


def _claims(says: Meaning, claimed: int, words: Words, subjects: AbstractSet[str]) -> Claims:
    if says is Meaning.RECORDS and (kinds := words & subjects):
        return Claims(of=dict.fromkeys(kinds, claimed))
    if says is Meaning.RECORDS:
        return Claims(records=claimed)
    if says is Meaning.RECORDS_OR_PAGES:
        return Claims(either=frozenset({claimed}))
    return Claims(pages=claimed)


def _more(name: str, words: Words, value: Any, node: _Node) -> Signs:
    if not says_yes(value):
        return Signs()
    address = next_address(words, value) if node.known else None
    return Signs(address=address) if address else Signs(more=Sign(name, value))


def _final(name: str, words: Words, value: Any, node: _Node) -> Signs:
    if says_no(value, or_zero=bool(words & FLAG) or not words & LAST):
        return Signs(more=Sign(f"`{name}` that is false", phrase=True))
    if address := last_link(words, value):
        return Signs(claims=_claims_of_last(address))
    claimed = number(value)
    if claimed is not None and words & LAST and not words & FLAG and (words | node.name) & PAGING:
        return Signs(claims=Claims(pages=claimed))
    return Signs()


def _signs_of_entry(node: _Node) -> Signs:
    """Return what an entry of a list of links says: ``{"rel": "next", "href": …}``."""
    if not (node.known and node.name & ADDRESS):
        return Signs()
    relation = next((node.fields[name] for name in ("rel", "relation", "label") if name in node.fields), None)
    related = rels(relation)
    if "next" in related:
        return _more("rel", frozenset({"next"}), node.fields, node)
    if "last" in related and (address := last_link(frozenset({"last"}), node.fields)):
        return Signs(claims=_claims_of_last(address))
    return Signs()


def _claims_of_last(address: str) -> Claims:
    """Return what the address of the last page says: ``?page=5``."""
    try:
        query = parse_qsl(urlsplit(address).query)
    except ValueError:
        return Claims()
    pages = [number(value) for name, value in query if meaning(words_of(name)) is Meaning.POSITION]
    return Claims(pages=max((page for page in pages if page is not None), default=0))

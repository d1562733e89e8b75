"""What the fuzzer sends: bodies of answers and what stands beside the records of a page, as strategies of hypothesis.

Bodies have odd values, odd fields, fields that stand twice, other encodings, and bytes put in, taken out or doubled.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from event_assets.source.api.resources import endpoint_of, parts_of
from event_assets_tests.source.envelopes import ADDRESSES, FLAGS, HARMLESS, NUMBERS, PATHS, placed, respelled
from event_assets_tests.source.test_properties import records


class Literal(str):
    """JSON as it stands in the body."""


class Pairs(list[tuple[str, Any]]):
    """An object as the list of its fields, of which a name can stand several times."""


def written(value: Any, style: Mapping[str, Any]) -> str:
    """Return the JSON of a value; of an object with a field twice as well."""
    if isinstance(value, dict):
        value = Pairs(value.items())
    if isinstance(value, Pairs):
        fields = [f"{json.dumps(name)}{style['blank']}:{written(each, style)}" for name, each in value]
        return "{" + ",".join(fields) + "}"
    if isinstance(value, list):
        return "[" + ",".join(written(each, style) for each in value) + "]"
    return value if isinstance(value, Literal) else json.dumps(value, ensure_ascii=style["ascii"])


def doubled(record: dict[str, Any], more: list[tuple[int, Any]]) -> Any:
    """Return a record in which some fields stand twice."""
    pairs = Pairs(record.items())
    for index, value in more:
        if pairs:
            pairs.insert(index % (len(pairs) + 1), (pairs[index % len(pairs)][0], value))
    return pairs


odd_numbers = st.sampled_from(
    [Literal("9" * 5000), Literal("-" + "7" * 400), Literal("1e999"), 2**63, -(2**63) - 1, 1e308, 0.1, "9" * 5000]
)
more_fields = st.lists(st.tuples(st.integers(0, 9), st.none() | st.text(max_size=3) | odd_numbers), max_size=2)
styles = st.fixed_dictionaries({"blank": st.sampled_from(["", "", " ", "\n\t "]), "ascii": st.booleans()})
encodings = st.sampled_from(["utf-8"] * 6 + ["utf-8-sig", "utf-16", "utf-32", "latin-1"])


PIECES = [b'"', b"\\", b"{", b"]", b",", b"null", b'"id":1,', b'"data":[],']


@st.composite
def bodies(draw: st.DrawFn, resource: str) -> tuple[bytes, int | None]:
    """Draw the body of an answer; and how many records it has, where nothing was done to its bytes."""
    said = [doubled(record, draw(more_fields)) for record in draw(records(resource))]
    if parts_of(endpoint_of(resource)):
        answer: Any = {resource: said, **draw(st.sampled_from([{}, {"days": []}, {"tracks": None}]))}
    else:
        answer = draw(st.sampled_from([said, {"data": said}, {"data": said, **draw(st.sampled_from(HARMLESS))}]))
    text = written(answer, draw(styles))
    body = text.encode(draw(encodings), "backslashreplace")
    if draw(st.integers(0, 2)):
        return body, len(said)
    for _ in range(draw(st.integers(1, 3))):
        index, other = draw(st.integers(0, len(body))), draw(st.integers(0, len(body)))
        begin, end = sorted((index, other))
        body = draw(
            st.sampled_from(
                [
                    body[:begin] + body[end:],
                    body[:end] + body[begin:],
                    body[:index] + draw(st.binary(max_size=4)) + body[index:],
                    body[:index]
                    + draw(st.sampled_from([b'"', b"\\", b"{", b"]", b",", b"null", b'"id":1,']))
                    + body[index:],
                ]
            )
        )
    return body, None


@st.composite
def envelopes(draw: st.DrawFn, number: int, pages: int, total: int, stops: int) -> tuple[dict[str, Any], bool]:
    """Draw what stands beside the records of a page; and whether it says that more than all pages so far exists."""
    way, path = draw(st.integers(0, 5)), draw(st.sampled_from(PATHS))
    envelope: dict[str, Any] = {}
    if number < stops:
        form = draw(st.sampled_from(sorted(ADDRESSES)))
        address = json.loads(json.dumps(ADDRESSES[form]).replace("?page=2", f"?page={number + 1}"))
        envelope |= numbered(address, number, pages, total)
    more = number == stops < pages
    if not draw(st.booleans()):
        return envelope, False
    if draw(st.booleans()):
        form = draw(st.sampled_from(sorted(NUMBERS)))
        fields = numbered(NUMBERS[form](total, pages), number, pages, total)
        # "page 1, total 2" of two records can be of either, and so can a number beside which no page stands.
        more = more and form not in ("page of total", "page.total") and not (number > 1 and "page" in form)
    else:
        form = draw(st.sampled_from(sorted(FLAGS)))
        fields = {form: FLAGS[form][0 if number < pages else 1]}
    merged = placed(respelled(fields, way), path)
    if set(merged) & set(envelope):
        return envelope, False
    return {**envelope, **merged}, more


def numbered(fields: Any, number: int, pages: int, total: int) -> Any:
    """Return fields in which what is said of the first of two pages, of 40 records, is said of another page."""
    if not isinstance(fields, dict):
        return fields
    changed = {}
    for name, value in fields.items():
        if value == 1 and name in ("page", "current_page", "number", "current"):
            value = number
        elif value == 0 and name in ("page", "number"):
            value = number - 1
        elif value == 2 and name in ("last_page", "total_pages"):
            value = pages
        elif value == 40:
            value = total
        changed[name] = numbered(value, number, pages, total)
    return changed

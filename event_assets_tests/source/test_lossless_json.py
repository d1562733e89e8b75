"""Nothing of a JSON text is lost: names that stand twice, numbers of thousands of digits."""

import json
import time
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from event_assets.settings import PersonalData, PrivacySettings
from event_assets.source.api.lossless_json import Repeated, loses_nothing, parts, python_json
from event_assets.source.api.pages import Expectation, Page
from event_assets.source.errors import InvalidResponseError
from event_assets.source.records.privacy import Privacy
from event_assets.source.records.typed import TypedRecords
from event_assets.source.tables.schema import TABLES
from event_assets_tests.examples import examples
from event_assets_tests.source import diffing
from event_assets_tests.source.diffing import Compared, answered, compared_pages, content

DIGITS = "7" * 5_000


def listed(body: str) -> Compared:
    return compared_pages("participants", [diffing.listed(answered(body.encode("utf-8", "surrogatepass")))])


@pytest.mark.parametrize(
    ("text", "value", "names"),
    [
        ('{"a": 1, "a": 2}', {"a": 2, "a_2": 1}, {"a"}),
        ('{"a": 1, "a": 2, "a": 3, "a": 1}', {"a": 1, "a_2": 2, "a_3": 3}, {"a"}),
        ('{"a": 1, "a_2": 5, "a": 2}', {"a": 2, "a_2": 5, "a_3": 1}, {"a"}),
        ('{"a": 1, "a": null}', {"a": None, "a_2": 1}, {"a"}),
        ('{"a": null, "a": 1}', {"a": 1}, set()),
        ('{"a": {"b": 1}, "a": {"b": 1}}', {"a": {"b": 1}}, set()),
        ('{"a": true, "a": 1}', {"a": 1, "a_2": True}, {"a"}),
        (r'{"a": 1, "\u0061": 2}', {"a": 2, "a_2": 1}, {"a"}),
    ],
)
def test_no_value_of_a_name_that_stands_twice_is_lost(text: str, value: dict[str, Any], names: set[str]):
    read = python_json(text)
    assert read == value
    assert (read.names if isinstance(read, Repeated) else set()) == names


@pytest.mark.parametrize("text", [f"-{DIGITS}", DIGITS, "1" * 4_301])
def test_a_number_of_thousands_of_digits_is_kept_as_its_text(text: str):
    assert python_json(f'{{"a": [{text}, 1, 1e999]}}') == {"a": [text, 1, "1e999"]}


def test_many_long_numbers_take_no_time_to_speak_of():
    began = time.process_time()
    python_json(f"[{'9' * 2_000_000}, {', '.join(['9' * 5_000] * 400)}]")
    assert time.process_time() - began < 1


class Members(list):
    """Members of an object, of which some may have the same name."""


texts = st.sampled_from(["", "x", ":", ":null", ": null", ':n"', "a\\", '":', '":null,', "é: y", '\\":1'])
anything = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | texts,
    lambda inner: (
        st.lists(inner, max_size=2) | st.lists(st.tuples(texts | st.just("k"), inner), max_size=3).map(Members)
    ),
    max_leaves=6,
)


def written(value: Any, style: tuple[str, str, bool]) -> str:
    """JSON of a value in a style: what stands around a colon, and whether colons in texts are written as escapes."""
    if isinstance(value, Members):
        inside = ",".join(
            f"{written(name, style)}{style[0]}:{style[1]}{written(inner, style)}" for name, inner in value
        )
        return f"{{{inside}}}"
    if isinstance(value, list):
        return f"[{','.join(written(inner, style) for inner in value)}]"
    text = json.dumps(value, ensure_ascii=False)
    return text.replace(":", "\\u003a") if style[2] and isinstance(value, str) else text


def values(value: Any) -> int:
    """How many members are in a value that are not null."""
    if isinstance(value, Members):
        return sum(values(inner) + (inner is not None) for _, inner in value)
    if isinstance(value, dict):
        return sum(values(inner) + (inner is not None) for inner in value.values())
    return sum(map(values, value)) if isinstance(value, list) else 0


@examples(1500)
@given(
    value=st.lists(st.tuples(texts | st.just("k"), anything), max_size=4).map(Members),
    style=st.tuples(st.sampled_from(["", " ", "\n"]), st.sampled_from(["", " ", "\t"]), st.booleans()),
)
@example(value=Members([("a", ":null"), ("a", None), ("b", None)]), style=("", "", False))
@example(value=Members([("k", 1), ("k", ":"), ("k", ":")]), style=("", "", True))
def test_a_reader_that_lost_something_is_found_out(value: Members, style: tuple[str, str, bool]):
    text = written(value, style).encode()
    read = msgspec.json.decode(text)
    if loses_nothing(text, msgspec.json.encode(read)):
        assert values(read) == values(value)


@pytest.mark.parametrize("text", [b'{"a":1,"b":[{"c":null,"d":":null"}]}', b'{"a": null, "b": "x: y"}', b'{"a" : 1}'])
def test_a_reader_that_lost_nothing_is_mostly_believed(text: bytes):
    assert loses_nothing(text, msgspec.json.encode(msgspec.json.decode(text)))


@pytest.mark.parametrize("personal_data", ["keep", "hash", "drop"])
@pytest.mark.parametrize(
    "record",
    [
        '{"id":1,"email":"a@x.org","company":"A","company":"B"}',
        '{"id":1,"email":"a@x.org","company":"A","company":null}',
        '{"id":1,"email":"a@x.org","company" :"A","company":"B"}',
        '{"id":1,"email":"a@x.org","tickets":[{"name":"A","name":"B"}]}',
        '{"id":1,"email":"a@x.org","name":"x\\u003ay","company":"A","company":"B"}',
        '{"id":1,"email":"a@x.org","company":null,"position":"A","position":":null"}',
        '{"id":1,"id":2,"email":"a@x.org"}',
    ],
)
def test_the_fast_way_leaves_records_of_which_it_would_lose_something(personal_data: PersonalData, record: str):
    privacy = Privacy(PrivacySettings(personal_data, "a secret of the test suite"))
    typed = TypedRecords(TABLES["participants"], privacy)
    other = b'{"id":9,"email":"b@x.org","company":null,"checked_at":null,"tickets":[{"name":null}],"name":":null"}'
    assert typed.decode(b"[" + other + b"]") is not None
    assert typed.decode(b"[" + other + b"," + record.encode() + b"]") is None


@pytest.mark.parametrize("body", ['{"data": [%s]}', "[%s]", '{"data": %s}', "%s", '{"data": [%s], "x": "\\ud800"}'])
def test_a_record_with_a_field_twice_is_loaded_whole(body: str):
    (row,), _ = listed(body % '{"id": 1, "email": "a@x.org", "company": "A", "company": "B", "email_2": "c@x.org"}')
    assert (row["company"], row["company_2"], row["email_2"]) == ("B", "A", "c@x.org")


@pytest.mark.parametrize("body", ['{"data": [%s]}', "[%s]", '{"data": %s}', "%s", '{"data": [%s], "x": "\\ud800"}'])
def test_a_record_with_two_values_of_its_key_is_rejected(body: str):
    rows, taken = listed(body % '{"id": 1, "email": "a@x.org", "email": "b@x.org"}')
    assert rows == []
    assert [reject.reason for reject in taken.rejects] == ["no usable email or id"]
    assert "a@x.org" in taken.rejects[0].payload
    assert "b@x.org" in taken.rejects[0].payload
    rows, taken = listed(body % '{"id": 1, "email": "a@x.org", "email": "a@x.org"}')
    assert len(rows) == 1


@pytest.mark.parametrize("digits", [DIGITS, f"-{DIGITS}"])
def test_a_record_with_a_number_of_thousands_of_digits_is_loaded(digits: str):
    (row,), taken = listed(
        f'{{"data": [{{"id": {digits}, "email": "a@x.org", "group_id": {digits}, "more": [{digits}]}}]}}'
    )
    assert row["id"] == digits
    assert digits in json.dumps(row["group_id"])
    assert digits in row["more"]
    halls = content(answered(f'{{"halls": [{{"id": 1, "order": {digits}}}]}}'.encode()), "halls")
    (row,), taken = compared_pages("halls", [halls["halls"]])
    assert row["order"] == {"v_text": digits}
    assert taken.type_mismatches == {"order": 1}


@pytest.mark.parametrize(
    "body",
    [
        '{"data": [{"id": 1}], "data": [{"id": 2}]}',
        '{"data": [{"id": 1}], "data": [{"id": 2}], "x": "\\ud800"}',
        '{"data": "x", "data": []}',
        '{"data": [], "meta": {"total": 4000}, "meta": {"total": 0}}',
        '{"data": [], "meta": {"total": 4000, "total": 0}}',
    ],
)
def test_an_envelope_with_a_field_twice_is_refused(body: str):
    with pytest.raises(InvalidResponseError, match="an object that has a field twice, with different values"):
        diffing.listed(answered(body.encode()))


@pytest.mark.parametrize("more", ['"halls": [{"id": 2}]', '"meta": {"a": 1, "a": 2}', '"halls": []'])
def test_content_with_a_field_twice_is_refused(more: str):
    with pytest.raises(InvalidResponseError, match="an object that has a field twice"):
        content(answered(f'{{{more}, "halls": [{{"id": 1}}]}}'.encode()), "halls")


def test_a_record_of_content_with_a_field_twice_is_loaded_whole():
    body = b'{"halls": [{"id": 1, "name": "A", "name": "B"}, {"id": 2, "id": 3}]}'
    (row,), taken = compared_pages("halls", [content(answered(body), "halls")["halls"]])
    assert (row["name"], row["name_2"]) == ("B", "A")
    assert [reject.reason for reject in taken.rejects] == ["no usable id"]


@examples(300)
@given(
    value=st.lists(anything, max_size=4) | st.dictionaries(texts, anything, max_size=4),
    blank=st.sampled_from(["", " \n"]),
)
def test_the_parts_of_a_text_are_those_of_its_value(value: Any, blank: str):
    text = blank + json.dumps(value, separators=(f"{blank},{blank}", f"{blank}:{blank}"), ensure_ascii=False) + blank
    found = [(part.name, json.loads(text[part.begin : part.end])) for part in parts(text)]
    read = json.loads(text)
    assert found == ([*read.items()] if isinstance(read, dict) else [("", each) for each in read])


@pytest.mark.parametrize("text", ["", "7", "[1", "[1,]", '{"a" 1}', "{1: 2}", "[1] 2", "[,]", '{"a": }'])
def test_what_is_no_list_and_no_object_has_no_parts(text: str):
    with pytest.raises(ValueError, match=r".*"):
        list(parts(text))


def test_a_page_with_half_a_surrogate_pair_keeps_what_stands_twice():
    expected = Expectation("/participants", "a list")
    page = Page("participants", expected, b'[{"a": 1, "a": 2, "b": "\\ud800"}]')
    assert [batch.records() for batch in page.batches()] == [[{"a": 2, "a_2": 1, "b": "\ud800"}]]

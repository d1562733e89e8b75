"""A page of a list is taken apart whatever JSON it is."""

import pytest

from event_assets.source.api.pages import Expectation, Page
from event_assets.source.errors import InvalidResponseError


def records(array: bytes) -> list[dict]:
    page = Page("participants", Expectation("/participants", "a list"), array)
    return [record for batch in page.batches() for record in batch.records()]


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (b"[]", []),
        (b'[{"id": 1}, {}]', [{"id": 1}, {}]),
        (b'[{"id": 1, "tags": ["\\ud800"]}, {}]', [{"id": 1, "tags": ["\ud800"]}, {}]),
        (b'[{"id": 1}, {"\\udfff": 12345678901234567890123}]', [{"id": 1}, {"\udfff": 12345678901234567890123}]),
        (b'[{"id": 1e999, "tags": [-1e999, 1.5]}]', [{"id": "1e999", "tags": ["-1e999", 1.5]}]),
        (b'[{"id": "\\ud83d\\ude00"}]', [{"id": "\U0001f600"}]),
    ],
)
def test_its_records_are_those_of_the_json(array: bytes, expected: list[dict]):
    assert records(array) == expected


@pytest.mark.parametrize("array", [b'[{"id": 1}', b'[{"id": NaN}]', b'[{"a": "\\ud800"}, {"b": NaN}]', b"[" * 100_000])
def test_what_is_no_json_is_refused(array: bytes):
    with pytest.raises(InvalidResponseError, match="invalid or truncated JSON"):
        records(array)


def test_what_are_no_objects_is_refused():
    with pytest.raises(InvalidResponseError, match="a list in which 2 of 3 are not objects"):
        records(b'[{"id": 1}, 2, "\\ud800"]')

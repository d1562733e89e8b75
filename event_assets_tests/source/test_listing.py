"""Where the records of a list response stand in it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_assets.source.api.listing import take_apart

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.text('[]{},"\\data é', max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["data", "meta", "a"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(["a", "meta", "links", "total"]), VALUES, max_size=4),
    VALUES,
    st.integers(0, 4),
    st.sampled_from([(",", ":"), (" , ", " :\n")]),
)
def test_a_response_is_split_where_its_records_stand(
    envelope: dict[str, object], data: object, at: int, separators: tuple[str, str]
):
    """Also where the same text stands in it elsewhere, as an empty list or within a text."""
    fields = [*envelope.items()]
    fields.insert(at, ("data", data))
    body = json.dumps(dict(fields), separators=separators).encode()
    listing = take_apart(body)
    assert bytes(listing.data) == json.dumps(data, separators=separators).encode()
    assert (listing.envelope, listing.bare) == (envelope, False)


@pytest.mark.parametrize("times", [1, 2, 7, 8, 9, 100])
def test_records_that_stand_in_a_response_many_times_are_the_ones_of_data(times: int):
    records = [{"id": 1}]
    fields = {**{f"other_{number}": records for number in range(times)}, "data": records, "more": records}
    listing = take_apart(json.dumps(fields).encode())
    assert json.loads(bytes(listing.data)) == records
    assert listing.envelope == {name: value for name, value in fields.items() if name != "data"}


@pytest.mark.parametrize("beginning", [b"[", b"[" * 70])
def test_what_only_begins_as_the_records_do_is_not_taken_for_them(beginning: bytes):
    end = b"]" * len(beginning)
    body = b'{"a": ' + beginning + b"1" + end + b', "data": ' + beginning + b"2" + end + b"}"
    assert bytes(take_apart(body).data) == beginning + b"2" + end

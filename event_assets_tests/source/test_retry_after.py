"""When a server wants to be asked again is obeyed where it can be understood, and never an error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests import Response

from event_assets.source.api.retry_after import retry_after
from event_assets_tests.examples import examples

MONSTROUS = [
    "Fri, 31 Dec 99999 23:59:59 GMT",
    "Fri, 31 Dec 9999 23:59:59 GMT",
    "Fri, 31 Dec 9999 23:59:59 -9999",
    "Fri, 31 Dec 1 00:00:00 GMT",
    "Fri, 99 Dec 2026 99:99:99 GMT",
    "Thu, 01 Jan 1970 00:00:00 +99999999999",
    "31 Dec 2026 99999999999999999999:00:00",
    "-1",
    "1.5",
    "1e999",
    "inf",
    "nan",
    "٣",
    "9" * 30,
    "9" * 5000,
    "0x10",
    "1_000",
    "",
    " ",
    ",",
    "\x00",
]


def answered(value: str) -> Response:
    response = Response()
    response.status_code, response.headers["Retry-After"] = 429, value
    return response


@pytest.mark.parametrize("value", MONSTROUS)
def test_what_is_no_time_is_none(value: str):
    asked = retry_after(answered(value))
    assert asked is None or 0 <= asked < float("inf")


@examples(100)
@given(
    st.one_of(
        st.text(),
        st.integers().map(str),
        st.floats().map(str),
        st.from_regex(
            r"[A-Z][a-z]{2}, -?\d{1,30} (Jan|Dec|Foo) -?\d{1,30} \d{1,30}:\d{1,9}:\d{1,9} (GMT|[+-]\d{1,20})"
        ),
    )
)
def test_no_value_is_an_error(value: str):
    asked = retry_after(answered(value))
    assert asked is None or 0 <= asked < float("inf")


@pytest.mark.parametrize(("value", "seconds"), [("7", 7), (" 7 ", 7), ("0", 0), ("-5", None), ("soon", None)])
def test_seconds_are_obeyed(value: str, seconds: float | None):
    assert retry_after(answered(value)) == seconds


def test_a_server_that_says_nothing_asks_for_nothing():
    assert retry_after(Response()) is None

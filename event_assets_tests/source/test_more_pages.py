"""Whatever says that a list goes on is followed or refused, in any form, path and spelling; the rest is loaded."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from requests import Response

from event_assets.source.api.pages import Page
from event_assets.source.errors import InvalidResponseError
from event_assets_tests.source.diffing import answered, compared_pages, content, listed
from event_assets_tests.source.envelopes import (
    ADDRESSES,
    ALL,
    FLAGS,
    HARMLESS,
    NEXT,
    NUMBERS,
    PATHS,
    RECORDS,
    placed,
    respelled,
)

WAYS = range(6)
PEOPLE = [{"id": number, "email": f"p{number}@example.org"} for number in range(ALL)]


class FollowedError(Exception):
    """A further page is wanted."""


def answer(envelope: Any, **headers: str) -> Response:
    return answered(json.dumps(envelope).encode(), "participants", **headers)


def read(*pages: Response) -> str | int:
    """Read the pages of a list; return what is refused, `followed` if a further one is wanted, or how many came."""

    def wanted() -> Iterator[Page]:
        for number, page in enumerate(pages, 1):
            found = listed(page)
            if number == len(pages) and found.next_url is not None:
                raise FollowedError
            yield found

    try:
        return compared_pages("participants", wanted()).changes.received
    except InvalidResponseError as error:
        return str(error)
    except FollowedError:
        return "followed"


def first_page(beside: dict[str, Any], **headers: str) -> str | int:
    return read(answer({"data": PEOPLE[:RECORDS], **beside}, **headers))


@pytest.mark.parametrize("form", ADDRESSES)
@pytest.mark.parametrize("way", [0, 1, 2, 3, 4])
def test_an_address_in_a_known_place_is_followed(form: str, way: int):
    assert first_page(respelled(ADDRESSES[form], way)) == "followed"


@pytest.mark.parametrize(
    "link",
    [
        '<{}>; rel="next"', "<{}>; rel=next", '<{}>; rel="NEXT"', '<{}>; rel="next last"', '<{}>;REL="Next"',
        '<?page=1>; rel="first", <{}>; title="a, b"; rel="last next"',
    ],
)  # fmt: skip
def test_a_link_header_is_followed_however_it_is_written(link: str):
    assert first_page({}, Link=link.format(NEXT)) == "followed"


def written(number: int) -> list[Any]:
    return [number, float(number), str(number), f" {number}.0 "]


@pytest.mark.parametrize("form", NUMBERS)
@pytest.mark.parametrize("path", PATHS, ids=".".join)
def test_a_number_of_more_than_came_is_refused_and_any_other_is_not(form: str, path: tuple[str, ...]):
    for way in WAYS:
        kind = (way + PATHS.index(path)) % 4
        more, whole = (
            placed(respelled(NUMBERS[form](written(records)[kind], written(pages)[kind]), way), path)
            for records, pages in ((ALL, 2), (RECORDS, 1))
        )
        assert "without the address of the next page" in str(first_page(more)) or "page 1 of 2" in str(first_page(more))
        assert first_page(whole) == RECORDS
        # The first page says it, the last one nothing.
        alone = read(answer({"data": PEOPLE[:10], "next": NEXT, **more}), answer({"data": PEOPLE[10:RECORDS]}))
        if "page" not in form:
            assert "25 of 40 records" in str(alone)
        both = read(answer({"data": PEOPLE[:RECORDS], "next": NEXT, **more}), answer({"data": PEOPLE[RECORDS:]}))
        assert both == ALL


@pytest.mark.parametrize("form", FLAGS)
@pytest.mark.parametrize("path", PATHS, ids=".".join)
def test_what_says_that_more_follows_is_refused_and_what_says_that_nothing_does_is_not(
    form: str, path: tuple[str, ...]
):
    yes, no = FLAGS[form]
    likewise = {True: [True, 1, "true", "1", "yes"], False: [False, "false", "no"]}
    for way in WAYS:
        for value in likewise.get(yes, [yes]) if isinstance(yes, bool) else [yes, str(yes)]:
            assert "where one follows" in str(first_page(placed(respelled({form: value}, way), path))), (way, value)
        for value in likewise.get(no, [no]) if isinstance(no, bool) else [no, "", False, 0, "0", "null"]:
            assert first_page(placed(respelled({form: value}, way), path)) == RECORDS, (way, value)


@pytest.mark.parametrize("path", [("data_2",), ("stuff", "things")])
@pytest.mark.parametrize("beside", [{"total_pages": 2}, {"next_page": 2}, {"hasMore": True}, {"total_items": 40}])
def test_at_an_unknown_path_it_counts_if_it_speaks_for_itself(path: tuple[str, ...], beside: dict[str, Any]):
    assert isinstance(first_page(placed(beside, path)), str)


@pytest.mark.parametrize("beside", HARMLESS)
def test_what_says_nothing_of_further_pages_is_loaded(beside: dict[str, Any]):
    assert first_page(beside) == RECORDS
    assert read(answer({"data": PEOPLE[:20], "next": NEXT}), answer({"data": PEOPLE[20:RECORDS], **beside})) == RECORDS


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("X_Total_Count", "40"), ("x_total", "40"), ("X_Total_Pages", "2"), ("X_WP_TotalPages", "2"),
        ("Content_Range", "items 0-24/40"), ("X_Next_Page", "2"), ("X_Pagination", '{"TotalCount": 40}'),
        ("X_Has_More", "true"), ("Link", "?page=2; rel=next"),
        ("Link", '<?page=1>; rel="first", <?page=2>; rel="last"'),
    ],
)  # fmt: skip
def test_headers_count_as_well(header: str, value: str):
    assert "without" in str(first_page({}, **{header: value}))


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("X_Total_Count", "25"), ("X_Total_Pages", "1"), ("X_Next_Page", ""), ("Content_Range", "items 0-24/25"),
        ("Content_Range", "bytes 0-9/999"), ("Content_Length", "9999"), ("X_RateLimit_Remaining", "59"),
        ("X_Per_Page", "100"), ("Link", '<?page=1>; rel="last"'), ("X_Cache_Hits", "99"), ("Age", "4000"),
    ],
)  # fmt: skip
def test_headers_that_say_nothing_of_it_do_not_count(header: str, value: str):
    assert first_page({}, **{header: value}) == RECORDS


def test_page_1_of_2_is_no_number_of_records():
    assert "1 of 2 pages" in str(read(answer({"data": PEOPLE[:2], "paging": {"page": 1, "of": 2}})))
    assert read(answer({"data": PEOPLE[:2], "paging": {"of": 2}})) == 2


def test_a_bare_page_does_not_end_a_list_whose_pages_were_in_envelopes():
    first = {"data": PEOPLE[:RECORDS], "next": NEXT}
    assert "page 2 without the envelope of those before" in str(read(answer(first), answer(PEOPLE[RECORDS:])))
    counted = answer({**first, "total": ALL})
    assert read(counted, answer(PEOPLE[RECORDS:])) == ALL
    assert "30 of 40 records" in str(read(counted, answer(PEOPLE[RECORDS:30])))
    assert read(answer(PEOPLE[:RECORDS], Link=f"<{NEXT}>; rel=next"), answer(PEOPLE[RECORDS:])) == ALL


@pytest.mark.parametrize(
    ("beside", "came"),
    [
        ({"links": [{"rel": "next", "href": NEXT}]}, "a page with a link to the next one"),
        ({"meta": {"hasMore": 1}}, "a page that says that more follows: `hasMore`"),
        ({"meta": {"page": 1, "total_pages": 2}}, "1 of 2 pages"),
        ({"total": 400}, "3 of 400 records"),
        ({"meta": {"counts": {"lectures": 9}}}, "2 of 9 records of lectures"),
        ({"hallCount": "4"}, "1 of 4 records of halls"),
    ],
)
def test_content_that_is_a_part_is_refused(beside: dict[str, Any], came: str):
    said = {"halls": [{"id": 1}], "lectures": [{"id": 1}, {"id": 2}]}
    with pytest.raises(InvalidResponseError, match=came):
        content(answer({**said, **beside}), "halls", "lectures", "days")
    for harmless in ({"counts": {"lectures": 2, "days": 3, "halls": 1}}, {"total": 3}, {"participants_count": 900}):
        content(answer({**said, **harmless}), "halls", "lectures", "days")

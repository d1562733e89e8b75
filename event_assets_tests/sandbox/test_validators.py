"""Conditional requests: unchanged responses are not sent again, if the sandbox is set up so."""

from collections.abc import Callable
from datetime import datetime, timezone

import pytest
import requests
import time_machine

from event_assets.sandbox import Event, Sandbox, faults
from event_assets_tests.sandbox.asking import PARTNERS, get


@pytest.fixture
def ask(api: Sandbox) -> Callable[..., requests.Response]:
    def ask(**headers: str) -> requests.Response:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        authorization = {"Authorization": f"Bearer {api.token}"}
        return requests.get(f"{api.base_url}/partners", headers=given | authorization, timeout=10)

    return ask


def test_an_answer_says_nothing_of_itself_unless_asked_to(api: Sandbox):
    response = get(api, "partners")
    assert not {"ETag", "Last-Modified"} & response.headers.keys()


def test_an_etag_stands_for_the_answer(api: Sandbox, event: Event, ask: Callable[..., requests.Response]):
    api.validators = "etag"
    first = ask()
    assert first.json() == {"data": PARTNERS}
    again = ask(If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    event.partners.append({"id": 9})
    changed = ask(If_None_Match=first.headers["ETag"])
    assert changed.status_code == 200
    assert changed.headers["ETag"] != first.headers["ETag"]
    event.partners.pop()
    assert ask(If_None_Match=first.headers["ETag"]).status_code == 304


def test_the_time_of_the_last_change_stands_for_the_answer(
    api: Sandbox, event: Event, ask: Callable[..., requests.Response]
):
    api.validators = "last_modified"
    with time_machine.travel(datetime(2030, 5, 6, 12, tzinfo=timezone.utc)) as clock:
        first = ask()
        assert first.headers["Last-Modified"] == "Mon, 06 May 2030 12:00:00 GMT"
        clock.shift(60)
        assert ask(If_Modified_Since=first.headers["Last-Modified"]).status_code == 304
        event.partners.append({"id": 9})
        changed = ask(If_Modified_Since=first.headers["Last-Modified"])
        assert changed.status_code == 200
        assert changed.headers["Last-Modified"] == "Mon, 06 May 2030 12:01:00 GMT"
    assert ask(If_Modified_Since="yesterday").status_code == 200


def test_every_page_stands_for_itself(api: Sandbox, event: Event):
    api.validators, api.envelope, api.page_size = "etag", "pages", 1
    first, second = (get(api, "partners", f"?page={number}").headers["ETag"] for number in (1, 2))
    assert first != second
    event.partners[1] = {"id": 9}
    assert get(api, "partners", "?page=1").headers["ETag"] == first
    assert get(api, "partners", "?page=2").headers["ETag"] != second


def test_a_fault_is_shown_to_who_has_the_answer(api: Sandbox, ask: Callable[..., requests.Response]):
    api.validators = "etag"
    tag = ask().headers["ETag"]
    api.fail("partners", faults.status(503))
    assert ask(If_None_Match=tag).status_code == 503
    api.token = "another"
    assert requests.get(f"{api.base_url}/partners", headers={"If-None-Match": tag}, timeout=10).status_code == 401


def test_another_validator_is_refused():
    with pytest.raises(ValueError, match="'md5' is not a validator: none, etag, last_modified are"):
        Sandbox(Event({}, [], []), validators="md5")  # pyright: ignore[reportArgumentType]

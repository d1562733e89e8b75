"""The wire: what is retried, what is asked once, where a redirect may lead."""

import time
from email.utils import formatdate
from typing import Any

import pytest
import requests
from requests import Request, Response

from event_assets.sandbox import Event, Sandbox, faults
from event_assets.sandbox.responses import error_response
from event_assets.settings import RetrySettings
from event_assets.source.api.resources import resources_by_endpoint
from event_assets.source.api.retries import retrying
from event_assets.source.api.session import ApiSession
from event_assets.source.errors import InvalidResponseError
from event_assets.warehouse import Warehouse
from event_assets_tests.source.diffing import read
from event_assets_tests.source.syncing import run_sync


def session(api: Sandbox, log: Any = print, endpoint: str = "content", **settings: Any) -> ApiSession:
    retry = RetrySettings(**{"max_attempts": 3, "backoff_factor": 0, "timeout": 5, **settings})
    made = ApiSession(api.base_url, read, retry, log, asks_once=endpoint == "content")
    made.headers["Authorization"] = f"Bearer {api.token}"
    return made


def test_content_is_asked_for_once_and_lists_each_time(event: Event):
    with Sandbox(event) as api:
        asking = session(api)
        first = asking.get(f"{api.base_url}/content").json()
        event.content["halls"] = []
        assert asking.get(f"{api.base_url}/content").json() == first
        assert first["halls"]
        asking = session(api, endpoint="partners")
        for _ in range(2):
            asking.get(f"{api.base_url}/partners")
        assert dict(api.requests) == {"/public/v1/content": 1, "/public/v1/partners": 2}


def test_a_failed_answer_is_not_kept(event: Event):
    with Sandbox(event) as api:
        asking = session(api)
        asking.headers["Authorization"] = "Bearer wrong"
        assert asking.get(f"{api.base_url}/content").status_code == 401
        asking.headers["Authorization"] = f"Bearer {api.token}"
        assert asking.get(f"{api.base_url}/content").status_code == 200


@pytest.mark.parametrize(("status", "attempts"), [(503, 3), (429, 3), (500, 3), (400, 1), (403, 1), (404, 1), (501, 1)])
def test_only_what_may_pass_is_retried(event: Event, monkeypatch: pytest.MonkeyPatch, status: int, attempts: int):
    with Sandbox(event) as api:
        count = api.respond
        monkeypatch.setattr(api, "respond", lambda *asked: (count(*asked), error_response(status, "Not now."))[1])
        logged: list[str] = []
        assert session(api, logged.append).get(f"{api.base_url}/content").status_code == status
        assert api.requests["/public/v1/content"] == attempts
    assert logged == [
        f"GET /public/v1/content returned {status}: attempt {number} of 3 in 0.0 s" for number in range(2, attempts + 1)
    ]


def test_a_lost_server_is_retried_and_then_reported(event: Event):
    logged: list[str] = []
    with Sandbox(event) as api:
        asking = session(api, logged.append)
    with pytest.raises(requests.ConnectionError):
        asking.get(f"{api.base_url}/content")
    assert logged == [
        f"GET /public/v1/content failed (ConnectionError): attempt {number} of 3 in 0.0 s" for number in (2, 3)
    ]


def test_attempts_are_not_multiplied_by_a_redirect(event: Event):
    logged: list[str] = []
    with Sandbox(event) as api:
        api.fail("partners", faults.redirect_elsewhere(f"{api.base_url}/partners?moved"), times=1)
        api.fail("partners", faults.status(503))
        assert session(api, logged.append, "partners").get(f"{api.base_url}/partners").status_code == 503
        assert api.requests["/public/v1/partners"] == 1 + 3
    assert len(logged) == 2


@pytest.mark.parametrize("endpoint", ["content", "partners"])
def test_a_redirect_to_another_scheme_is_refused(event: Event, endpoint: str):
    with Sandbox(event) as api:
        api.fail(endpoint, faults.redirect_elsewhere(f"{api.base_url}/{endpoint}".replace("http://", "https://"), 301))
        with pytest.raises(
            InvalidResponseError, match=r"redirects to https:// instead of http://\. .* begin `base_url` with https://"
        ):
            session(api, endpoint=endpoint).get(f"{api.base_url}/{endpoint}")


@pytest.fixture
def also_at_v2(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sandboxes that answer under ``/public/v2`` as they do under ``/public/v1``."""
    respond = Sandbox.respond
    monkeypatch.setattr(
        Sandbox,
        "respond",
        lambda api, method, target, headers: respond(api, method, target.replace("/v2/", "/v1/"), headers),
    )


@pytest.mark.usefixtures("also_at_v2")
def test_a_redirect_to_another_path_is_read_as_the_endpoint_s_answer(event: Event, warehouse: Warehouse):
    with Sandbox(event) as api:
        for endpoint, resources in resources_by_endpoint().items():
            api.fail(endpoint, faults.redirect_elsewhere(f"/public/v2/{endpoint}", 308), times=1)
            loaded = run_sync(api, warehouse, *resources)
            assert {name: result.received for name, result in loaded.items()} == {
                name: event.counts()[name] for name in resources
            }
        # One answer for seven resources, behind a redirect too.
        assert api.requests["/public/v1/content"] == 2


def waits(response: Response, **settings: Any) -> list[float]:
    """How long the session would wait after each attempt that is answered so."""
    attempts = retrying(RetrySettings(**settings), lambda _: None)
    waited: list[float] = []
    attempts.sleep = waited.append
    request = Request("GET", "https://api.example.com/public/v1/participants").prepare()
    attempts(lambda _: response, request)
    return waited


def refusal(retry_after: str | None) -> Response:
    response = Response()
    response.headers.update({"Retry-After": retry_after} if retry_after is not None else {})
    response.status_code = 429
    return response


def test_waits_grow_and_vary():
    first, second, third, fourth = waits(refusal(None), backoff_factor=1, max_attempts=5)
    assert 1 <= first <= 2
    assert 2 <= second <= 3
    assert 4 <= third <= 5
    assert 8 <= fourth <= 9
    assert len({round(wait % 1, 6) for wait in (first, second, third, fourth)}) > 1, "no jitter"


@pytest.mark.parametrize(
    ("retry_after", "least", "most"),
    [
        ("7", 7, 8),
        (" 7 ", 7, 8),
        ("0", 1, 2),
        ("-5", 1, 2),
        ("soon", 1, 2),
        ("", 1, 2),
        ("99999999", 60, 61),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 1, 2),
    ],
)
def test_what_the_server_asks_for_is_obeyed_within_reason(retry_after: str, least: float, most: float):
    wait = waits(refusal(retry_after), backoff_factor=1, max_attempts=2, max_delay=60)[0]
    assert least <= wait <= most


def test_a_date_is_obeyed():
    date = formatdate(time.time() + 20, usegmt=True)
    assert 18 <= waits(refusal(date), backoff_factor=1, max_attempts=2)[0] <= 21


def test_the_waits_together_are_bounded():
    assert waits(refusal("50"), backoff_factor=0, max_attempts=9, max_total=40) == []
    assert len(waits(refusal("5"), backoff_factor=0, max_attempts=4, max_total=40)) == 3

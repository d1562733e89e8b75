"""Whose turn a fault is, what is counted meanwhile, what is refused, and which name is which fault."""

import http.client
import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
import requests

from event_assets.sandbox import Event, Sandbox, faults
from event_assets.sandbox.fault_option import NAMES, named
from event_assets.sandbox.responses import answer
from event_assets_tests.sandbox.asking import CONTENT, PARTNERS, ask, get, received


def statuses(api: Sandbox, endpoint: str, number: int) -> list[int]:
    return [get(api, endpoint).status_code for _ in range(number)]


def test_faults_wait_in_order_and_then_the_answer_is_right_again(api: Sandbox):
    api.fail("partners", faults.status(503), times=2)
    api.fail("partners", faults.status(429), times=1)
    assert statuses(api, "partners", 4) == [503, 503, 429, 200]
    api.fail("partners", faults.status(500), times=1)
    assert statuses(api, "partners", 2) == [500, 200]
    assert get(api, "partners").json() == {"data": PARTNERS}
    assert api.requests == {"/public/v1/partners": 7}


def test_without_a_number_a_fault_stays_until_it_is_mended(api: Sandbox):
    api.fail("partners", faults.status(503))
    api.fail("partners", faults.status(429))
    assert statuses(api, "partners", 5) == [503] * 5
    api.mend("partners")
    assert statuses(api, "partners", 1) == [200]


def test_each_endpoint_has_its_own_faults(api: Sandbox):
    for endpoint, code in zip(faults.ENDPOINTS, (500, 502, 504), strict=True):
        api.fail(endpoint, faults.status(code))
    assert [get(api, endpoint).status_code for endpoint in faults.ENDPOINTS] == [500, 502, 504]
    api.mend("partners")
    assert [get(api, endpoint).status_code for endpoint in faults.ENDPOINTS] == [500, 200, 504]
    api.mend()
    assert [get(api, endpoint).status_code for endpoint in faults.ENDPOINTS] == [200, 200, 200]


def test_a_request_that_gets_no_data_anyway_uses_up_no_fault(api: Sandbox):
    api.fail("partners", faults.status(503), times=1)
    assert requests.get(f"{api.base_url}/partners", timeout=10).status_code == 401
    assert requests.post(f"{api.base_url}/partners", timeout=10).status_code == 405
    assert requests.get(f"{api.base_url}/nothing", timeout=10).status_code == 404
    assert statuses(api, "partners", 2) == [503, 200]


@pytest.mark.parametrize("fault", [faults.reset, faults.no_answer, faults.truncated], ids=lambda fault: fault.name)
def test_requests_without_an_answer_are_counted_too(api: Sandbox, fault: faults.Fault):
    api.fail("content", fault, times=3)
    for _ in range(3):
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            get(api, "content")
    assert get(api, "content").json() == CONTENT
    assert api.requests == {"/public/v1/content": 4}


def test_concurrent_requests_use_up_each_fault_once(api: Sandbox):
    api.fail("partners", faults.status(503), times=30)
    api.fail("partners", faults.status(429), times=20)
    with ThreadPoolExecutor(8) as pool:
        seen = Counter(pool.map(lambda _: get(api, "partners").status_code, range(80)))
    assert seen == {503: 30, 429: 20, 200: 30}
    assert api.requests == {"/public/v1/partners": 80}
    assert len(api.asked_at["/public/v1/partners"]) == 80


def test_an_answer_leaves_the_connection_to_the_next_request(api: Sandbox):
    api.fail("partners", faults.status(503), times=1)
    api.fail("partners", faults.redirect_elsewhere("http://elsewhere.example"), times=1)
    api.fail("partners", faults.empty_body, times=1)
    api.fail("partners", faults.truncated_json, times=1)
    address = urlsplit(api.base_url)
    assert address.hostname
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=10)
    used = set()
    for status in (503, 302, 200, 200, 200):
        connection.request("GET", "/public/v1/partners", headers={"Authorization": f"Bearer {api.token}"})
        response = connection.getresponse()
        body = response.read()
        assert response.status == status
        used.add(connection.sock)
    assert json.loads(body) == {"data": PARTNERS}
    assert len(used) == 1
    connection.close()


def test_it_is_known_when_each_request_came(api: Sandbox):
    began = time.monotonic()
    get(api, "partners")
    time.sleep(0.05)
    get(api, "partners", "?page=1")
    get(api, "content")
    first, second = api.asked_at["/public/v1/partners"]
    (third,) = api.asked_at["/public/v1/content"]
    assert began <= first < second <= third <= time.monotonic()
    assert second - first >= 0.05
    api.reset_requests()
    assert api.asked_at == {}


def test_the_log_names_the_fault_instead_of_a_status(api: Sandbox):
    lines: list[str] = []
    api.log = lines.append
    api.fail("partners", faults.no_answer, times=1)
    with ask(api, "partners") as connection:
        received(connection)
    get(api, "partners")
    assert lines == ["GET /public/v1/partners fault no_answer", "GET /public/v1/partners 200"]


def test_what_cannot_be_is_refused(api: Sandbox):
    for refuse in (lambda: api.fail("lectures", faults.hang), lambda: api.mend("lectures")):
        with pytest.raises(ValueError, match="'lectures' is not an endpoint: content, partners, participants are"):
            refuse()
    with pytest.raises(ValueError, match="at least 1 is needed"):
        api.fail("content", faults.hang, times=0)
    with pytest.raises(ValueError, match=r"bare_array is no fault of `content`, only of partners, participants\."):
        api.fail("content", faults.bare_array)
    with pytest.raises(ValueError, match=r"is no fault of `partners`, only of content\."):
        api.fail("partners", faults.without_resource("halls"))
    for refuse in (lambda: faults.without_resource("hall"), lambda: faults.replace_resource("hall", [])):
        with pytest.raises(ValueError, match="'hall' is not in /content"):
            refuse()
    for code in (200, 204, 302, 600):
        with pytest.raises(ValueError, match=f"{code} is not the status of an error"):
            faults.status(code)
    assert statuses(api, "content", 1) == [200]


# By name.


ALL = [value for value in vars(faults).values() if isinstance(value, faults.Fault)]


@pytest.mark.parametrize(
    "fault",
    [
        *ALL,
        faults.status(503),
        faults.status(429, retry_after="Wed, 21 Oct 2015 07:28:00 GMT"),
        faults.status(429, retry_after=""),
        faults.top_level({"a": [1]}),
        faults.data_value("x"),
        faults.replace_resource("halls", {"a": "="}),
        faults.without_resource("days"),
        faults.next_link_elsewhere("http://elsewhere.example:1/?a=b"),
        faults.redirect_elsewhere("http://elsewhere.example:1/?a=b,c", 307),
        faults.slow(0.001),
    ],
    ids=lambda fault: fault.name,
)
def test_a_faults_name_gives_the_same_fault(event: Event, fault: faults.Fault):
    again = named(fault.name)
    assert (again.name, again.endpoints) == (fault.name, fault.endpoints)
    assert fault.name.partition("=")[0] in {name.partition("=")[0] for name in NAMES}
    path = f"/public/v1/{fault.endpoints[0]}"
    seen = []
    for each in (fault, again):
        right = answer(event, path, envelope="data", page_size=1, base_url="")
        faulty = each.apply(right, f"http://127.0.0.1{path}")
        seen.append(replace(faulty, chunks=b"".join(faulty.chunks)))
    assert seen[0] == seen[1]

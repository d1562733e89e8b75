"""How a failure on the way to the server is told, and whether it is worth another attempt."""

import ssl
from typing import Any, NoReturn

import pytest
import requests
from urllib3.connection import HTTPSConnection

from event_assets.settings import EventApiSettings, RetrySettings
from event_assets.source.failures import SyncError, api_failure, may_pass
from event_assets.source.probe import ProbeError, probe
from event_assets.source.sync import SyncSettings, sync
from event_assets.warehouse import Warehouse

API = EventApiSettings("https://api.example.org/public/v1", "the-token")
SETTINGS = SyncSettings(RetrySettings(timeout=5, max_attempts=3, backoff_factor=0))


class Expired(ssl.SSLCertVerificationError):
    """What the standard library raises of a certificate; only itself can set the message."""

    verify_message = "certificate has expired"


def unreachable(monkeypatch: pytest.MonkeyPatch, error: Exception) -> list[str]:
    """Let each connection fail; return the hosts that were tried."""
    tried: list[str] = []

    def connect(self: Any) -> NoReturn:
        tried.append(self.host)
        raise error

    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(HTTPSConnection, "connect", connect)
    return tried


def said_of_sync(place: Warehouse) -> str:
    with pytest.raises(SyncError) as told:
        sync(API, place, "partners", ["partners"], SETTINGS)
    return str(told.value)


def test_a_certificate_that_is_not_accepted_is_told_and_not_tried_again(
    place: Warehouse, monkeypatch: pytest.MonkeyPatch
):
    tried = unreachable(monkeypatch, Expired(1, "[SSL: CERTIFICATE_VERIFY_FAILED]"))
    said = said_of_sync(place)
    assert tried == ["api.example.org"]
    assert "the server's certificate is not accepted (certificate has expired)" in said
    assert "attempts" not in said
    with pytest.raises(ProbeError, match=r"certificate is not accepted \(certificate has expired\)") as told:
        probe(API, "partners", None, SETTINGS)
    assert not told.value.passes, "somebody has to do something"


def test_a_secure_connection_that_does_not_come_about_is_tried_again(place: Warehouse, monkeypatch: pytest.MonkeyPatch):
    tried = unreachable(monkeypatch, ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"))
    assert "found no secure connection (SSLError), several attempts included" in said_of_sync(place)
    assert len(tried) == 3
    with pytest.raises(ProbeError, match="found no secure connection") as told:
        probe(API, "partners", None, SETTINGS)
    assert told.value.passes


def test_a_proxy_that_cannot_be_reached_is_told_as_one(place: Warehouse, monkeypatch: pytest.MonkeyPatch):
    for name in ("NO_PROXY", "no_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    # Nothing listens at port 9, and the API's name is not looked up.
    monkeypatch.setenv("HTTPS_PROXY", "http://user:secret@127.0.0.1:9")
    said = said_of_sync(place)
    assert "did not get through the proxy, several attempts included" in said
    assert "NO_PROXY" in said
    assert "secret" not in said


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (400, "the server does not take the request for a right one"),
        (402, "the server does not do what it is asked for"),
        (405, "cannot be read with GET"),
        (408, "the next sync tries again"),
        (410, "there is no such address any more"),
        (422, "the server cannot do anything with the request"),
        (429, "the server has been asked too often; the next sync tries again"),
        (500, "the server has a problem; the next sync tries again"),
        (599, "the server has a problem; the next sync tries again"),
    ],
)
def test_each_status_has_its_own_sentence(status: int, advice: str):
    response = requests.Response()
    response.status_code, response.reason = status, "Reason"
    said = str(api_failure(requests.HTTPError(response=response), API, "partners"))
    assert f"/partners was answered with {status} Reason: " in said
    assert advice in said
    assert ("tries again" in said) is (status >= 500 or status in (408, 429))


def test_what_is_worth_another_attempt():
    assert may_pass(requests.ConnectionError())
    assert may_pass(requests.ReadTimeout())
    assert may_pass(requests.exceptions.ChunkedEncodingError())
    assert not may_pass(requests.exceptions.ContentDecodingError())
    assert not may_pass(requests.exceptions.InvalidURL())
    assert not may_pass(ValueError())

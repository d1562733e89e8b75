"""Errors of a sync that cannot reach the server, and whether they are retried."""

import errno
import ssl
from http import HTTPStatus
from typing import Any, NoReturn

import duckdb
import pyarrow.parquet as pq
import pytest
import requests
from dlt.destinations.exceptions import DatabaseTerminalException
from urllib3.connection import HTTPSConnection

from event_assets.sandbox import Event, Sandbox
from event_assets.settings import EventApiSettings, RetrySettings
from event_assets.source.api.retries import may_pass
from event_assets.source.errors import SyncError
from event_assets.source.failures import api_failure, warehouse_failure
from event_assets.source.probe import ProbeError, probe
from event_assets.source.sync import SyncSettings, sync
from event_assets.warehouse import Warehouse
from event_assets_tests.source.syncing import run_sync

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


def said_of_sync(warehouse: Warehouse) -> str:
    with pytest.raises(SyncError) as error:
        sync(API, warehouse, "partners", ["partners"], SETTINGS)
    return str(error.value)


def test_a_certificate_that_is_not_accepted_is_reported_and_not_tried_again(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
):
    tried = unreachable(monkeypatch, Expired(1, "[SSL: CERTIFICATE_VERIFY_FAILED]"))
    said = said_of_sync(warehouse)
    assert tried == ["api.example.org"]
    assert "the server's certificate is not accepted (certificate has expired)" in said
    assert "attempts" not in said
    with pytest.raises(ProbeError, match=r"certificate is not accepted \(certificate has expired\)") as error:
        probe(API, "partners", None, SETTINGS)
    assert not error.value.passes, "somebody has to do something"


def test_a_secure_connection_that_does_not_come_about_is_tried_again(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
):
    tried = unreachable(monkeypatch, ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"))
    assert "could not make a secure connection (SSLError) in any attempt" in said_of_sync(warehouse)
    assert len(tried) == 3
    with pytest.raises(ProbeError, match="could not make a secure connection") as error:
        probe(API, "partners", None, SETTINGS)
    assert error.value.passes


def test_a_proxy_that_cannot_be_reached_is_reported(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch):
    for name in ("NO_PROXY", "no_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    # Nothing listens at port 9, and the API's name is not looked up.
    monkeypatch.setenv("HTTPS_PROXY", "http://user:secret@127.0.0.1:9")
    said = said_of_sync(warehouse)
    assert "did not get through the proxy in any attempt" in said
    assert "NO_PROXY" in said
    assert "secret" not in said


@pytest.mark.parametrize(
    ("status", "phrase", "advice"),
    [
        (400, "Bad Request", "the server rejects the request"),
        (402, "Payment Required", "the server rejects the request"),
        (405, "Method Not Allowed", "does not support GET"),
        (408, "Request Timeout", "The next sync tries again"),
        (410, "Gone", "the address no longer exists"),
        (422, HTTPStatus(422).phrase, "the server rejects the request"),
        (429, "Too Many Requests", "there were too many requests. The next sync tries again"),
        (500, "Internal Server Error", "the server has a problem. The next sync tries again"),
        (599, "", "the server has a problem. The next sync tries again"),
    ],
)
def test_each_status_has_its_own_sentence(status: int, phrase: str, advice: str):
    response = requests.Response()
    response.status_code, response.reason = status, "Ada Lovelace"
    said = str(api_failure(requests.HTTPError(response=response), API, "partners"))
    assert f"/partners returned {f'{status} {phrase}'.strip()}: " in said
    assert "Ada" not in said, "what the server says itself may be about somebody"
    assert advice in said
    assert ("tries again" in said) is (status >= 500 or status in (408, 429))


def test_what_is_worth_another_attempt():
    assert may_pass(requests.ConnectionError())
    assert may_pass(requests.ReadTimeout())
    assert may_pass(requests.exceptions.ChunkedEncodingError())
    assert not may_pass(requests.exceptions.ContentDecodingError())
    assert not may_pass(requests.exceptions.InvalidURL())
    assert not may_pass(ValueError())


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full. Free some space where the warehouse"),
        (OSError(errno.EDQUOT, "Disk quota exceeded", "/x/y"), "the disk is full (/x/y). Free some space"),
        (OSError(errno.EACCES, "Permission denied"), "could not be stored on this machine (PermissionError: "),
        (MemoryError(), "did not fit into memory. Stop other programs"),
    ],
    ids=["full", "quota", "permission", "memory"],
)
@pytest.mark.parametrize("resource", ["lectures", "participants"])
def test_what_this_machine_lacks_is_not_reported_as_the_api_s_fault(
    event: Event, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, resource: str, error: Exception, says: str
):
    def write(*_: Any, **__: Any) -> NoReturn:
        raise error

    with Sandbox(event) as api:
        monkeypatch.setattr(pq.ParquetWriter, "write_table", write)
        with pytest.raises(SyncError) as failure:
            run_sync(api, warehouse, resource)
        assert says in str(failure.value)
        assert "base_url" not in str(failure.value)
        # Rows that are not put into a file as they are read are written later, into dlt's package.
        kept = "The tables are unchanged." if resource == "participants" else "completes what is missing."
        assert str(failure.value).endswith(kept)
        monkeypatch.undo()
        run_sync(api, warehouse, resource)


def test_a_disk_that_is_full_is_reported_where_the_warehouse_is_written():
    full = OSError("IO Error: Could not write file: No space left on device")  # as DuckDB has it
    said = str(warehouse_failure(full, "participants"))
    assert "the disk is full. Free some space where the warehouse is" in said
    assert said.endswith("Each table holds either its old or its new rows. The next sync completes what is missing.")


def test_a_full_disk_behind_a_lost_connection_is_not_believed():
    """What requests raises has an error of the system behind it as well, and the network is to blame."""
    with pytest.raises(requests.ConnectionError) as lost:
        raise requests.ConnectionError from OSError(errno.EACCES, "Permission denied")
    assert "could not connect" in str(api_failure(lost.value, API, "partners"))


def test_a_database_that_fails_while_it_is_asked_is_reported_as_such():
    said = str(api_failure(DatabaseTerminalException(duckdb.Error("Out of Memory Error: of 'x'")), API, "partners"))
    assert said.startswith("DuckDB failed (")
    assert "Free disk space or memory" in said

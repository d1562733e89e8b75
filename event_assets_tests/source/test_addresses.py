"""Addresses that are typed differently and lead to the same place, and such as do not."""

import socket
from typing import Any

import pytest

from event_assets.sandbox import Event, Sandbox
from event_assets.settings import EventApiSettings
from event_assets.source.api.addresses import Site, led_to, site
from event_assets.source.api.resources import resources_by_endpoint
from event_assets.source.probe import probe
from event_assets.source.sync import SyncSettings, sync
from event_assets.warehouse import Warehouse


@pytest.mark.parametrize(
    "address",
    [
        "https://api.example.com/x",
        "HTTPS://API.Example.COM",
        "https://api.example.com:443/?page=2",
        "https://somebody:secret@api.example.com/",
    ],
)
def test_one_site_however_it_is_written(address: str):
    assert site(address) == Site("https", "api.example.com")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://api.example.com:80/", "http://api.example.com"),
        ("http://api.example.com:443/", "http://api.example.com:443"),
        ("https://api.example.com:8443/", "https://api.example.com:8443"),
        ("https://bücher.example/", "https://xn--bcher-kva.example"),
        ("https://BÜCHER.example/", "https://xn--bcher-kva.example"),
        ("http://[::1]:80/", "http://[::1]"),
        ("http://[::80]/", "http://[::80]"),
    ],
)
def test_sites_are_those_that_are_requested(address: str, expected: str):
    assert str(site(address)) == expected


@pytest.mark.parametrize("address", ["", "http://", "http://[", "https://x:port/", "/participants", "mailto:x"])
def test_what_is_no_address_is_no_site_s(address: str):
    assert str(site(address)) == "an invalid address"


def test_a_link_that_cannot_be_read_leads_nowhere():
    assert led_to("https://api.example.com/public/v1/participants", "//[") == ""
    assert led_to("https://api.example.com/public/v1/participants", "?page=2").endswith("/participants?page=2")


@pytest.fixture
def every_name_is_this_machine_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    look_up = socket.getaddrinfo

    def here(_: Any, *rest: Any, **named: Any) -> Any:
        return look_up("127.0.0.1", *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", here)


@pytest.mark.usefixtures("every_name_is_this_machine_s")
@pytest.mark.parametrize("host", ["LOCALHOST", "Api.Example.org", "bücher.example", "BÜCHER.example"])
def test_an_api_whose_host_has_capitals_or_an_international_name_is_synced(
    event: Event, warehouse: Warehouse, host: str
):
    with Sandbox(event) as api:
        asked = EventApiSettings(api.base_url.replace("127.0.0.1", host), api.token)
        for endpoint, resources in resources_by_endpoint().items():
            loaded = sync(asked, warehouse, endpoint, resources)
            assert {name: result.received for name, result in loaded.items()} == {
                name: event.counts()[name] for name in resources
            }
            seen = probe(asked, endpoint, None, SyncSettings())
            assert seen.versions == {name: result.version for name, result in loaded.items()}

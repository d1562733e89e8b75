"""Normalises addresses, so that two of them can be compared."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from requests import Request
from urllib3.util import parse_url

_OWN_PORT = {"http": ":80", "https": ":443"}


class Site(NamedTuple):
    """The scheme and host of an address.

    Attributes:
        scheme: ``http`` or ``https``, in lower case.
        host: The host in lower case and ASCII, with the port if it is not the default; without user and password.
    """

    scheme: str
    host: str

    def __str__(self) -> str:
        """Return scheme and host, for a message."""
        return f"{self.scheme}://{self.host}" if self.host else "an invalid address"


def as_sent(url: str) -> str:
    """Return an address as it is sent: scheme and host in lower case, an international name in ASCII.

    Raises:
        ValueError: It is no address.
    """
    # requests' errors for it, InvalidURL and MissingSchema, are ValueErrors too.
    return Request("GET", url).prepare().url or ""


def site(url: str) -> Site:
    """Return the site of an address; an empty one if it is invalid."""
    try:
        parts = urlsplit(as_sent(url))
    except ValueError:
        return Site("", "")
    return Site(parts.scheme, parts.netloc.rpartition("@")[2].removesuffix(_OWN_PORT.get(parts.scheme, "")))


def sites_asked(url: str) -> set[Site]:
    """Return the sites that a request may reach, as read by each library that parses its address.

    requests takes the host to connect to from the standard library, a proxy takes one from the address, and urllib3
    has a parser of its own. Of an address that is odd enough they read different hosts.
    """
    try:
        ours, theirs = urlsplit(url), parse_url(url)
        read = [(ours.scheme, ours.hostname, ours.port), (theirs.scheme, theirs.hostname, theirs.port)]
    except ValueError:  # urllib3's errors for it are such as well
        return set()
    return {_site(scheme or "", host or "", port) for scheme, host, port in read}


def _site(scheme: str, host: str, port: int | None) -> Site:
    named = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return Site(scheme, f"{named}:{port}".removesuffix(":None").removesuffix(_OWN_PORT.get(scheme, "")))


def led_to(url: str, link: str) -> str:
    """Return the absolute address of a link; "" if it is invalid."""
    try:
        return urljoin(url, link)
    except ValueError:
        return ""

"""Settings of OpenLineage: where lineage is sent, if anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from event_assets.settings.automation import http_address
from event_assets.settings.declaring import Section, setting


@dataclass(frozen=True)
class OpenLineageSettings(Section):
    """Where the lineage of runs is sent.

    Attributes:
        url: The address that takes events; None where lineage is not sent.
        api_key: What it asks for; None if nothing.
        namespace: That of the jobs.
        timeout_seconds: How long it may take to accept an event.
    """

    path = ("openlineage",)

    url: Optional[str] = setting(  # noqa: UP045  # a value, at run time
        None,
        "Where the lineage of each run is sent as OpenLineage's events: the address that Marquez, DataHub or "
        "OpenMetadata takes them at. Nothing is sent unless it is set. It needs `pip install "
        "'event_assets[openlineage]'`.",
        raw=str,
        parse=http_address,
        shown='"http://marquez.example.com:5000/api/v1/lineage"',
    )
    api_key: Optional[str] = setting(  # noqa: UP045  # a value, at run time
        None,
        "The key that the OpenLineage server asks for, if it does.",
        raw=str,
        parse=lambda text: text.strip() or None,
        secret=True,
        shown='"..."',
    )
    namespace: str = setting(
        "event_assets",
        "The namespace of the jobs. Give each installation one of its own.",
        parse=str.strip,
        fits=bool,
        wanted="a name",
    )
    timeout_seconds: float = setting(
        5.0,
        "How long the server may take to accept an event, in seconds. Runs do not wait for it.",
        fits=lambda seconds: 0 < seconds <= 15,
        wanted="more than 0, and 15 or less",
    )

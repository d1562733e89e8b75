"""The resources of the event API as one declarative REST configuration, and its dlt source.

Nine of them every event has; further ones are added by name.

What a request does on the wire is in ``session``, how pages follow one another in ``paging``, what a response must look
like in ``responses``, what the columns are in ``schema``.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, cast

from dlt.extract.source import DltSource
from dlt.sources.rest_api import rest_api_source
from dlt.sources.rest_api.typing import RESTAPIConfig
from requests import Session

from event_assets.settings import EventApiSettings
from event_assets.settings.defaults import run_context
from event_assets.source.api.paging.next_link import NextLinkPaginator
from event_assets.source.tables.more import ALL_TABLES

SOURCE_NAME = "event_api"

_DECLARATION_ONLY = EventApiSettings(base_url="https://api.example.com/public/v1", api_token="")


def event_api_config(
    api: EventApiSettings, session: Session | None = None, more: Collection[str] = ()
) -> RESTAPIConfig:
    """Return the REST configuration of the event API for ``rest_api_source``.

    ``/content`` is one object that holds seven arrays, so it has one page and no next link. ``/partners`` and
    ``/participants`` are lists, in an envelope or bare, which a server may split into pages, as are the optional ones.

    Participants are keyed by ``email`` wherever it is an address. Anonymous and deleted accounts share a placeholder
    instead, or have none: to key them by it would count all of them as one. So they are keyed by their id, see
    ``records.privacy``. Two records with the same address are still one participant, and the second is rejected.
    """
    content = {"path": "/content", "paginator": "single_page"}
    listing = {
        "data_selector": "data",
        "paginator": NextLinkPaginator(),
    }
    config: dict[str, Any] = {
        "client": {
            "base_url": api.base_url,
            "auth": {"type": "bearer", "token": api.api_token},
            # One for all, where nobody carries requests either: dlt would make and configure nine.
            "session": session or Session(),
        },
        "resource_defaults": {
            "primary_key": "id",
            "write_disposition": "merge",
        },
        "resources": [
            {"name": "halls", "endpoint": {**content, "data_selector": "halls"}},
            {"name": "days", "endpoint": {**content, "data_selector": "days"}},
            {"name": "lectures", "endpoint": {**content, "data_selector": "lectures"}},
            {"name": "speakers", "endpoint": {**content, "data_selector": "speakers"}},
            {"name": "workshops", "endpoint": {**content, "data_selector": "workshops"}},
            {"name": "pauses", "endpoint": {**content, "data_selector": "pauses"}},
            {"name": "tracks", "endpoint": {**content, "data_selector": "tracks"}},
            {"name": "partners", "endpoint": {**listing, "path": "/partners"}},
            {"name": "participants", "primary_key": "email", "endpoint": {**listing, "path": "/participants"}},
        ],
    }
    optional: list[dict] = [
        {"name": "reviews", "endpoint": {**listing, "path": "/reviews"}},
        {"name": "groups", "endpoint": {**listing, "path": "/groups"}},
        {"name": "registrations", "endpoint": {**listing, "path": "/registrations"}},
    ]
    cast(list[dict], config["resources"]).extend(each for each in optional if each["name"] in more)
    return cast(RESTAPIConfig, config)


def resources_by_endpoint(more: Collection[str] = ()) -> dict[str, tuple[str, ...]]:
    """Return the resources of each endpoint by its name: content, partners, participants, and the optional ones.

    Args:
        more: The optional resources that are wanted, in any order; others may be among them.
    """
    endpoints: dict[str, list[str]] = {}
    for resource in cast(list[dict], event_api_config(_DECLARATION_ONLY, more=more)["resources"]):
        endpoints.setdefault(resource["endpoint"]["path"].strip("/"), []).append(resource["name"])
    return {endpoint: tuple(resources) for endpoint, resources in endpoints.items()}


def resources_of(endpoint: str) -> tuple[str, ...]:
    """Return the resources of an endpoint, whether they are optional or not."""
    return resources_by_endpoint(ALL_TABLES)[endpoint]


def parts_of(endpoint: str) -> tuple[str, ...]:
    """Return the resources that a response has under their names; none if it is one list."""
    return resources_of(endpoint) if endpoint == "content" else ()


def event_api(
    api: EventApiSettings | None = None, session: Session | None = None, only: Collection[str] | None = None
) -> DltSource:
    """Return the dlt source of the resources. Its tables are declared in ``tables``, and loaded by ``load``.

    Args:
        api: The address and token of the API. Without it the source can be looked at, not run: loading definitions
            needs neither configuration nor network.
        session: Carries the requests.
        only: The resources that are wanted, optional ones too; the nine, if not given. dlt makes a client for each.
    """
    run_context()  # dlt's defaults that protect people, also for who reads no setting before
    config = event_api_config(api or _DECLARATION_ONLY, session, only or ())
    if only is not None:
        resources = cast(list[dict], config["resources"])
        config["resources"] = cast(list, [resource for resource in resources if resource["name"] in only])
    return rest_api_source(config, name=SOURCE_NAME)


def endpoint_of(name: str) -> str:
    """Return the endpoint of a resource."""
    return next(endpoint for endpoint, resources in resources_by_endpoint(ALL_TABLES).items() if name in resources)

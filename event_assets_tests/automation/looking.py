"""How tests let the change sensor look, and change what it looks at."""

import dagster as dg

from event_assets.sandbox import Event
from event_assets_tests.automation.automation_harness import Automation

SENSOR = "sync_what_changed"
CONTENT, PARTNERS, PARTICIPANTS = (f"/public/v1/{name}" for name in ("content", "partners", "participants"))


def requested(result: dg.SensorResult) -> list[set[str]]:
    """The assets of each run that a look has asked for."""
    return [{key.to_user_string() for key in request.asset_selection or ()} for request in result.run_requests or []]


def raw_requested(result: dg.SensorResult) -> list[set[str]]:
    """The raw tables of each run that a look has asked for. What is made of them is in it as well."""
    return [{asset for asset in assets if asset.startswith("raw/")} for assets in requested(result)]


def look_whole(automation: Automation) -> list[set[str]]:
    """The assets of each run that the sensor asks for."""
    return requested(automation.look(SENSOR))


def look(automation: Automation) -> list[set[str]]:
    """The raw tables of each run that the sensor asks for."""
    return raw_requested(automation.look(SENSOR))


def change(records: list[dict], name: str = "Another name") -> None:
    records[0]["name"] = name


def company(event: Event, name: str) -> None:
    event.participants[0] = {**event.participants[0], "company": name}

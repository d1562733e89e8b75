"""How tests let the change sensor look, and change what it looks at."""

from event_assets.sandbox import Event
from event_assets_tests.automation.automation_harness import Automation

SENSOR = "sync_what_changed"
CONTENT, PARTNERS, PARTICIPANTS = (f"/public/v1/{name}" for name in ("content", "partners", "participants"))


def look_whole(automation: Automation) -> list[set[str]]:
    """The assets of each run that the sensor asks for."""
    requests = automation.look(SENSOR).run_requests or []
    return [{key.to_user_string() for key in request.asset_selection or ()} for request in requests]


def look(automation: Automation) -> list[set[str]]:
    """The raw tables of each run that the sensor asks for. What is made of them is in it as well."""
    return [{asset for asset in assets if asset.startswith("raw/")} for assets in look_whole(automation)]


def change(records: list[dict], name: str = "Another name") -> None:
    records[0]["name"] = name


def company(event: Event, name: str) -> None:
    event.participants[0] = {**event.participants[0], "company": name}

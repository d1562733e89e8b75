"""An endpoint that fails for an hour while the event is on: it is asked seldom, told once, and holds up nobody."""

from types import SimpleNamespace

import dagster as dg
import pytest

from event_assets.sandbox import Sandbox, faults
from event_assets_tests.automation.alerting import CHECKS, RUNS
from event_assets_tests.automation.automation_harness import Automation, Clock
from event_assets_tests.automation.looking import CONTENT, PARTICIPANTS, SENSOR, change, company
from event_assets_tests.running import Reader


@pytest.mark.slow
@pytest.mark.nightly
@pytest.mark.timeout(900)
def test_an_endpoint_that_fails_for_an_hour(
    loaded: Automation,
    api: Sandbox,
    webhook: SimpleNamespace,
    warehouse: Reader,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("EVENT__OPENS", "2030-05-06")
    monkeypatch.setenv("EVENT__CLOSES", "2030-05-07")
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "1")
    loaded.load()
    raw = loaded.assets("group:raw")

    def two_minutes() -> None:
        requests = loaded.look(SENSOR).run_requests or []
        asked = [{key.to_user_string() for key in request.asset_selection or ()} for request in requests]
        for assets in asked:
            loaded.run(*assets, succeeds="raw/participants" not in assets or not failing)
        for _ in range(2):
            if assets := loaded.tick():
                loaded.run(*assets, succeeds="raw/participants" not in assets or not failing)
        for sensor in (RUNS, CHECKS):
            loaded.look(sensor)
        clock.leap(minutes=2)

    def age(asset: str) -> float:
        record = loaded.instance.fetch_materializations(dg.AssetKey(asset.split("/")), limit=1).records[0]
        return (clock.now.timestamp() - record.timestamp) / 60

    failing = False
    two_minutes()
    api.reset_requests()
    failing = True
    api.fail("participants", faults.status(503))
    company(api.event, "Another company")
    for passed in range(30):
        if passed == 15:
            change(api.event.content["lectures"], "Another talk")
        two_minutes()
        assert max(age(name) for name in raw - {"raw/participants", "raw/partners"}) <= 15
    assert age("raw/participants") > 60
    assert api.requests[PARTICIPANTS] <= 20, "by the sensor every 15 minutes, by the conditions every 5"
    assert api.requests[CONTENT] >= 30
    assert (
        len(
            Reader(warehouse.path.with_name("published.duckdb")).rows(
                "from summary.agenda where title = 'Another talk'"
            )
        )
        == 1
    )
    assert sorted(text.splitlines()[0] for text in webhook.texts) == [
        "🔴 A run has failed",
        "🔴 The event API gives no usable answer",
    ]
    failing = False
    api.mend()
    mended = clock.now
    for _ in range(4):
        two_minutes()
    assert age("raw/participants") < (clock.now - mended).total_seconds() / 60, "the clock goes on by itself as well"
    assert len(warehouse.rows("from raw.participants where company = 'Another company'")) == 1
    for _ in range(5):
        two_minutes()
    assert len(webhook.texts) == 4
    assert {text[0] for text in webhook.texts[2:]} == {"🟢"}

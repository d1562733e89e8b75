"""Whether summaries are as fresh as what they are made of, in runs and between them."""

import dagster as dg

from event_assets.automation.evaluations import recorded_results, shown_results
from event_assets.sandbox import Event
from event_assets_tests.automation.automation_harness import Automation, Clock, reason

SENSOR = "update_staleness_checks"


def reports(automation: Automation) -> dict[str, tuple[bool, str]]:
    """What the sensor reports: whether each check passes, and why not."""
    events = automation.look(SENSOR).asset_events
    found = {}
    for event in events:
        automation.instance.report_runless_asset_event(event)  # as the daemon does
        assert isinstance(event, dg.AssetCheckEvaluation)
        assert (event.check_name, event.severity) == ("is_up_to_date", dg.AssetCheckSeverity.WARN)
        because = event.metadata.get("because")
        found[event.asset_key.to_user_string()] = (event.passed, str(because.value) if because else "")
    return found


def shown(automation: Automation, summary: str) -> bool | None:
    """Whether the check of a summary has passed, as the UI shows it."""
    check = dg.AssetCheckKey(dg.AssetKey(summary.split("/")), "is_up_to_date")
    result = shown_results(automation.instance, recorded_results(automation.instance, [check])).get(check)
    return result.passed if result else None


def test_what_a_run_has_said_is_not_said_again(loaded: Automation):
    assert shown(loaded, "summary/agenda") is True
    assert reports(loaded) == {}
    assert reason(loaded.look(SENSOR)) == "Nothing has changed."


def test_what_the_ui_shows_is_put_right_though_all_is_as_at_the_last_look(loaded: Automation, clock: Clock):
    assert reports(loaded) == {}
    clock.leap(hours=27)  # unseen
    loaded.run("summary/partners_overview")
    assert shown(loaded, "summary/partners_overview") is False
    loaded.run(*loaded.assets("group:raw"))
    assert reports(loaded) == {"summary/partners_overview": (True, "")}
    assert reports(loaded) == {}


def test_what_a_run_is_about_to_say_is_left_to_it_unless_it_is_killed(loaded: Automation, clock: Clock):
    clock.leap(hours=26)
    run = loaded.begin_run("summary/partners_overview")
    assert reports(loaded).keys() == loaded.assets("group:summary") - {"summary/partners_overview"}
    loaded.kill(run)
    assert reports(loaded) == {
        "summary/partners_overview": (False, "* `raw/partners` was last synced more than 1560 minutes ago")
    }
    assert reports(loaded) == {}


def test_what_was_never_built_is_not_reported(automation: Automation):
    assert reports(automation) == {}


def test_a_changed_table_is_reported_until_it_is_built_upon(loaded: Automation, lectures: list[dict]):
    reports(loaded)
    lectures[0]["name"] = "Another talk"
    loaded.run("raw/lectures")
    found = reports(loaded)
    affected = loaded.assets("key:raw/lectures+") & loaded.assets("group:summary")
    assert found.keys() == affected
    assert "* `staging/sessions` is not built from what it reads as that is now" in found["summary/agenda"][1]
    assert reports(loaded) == {}
    loaded.follow()
    assert reports(loaded) == dict.fromkeys(affected, (True, ""))


def test_what_could_not_be_loaded_is_reported_until_it_is_built_upon(loaded: Automation, event: Event):
    reports(loaded)
    event.partners.append(event.partners[0])
    loaded.run("raw/partners")
    assert "* `staging/rejected` is not built from" in reports(loaded)["summary/data_quality"][1]
    loaded.follow()
    assert reports(loaded)["summary/data_quality"] == (True, "")


def test_a_broken_promise_below_is_reported_and_its_end(loaded: Automation, clock: Clock):
    reports(loaded)
    clock.leap(hours=26)
    found = reports(loaded)
    assert found.keys() == loaded.assets("group:summary")
    passed, because = found["summary/partners_overview"]
    assert (passed, because) == (False, "* `raw/partners` was last synced more than 1560 minutes ago")
    loaded.run("raw/partners")
    assert reports(loaded)["summary/partners_overview"] == (True, "")


def test_a_run_that_builds_from_old_tables_fails_the_check(loaded: Automation, clock: Clock):
    clock.leap(hours=27)
    passed, found = loaded.run("summary/partners_overview").checks["summary/partners_overview", "is_up_to_date"]
    assert not passed
    assert "`raw/partners` was last synced more than" in found["because"]
    loaded.run("raw/partners")
    assert loaded.run("summary/partners_overview").checks["summary/partners_overview", "is_up_to_date"] == (True, {})

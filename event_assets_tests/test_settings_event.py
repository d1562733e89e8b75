"""An event as a value: what is wrong in it stops who needs that, and what was read stays as it was."""

import pytest
from dlt.common.configuration.specs import RuntimeConfiguration
from dlt.common.configuration.utils import get_resolved_traces

from event_assets import settings
from event_assets.settings import Event, SettingsError, read_event
from event_assets.settings.declaring import Section, settings_of
from event_assets.settings.event import SECTIONS


def test_a_wrong_section_stops_only_who_needs_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WAREHOUSE__MEMORY_LIMIT", "much")
    monkeypatch.setenv("FRESHNESS__RETRY_MINUTES", "61")
    event = read_event()
    assert event.dates.timezone == "UTC"
    for _ in range(2):
        with pytest.raises(SettingsError, match=r"`memory_limit` .* is no size"):
            _ = event.warehouse
    with pytest.raises(SettingsError, match=r"`retry_minutes` .* from 1 to 60.*\n.*`memory_limit` .* is no size"):
        event.check()


def test_an_event_stays_as_it_was_read(monkeypatch: pytest.MonkeyPatch):
    event = read_event()
    monkeypatch.setenv("EVENT__TIMEZONE", "Asia/Tokyo")
    assert event.dates.timezone == "UTC"
    assert read_event().dates.timezone == "Asia/Tokyo"


def test_an_event_can_be_made_by_hand():
    event = Event({settings.DateSettings: settings.DateSettings("Asia/Tokyo")})
    assert event.dates.timezone == "Asia/Tokyo"
    assert event.freshness == settings.FreshnessSettings()


def test_every_section_is_part_of_an_event():
    sections = {each for each in vars(settings).values() if isinstance(each, type) and issubclass(each, Section)}
    assert sections == {*SECTIONS}


def test_the_retries_that_are_dlt_s_have_dlt_s_defaults():
    of_dlt = RuntimeConfiguration()
    for each in settings_of(settings.RetrySettings):
        if hasattr(of_dlt, each.name):
            assert each.default == getattr(of_dlt, each.name)


def test_who_reads_the_event_again_and_again_grows_by_nothing():
    """Dlt keeps a trace of each value that it has resolved, and sensors read the event at each look."""
    read_event()
    traces = get_resolved_traces()
    assert (traces.resolved_traces, traces.all_traces) == ([], [])

"""Many events by configuration: each has what is its own, and shares only what cannot mix them up."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import dlt
import pytest

from event_assets import settings
from event_assets.settings import Event, SettingsError, read_event, read_events
from event_assets.settings.event import SECTIONS

TWO = {"EVENTS__NAMES": '["graz2026", "vienna2025"]'}


@pytest.fixture(autouse=True)
def _token_of_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """The event of [event] is one of several only with a token."""
    monkeypatch.setenv("SOURCES__EVENT_API__API_TOKEN", "token-of-event")
    monkeypatch.setenv("SOURCES__EVENT_API__BASE_URL", "https://api.example.com/public/v1")


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Event]]:
    """Set variables of the environment, and read the events by their labels."""

    def put(variables: Mapping[str, str], **more: str) -> dict[str, Event]:
        for name, value in {**variables, **more}.items():
            monkeypatch.setenv(name, value)
        return {event.label: event for event in read_events()}

    return put


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Write config.toml and secrets.toml, and have dlt read these."""
    (tmp_path / ".dlt").mkdir()
    monkeypatch.setenv("DLT_PROJECT_DIR", str(tmp_path))

    def write(config: str, secrets: str = "") -> None:
        (tmp_path / ".dlt" / "config.toml").write_text(config)
        (tmp_path / ".dlt" / "secrets.toml").write_text(secrets)
        dlt.current.run_context().reload()

    yield write
    monkeypatch.undo()
    dlt.current.run_context().reload()


def test_without_events_there_is_the_one_of_the_section_event():
    [event] = read_events()
    assert event == read_event()
    assert (event.name, event.label, event.key_prefix, event.is_archive) == ("", "event", (), False)


def test_events_come_in_the_order_in_which_they_are_listed(configure: Callable[..., dict[str, Event]]):
    events = configure({"EVENTS__NAMES": '["b", "a"]'})
    assert [*events] == ["event", "b", "a"]
    assert events["b"].key_prefix == ("b",)
    assert read_event("b") == events["b"]


def test_what_could_mix_events_up_never_falls_back(configure: Callable[..., dict[str, Event]], tmp_path: Path):
    events = configure(
        {**TWO, "API_TOKEN": "plain", "TIMEZONE": "Asia/Tokyo", "OPENS": "2026-01-01"},
        SOURCES__EVENT_API__API_TOKEN="of-the-event",
        SOURCES__EVENT_API__BASE_URL="https://api.example.com",
        EVENT__TIMEZONE="Europe/Vienna",
        EVENT__OPENS="2026-12-01",
        EVENT__CLOSES="2026-12-03",
        DESTINATION__DUCKDB__CREDENTIALS=str(tmp_path / "w.duckdb"),
        WAREHOUSE__PUBLISHED=str(tmp_path / "p.duckdb"),
        SITE__FOLDER=str(tmp_path / "site"),
        SITE__EVENT_TITLE="Ours",
    )
    graz = events["graz2026"]
    assert not graz.has_api_token
    with pytest.raises(SettingsError, match=r"under \[events\.graz2026\], .*EVENTS__GRAZ2026__API_TOKEN"):
        _ = graz.api
    assert graz.dates == settings.DateSettings()
    assert graz.warehouse.file.parts[-3:] == ("data", "graz2026", "warehouse.duckdb")
    assert graz.warehouse.published_file.parts[-3:] == ("data", "graz2026", "published.duckdb")
    assert graz.site == settings.SiteSettings(tmp_path / "site" / "graz2026", "graz2026")


def test_all_else_falls_back_and_can_be_set_for_one(configure: Callable[..., dict[str, Event]]):
    events = configure(
        TWO,
        SOURCES__EVENT_API__BASE_URL="https://api.example.com",
        FRESHNESS__EVENT_MINUTES="7",
        FRESHNESS__RETRY_MINUTES="9",
        EVENTS__GRAZ2026__API_TOKEN="of-graz",
        EVENTS__GRAZ2026__TIMEZONE="Europe/Vienna",
        EVENTS__GRAZ2026__FRESHNESS__EVENT_MINUTES="5",
        EVENTS__VIENNA2025__BASE_URL="https://vienna.example.com",
        EVENTS__VIENNA2025__API_TOKEN="of-vienna",
        EVENTS__VIENNA2025__ARCHIVE="true",
    )
    graz, vienna = events["graz2026"], events["vienna2025"]
    assert (graz.api.base_url, graz.api.api_token) == ("https://api.example.com", "of-graz")
    assert graz.dates.timezone == "Europe/Vienna"
    assert (graz.freshness.event_minutes, graz.freshness.retry_minutes) == (5, 9)
    assert vienna.freshness is events["event"].freshness
    assert vienna.api.base_url == "https://vienna.example.com"
    assert [graz.is_archive, vienna.is_archive] == [False, True]


def test_files_say_the_same(files: Callable[..., None]):
    files(
        '[events]\nnames = ["graz2026"]\n[events.graz2026]\ntimezone = "Europe/Vienna"\nresources = ["reviews"]\n'
        "[events.graz2026.freshness]\nevent_minutes = 5\n",
        'api_token = "plain"\n[events.graz2026]\napi_token = "of-graz"\n',
    )
    event, graz = read_events()
    assert event.has_api_token
    assert graz.has_api_token
    assert (graz.dates.timezone, graz.resources, graz.freshness.event_minutes) == ("Europe/Vienna", ("reviews",), 5)


def test_a_token_belongs_into_the_secrets(files: Callable[..., None]):
    files('[events]\nnames = ["graz2026"]\n[events.graz2026]\napi_token = "of-graz"\n')
    with pytest.raises(SettingsError, match=r"`api_token` is a secret.*\[events\.graz2026\] of \.dlt/secrets\.toml"):
        _ = read_event("graz2026").api


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ('names = ["Graz"]', r"'Graz', which cannot be the name of an event"),
        ('names = ["graz__a"]', "which cannot be the name"),
        ('names = ["a", "a"]', "has a twice"),
        ('names = ["raw"]', "has raw, which has another meaning"),
        ('names = "graz"', "`names` in the section .* cannot be read as list"),
        ('names = ["graz2026"]\nonly = ["graz"]', "has graz, which `names` does not list. Did you mean graz2026?"),
        ('nmes = ["graz2026"]', r"`nmes` in the section \[events\] .*no setting. Did you mean names?"),
        ('names = ["graz2026"]\n[events.graz206]\narchive = true', r"\[events\.graz206\] .* Did you mean graz2026?"),
    ],
)
def test_a_slip_in_what_events_there_are_is_reported_and_stops_no_event_of_the_section_event(
    files: Callable[..., None], config: str, says: str
):
    files(f'[event]\ntimezone = "Europe/Vienna"\n[events]\n{config}\n')
    with pytest.raises(SettingsError, match=says):
        read_events()
    assert read_event().dates.timezone == "Europe/Vienna"


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ('timezon = "UTC"', r"`timezon` in the section \[events\.graz2026\] .* Did you mean timezone?"),
        ("[events.graz2026.freshnes]\nevent_minutes = 5", r"`freshnes` .* Did you mean freshness?"),
        ("[events.graz2026.freshness]\nevent_minute = 5", r"\[events\.graz2026\.freshness\] .* Did you mean event_min"),
        ("[events.graz2026.ui]\naddress = 'http://x'", "`ui` .* no setting of an event"),
        ('timezone = "Europe/Graz"', r"`timezone` in the section \[events\.graz2026\] .* no such time zone"),
        ('opens = "2026-12-01"', r"set both, .* in the section \[events\.graz2026\] of"),
        ("[events.graz2026.freshness]\nretry_minutes = 61", r"\[events\.graz2026\.freshness\] .* from 1 to 60"),
        ("[events.graz2026.freshness]\nretry_minutes = 'x'", r"\[events\.graz2026\.freshness\] .* read as int"),
    ],
)
def test_a_slip_in_the_section_of_an_event_stops_that_one(files: Callable[..., None], config: str, says: str):
    files(f'[events]\nnames = ["graz2026", "linz"]\n[events.graz2026]\n{config}\n')
    main, graz, linz = read_events()
    with pytest.raises(SettingsError, match=says):
        graz.check()
    main.check()
    linz.check()


def test_a_slip_in_what_all_events_share_is_reported_where_it_is(configure: Callable[..., dict[str, Event]]):
    graz = configure(TWO, FRESHNESS__RETRY_MINUTES="61")["graz2026"]
    with pytest.raises(SettingsError, match=r"in the section \[freshness\] of"):
        _ = graz.freshness


def test_a_slip_in_the_token_of_the_event_is_none_of_the_others(configure: Callable[..., dict[str, Event]]):
    events = configure(
        TWO,
        SOURCES__EVENT_API__BASE_URL="https://api.example.com",
        SOURCES__EVENT_API__API_TOKEN="two words",
        EVENTS__GRAZ2026__API_TOKEN="of-graz",
    )
    with pytest.raises(SettingsError, match="holds a blank"):
        _ = events["event"].api
    assert events["graz2026"].api.base_url == "https://api.example.com"


@pytest.mark.parametrize(
    ("variables", "read", "says"),
    [
        (
            {"EVENTS__GRAZ2026__API_TOKEN": "same", "EVENTS__VIENNA2025__API_TOKEN": "same"},
            lambda event: event.has_api_token,
            "graz2026 and vienna2025 have the same `api_token`",
        ),
        (
            {"EVENTS__GRAZ2026__DESTINATION__DUCKDB__CREDENTIALS": "data/vienna2025/warehouse.duckdb"},
            lambda event: event.warehouse,
            "graz2026 and vienna2025 have the same file",
        ),
        (
            {"EVENTS__GRAZ2026__WAREHOUSE__PUBLISHED": "data/vienna2025/warehouse.duckdb"},
            lambda event: event.warehouse,
            "graz2026 and vienna2025 have the same file",
        ),
        (
            {"EVENTS__GRAZ2026__SITE__FOLDER": "data/site/vienna2025"},
            lambda event: event.site,
            "graz2026 and vienna2025 have the same `folder`",
        ),
    ],
)
def test_two_events_share_no_token_file_or_folder(
    configure: Callable[..., dict[str, Event]],
    variables: dict[str, str],
    read: Callable[[Event], object],
    says: str,
):
    events = configure({**TWO, **variables})
    for name in ("graz2026", "vienna2025"):
        for event in (events[name], read_event(name)):
            with pytest.raises(SettingsError, match=says):
                read(event)
    read(events["event"])
    assert "same" not in says.replace("the same", "")  # no token is in the message


def test_the_event_of_the_section_event_shares_no_token_either(configure: Callable[..., dict[str, Event]]):
    configure(TWO, SOURCES__EVENT_API__API_TOKEN="same", EVENTS__GRAZ2026__API_TOKEN="same")
    for name in ("", "graz2026"):
        with pytest.raises(SettingsError, match="event and graz2026 have the same"):
            _ = read_event(name).has_api_token
    assert not read_event("vienna2025").has_api_token


def test_a_location_may_have_some_of_the_events(configure: Callable[..., dict[str, Event]]):
    assert [*configure(TWO, EVENTS__ONLY='["vienna2025"]')] == ["vienna2025"]
    assert read_event("graz2026").name == "graz2026"
    assert read_event("graz2026").dates.timezone == "UTC"
    assert [*configure(TWO, EVENTS__ONLY='["event", "graz2026"]')] == ["event", "graz2026"]


def test_an_event_that_is_listed_no_more_says_so(configure: Callable[..., dict[str, Event]]):
    configure(TWO)
    with pytest.raises(SettingsError, match=r"no event graz206 any more .* Did you mean graz2026\?"):
        _ = read_event("graz206").dates


def test_a_change_counts_at_the_next_look(configure: Callable[..., dict[str, Event]], monkeypatch: pytest.MonkeyPatch):
    assert not configure(TWO)["graz2026"].has_api_token
    monkeypatch.setenv("EVENTS__GRAZ2026__API_TOKEN", "new")
    assert read_event("graz2026").has_api_token
    before = read_event("graz2026")
    assert read_event("graz2026") is before, "nothing has changed"
    monkeypatch.chdir(os.sep)
    assert read_event("graz2026") is not before, "relative paths may start elsewhere now"


def test_every_section_of_an_event_is_read():
    assert {*read_event("graz").sections} == {*SECTIONS}


def test_the_event_of_event_is_one_of_several_once_it_has_a_token(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("SOURCES__EVENT_API__API_TOKEN", raising=False)
    monkeypatch.setenv("EVENT__TIMEZONE", "Europe/Vienna")
    assert [event.label for event in read_events()] == ["event"], "alone it is there, for the sandbox"
    monkeypatch.setenv("EVENTS__NAMES", '["graz2026"]')
    assert [event.label for event in read_events()] == ["graz2026"]
    assert read_event().dates.timezone == "Europe/Vienna", "its settings are read all the same"
    monkeypatch.setenv("SOURCES__EVENT_API__API_TOKEN", "token of the first")
    assert [event.label for event in read_events()] == ["event", "graz2026"]

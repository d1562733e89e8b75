"""Many events by configuration on a server or in a lake: each has schemas and marks of its own."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from event_assets.settings import Event, SettingsError, read_events
from event_assets.warehouse.engines import configured_engine
from event_assets.warehouse.relations import Relation

TWO = {"EVENTS__NAMES": '["graz2026", "vienna2025"]'}


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Event]]:
    """Set variables of the environment, and read the events by their labels. That of [event] has a token."""
    monkeypatch.setenv("SOURCES__EVENT_API__API_TOKEN", "token-of-event")

    def put(variables: Mapping[str, str], **more: str) -> dict[str, Event]:
        for name, value in {**variables, **more}.items():
            monkeypatch.setenv(name, value)
        return {event.label: event for event in read_events()}

    return put


@pytest.mark.parametrize("destination", ["duckdb", "postgres", "ducklake", "spark"])
def test_all_events_are_kept_in_one_kind_of_warehouse(configure: Callable[..., dict[str, Event]], destination: str):
    events = configure(TWO, WAREHOUSE__DESTINATION=destination)
    assert [event.destination for event in events.values()] == [destination] * 3


@pytest.mark.parametrize("name", ["sandbox", "sandbox_graz", "graz_published"])
def test_a_name_that_another_s_schemas_begin_with_is_for_files_only(
    configure: Callable[..., dict[str, Event]], name: str
):
    of_files = configure({"EVENTS__NAMES": f'["{name}", "graz"]'})
    assert of_files[name].destination == "duckdb"
    events = configure({}, WAREHOUSE__DESTINATION="postgres")
    assert (events["event"].destination, events["graz"].destination) == ("postgres", "postgres")
    with pytest.raises(SettingsError, match=f"{name} cannot be kept in postgres.*does not begin with sandbox"):
        _ = events[name].destination


@pytest.mark.parametrize("destination", ["postgres", "spark"])
def test_each_event_of_a_server_has_schemas_and_marks_of_its_own(
    configure: Callable[..., dict[str, Event]], destination: str, tmp_path: Path
):
    events = configure(
        TWO,
        WAREHOUSE__DESTINATION=destination,
        DESTINATION__POSTGRES__CREDENTIALS="postgresql://someone:word@db.example.com/x",  # pragma: allowlist secret
        DESTINATION__FILESYSTEM__BUCKET_URL=str(tmp_path),
        DESTINATION__SPARK__REMOTE="sc://spark.example.com",
    )
    engines = {label: configured_engine(event) for label, event in events.items()}
    names = {label: engine.dataset(Relation("raw", "halls")).name for label, engine in engines.items()}
    copies = {label: engine.dataset(Relation("raw", "halls"), published=True).name for label, engine in engines.items()}
    separator = "." if destination == "postgres" else "/"
    for found, schema in ((names, "raw"), (copies, "published_raw")):
        assert found["event"].endswith(f"{separator}{schema}{separator}halls")
        assert found["graz2026"].endswith(f"{separator}graz2026_{schema}{separator}halls")
    assert len({engine.local_path for engine in engines.values()}) == 3
    assert "graz2026_…" in engines["graz2026"].where
    assert "graz2026_published_raw" in engines["graz2026"].copy

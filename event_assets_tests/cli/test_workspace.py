"""`event-assets workspace`: each event is on one code location, and stays there when another one is added."""

import json
import shlex

import click
import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from event_assets.__main__ import main
from event_assets.cli.workspace import workspace_yaml

NAMES = [f"event{number}" for number in range(60)]


def locations(text: str) -> list[list[str]]:
    """The events of each location, as the printed commands set them."""
    commands = [shlex.split(line.lstrip("# ")) for line in text.splitlines() if "EVENTS__ONLY" in line]
    return [json.loads(command[0].partition("=")[2]) for command in commands]


def addresses(text: str) -> list[tuple[str, int]]:
    """Where Dagster looks for the locations, in the order of their numbers."""
    servers = [each["grpc_server"] for each in yaml.safe_load(text)["load_from"]]
    assert [each["location_name"] for each in servers] == [f"event_assets_{n + 1}" for n in range(len(servers))]
    return [(each["host"], each["port"]) for each in servers]


@given(st.integers(1, 50).flatmap(lambda events: st.tuples(st.just(events), st.integers(1, events))))
def test_each_event_is_on_one_location_and_stays_there(sizes: tuple[int, int]):
    events, shards = sizes
    text = workspace_yaml(NAMES[:events], shards, "127.0.0.1", 4000)
    found = locations(text)
    assert sorted(name for each in found for name in each) == sorted(NAMES[:events])
    assert len(found) == shards
    assert all(found)
    assert found[0][0] == NAMES[0], "the first location has the tables across events, which the first event brings"
    assert addresses(text) == [("127.0.0.1", 4000 + number) for number in range(shards)]
    longer = locations(workspace_yaml(NAMES[: events + 1], shards, "127.0.0.1", 4000))
    assert [each[: len(before)] for each, before in zip(longer, found, strict=True)] == found


def test_hosts_have_numbers_and_one_port():
    text = workspace_yaml(NAMES[:3], 2, "code-{}", 4000)
    assert addresses(text) == [("code-1", 4000), ("code-2", 4000)]
    assert text.count("code-server --host 0.0.0.0 --port 4000") == 2


def test_more_locations_than_events_are_refused():
    with pytest.raises(
        click.ClickException, match=r"There is 1 event: for 2 code locations, list as many in \[events\]"
    ):
        workspace_yaml(["event"], 2, "127.0.0.1", 4000)


def test_the_command_knows_all_events(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("EVENTS__NAMES", '["graz2026", "linz2026"]')
    monkeypatch.setenv("EVENTS__ONLY", '["linz2026"]')
    result = CliRunner().invoke(main, ["workspace", "--shards", "2"])
    assert result.exit_code == 0, result.output
    assert sorted(name for each in locations(result.stdout) for name in each) == ["graz2026", "linz2026"]

"""What a run leaves behind says nothing of persons, and never the token: every file is searched."""

from pathlib import Path

import pytest

from event_assets.sandbox import Event, Sandbox, faults, generate_event
from event_assets_tests.cli.folder import Folder, configuration

SECRETS = {"SOURCES__EVENT_API__PERSONAL_DATA_SECRET": "a secret of the test suite"}


@pytest.fixture
def event() -> Event:
    """An event with all the trouble that an answer can have and still be loaded."""
    event = generate_event(lectures=24, participants=60, troubled_participants=8)
    people = event.participants
    people.append({"id": 1, "email": None, "name": "No Address", "note": "or hidden.person@example.org"})
    people.append({"id": 2, "email": {"work": "nested.person@example.org"}})
    people.append(
        {**people[0], "id": 3, "tickets": "ask ticket.person@example.org", "group_id": ["x.person@example.org"]}
    )
    people.append({"id": 4, "email": "odd.person@example.org", "tickets": "ask ticket.person@example.org", "role": {}})
    event.content["speakers"].append(
        {"id": "odd", "order": "order.person@example.org", "email": "s.person@example.org"}
    )
    return event


def addresses(event: Event) -> set[bytes]:
    """Every text of the event that looks like an address."""
    texts = {
        str(value) for records in (event.participants, event.partners, *event.content.values()) for value in records
    }
    words = {word.strip("'\"{}[],:;()<>") for text in texts for word in text.split()}
    return {word.encode() for word in words if "@" in word and "." in word}


def files(folder: Folder) -> dict[Path, bytes]:
    """Everything in the folder but the configuration of the test itself."""
    return {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}


def found(needles: set[bytes], texts: dict[Path, bytes]) -> list[tuple[str, bytes]]:
    return [(path.name, needle) for path, text in texts.items() for needle in needles if needle in text]


@pytest.mark.slow
# drop: see test_privacy_of_runs
@pytest.mark.parametrize("personal_data", ["keep", pytest.param("hash", marks=pytest.mark.nightly)])
def test_no_address_and_no_token_is_left_behind(tmp_path: Path, event: Event, personal_data: str):
    folder, lines = Folder(tmp_path), []
    token = "the-token-that-nobody-may-see"
    with Sandbox(event, token=token, log=lines.append) as api:
        settings = (
            configuration(api)
            | SECRETS
            | {
                "SOURCES__EVENT_API__PERSONAL_DATA": personal_data,
                "RUNTIME__REQUEST_BACKOFF_FACTOR": "0",
                "RUNTIME__REQUEST_MAX_ATTEMPTS": "2",
            }
        )
        api.fail("content", faults.status(503), times=1)
        outputs = [folder.run(**settings)]
        assert outputs[0].returncode == 0, outputs[0].stderr
        for fault in (faults.error_object, faults.data_value([{**event.participants[0]}, "a.person@example.org"])):
            api.fail("participants", fault, times=1)
            outputs.append(folder.run(**settings))
            assert outputs[-1].returncode == 1
        outputs.append(folder.run(**settings | {"SOURCES__EVENT_API__API_TOKEN": f"{token}-not"}))
    needles = addresses(event)
    assert len(needles) > 60

    texts = files(folder)
    told = {Path("output"): "".join(output.stdout + output.stderr for output in outputs).encode()}
    told |= {Path("sandbox log"): "\n".join(lines).encode()}
    assert lines
    assert any(path.is_relative_to(folder.path / ".dagster_home" / "history") for path in texts)
    assert found({token.encode()}, texts | told) == []
    warehouse = {path for path in texts if path.name.startswith(("warehouse.duckdb", "published.duckdb"))}
    leaks = found(needles, {path: text for path, text in texts.items() if path not in warehouse} | told)
    assert leaks == []
    if personal_data == "keep":
        assert found(needles, {path: texts[path] for path in warehouse}), "the search must be able to find something"
        personal = {p["email"].strip().encode() for p in event.participants if isinstance(p["email"], str)}
        published = {path: text for path, text in texts.items() if path.name == "published.duckdb"}
        assert published
        assert found({address for address in personal if b"@" in address}, published) == []
    else:
        # Marked columns only: what people write into other fields is not known to be theirs.
        marked = {
            p["email"].strip().encode() for p in event.participants if isinstance(p["email"], str) and "@" in p["email"]
        }
        assert found(marked, {path: texts[path] for path in warehouse}) == []

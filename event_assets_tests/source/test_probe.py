"""A look at the API sees the data versions that a sync would give."""

import subprocess
import sys
from collections.abc import Mapping
from itertools import count, repeat
from pathlib import Path

import pytest

from event_assets.sandbox import Sandbox, faults, generate_event
from event_assets.sandbox.faults import Fault
from event_assets.sandbox.responses import Envelope, Response, Validators
from event_assets.settings import EventApiSettings, PrivacySettings, RetrySettings
from event_assets.source.api import fetch as fetching
from event_assets.source.api.deadline import Deadline
from event_assets.source.api.resources import event_api, resources_by_endpoint
from event_assets.source.probe import ProbeError, Seen, UnfinishedError, probe
from event_assets.source.records.process import RecordProcessor
from event_assets.source.sync import SyncSettings
from event_assets_tests.source.syncing import run_sync
from event_assets_tests.warehouses import file_warehouse

PRIVACY = [
    PrivacySettings("keep", ""),
    PrivacySettings("hash", "a secret of the test suite"),
    PrivacySettings("drop", ""),
]


def look(
    api: Sandbox,
    endpoint: str,
    before: Seen | None = None,
    privacy: PrivacySettings = PRIVACY[0],
    deadline: Deadline | None = None,
    timeout: float = 10,
) -> Seen:
    settings = SyncSettings(RetrySettings(timeout=timeout), privacy=privacy)
    return probe(EventApiSettings(api.base_url, api.token), endpoint, before, settings, deadline)


@pytest.mark.parametrize(
    ("privacy", "seed", "envelope"), [*zip(PRIVACY, (1, 2, 3), ("data", "bare", "pages"), strict=True)]
)
def test_it_sees_the_versions_that_a_sync_gives(
    tmp_path: Path, privacy: PrivacySettings, seed: int, envelope: Envelope
):
    event = generate_event(lectures=12, participants=23, seed=seed)
    event.content["days"] = []
    del event.content["tracks"]
    event.participants[3] = {**event.participants[3], "email": None, "extra": [1]}
    warehouse = file_warehouse(tmp_path / "warehouse.duckdb")
    with Sandbox(event, envelope=envelope, page_size=5) as api:
        for endpoint, resources in resources_by_endpoint().items():
            synced = run_sync(api, warehouse, *resources, privacy=privacy)
            expected = {name: result.version for name, result in synced.items() if not result.absent}
            assert look(api, endpoint, privacy=privacy).versions == expected
            assert ("tracks" in expected) is False


_A_LOOK = """
import sys
from event_assets.settings import EventApiSettings
from event_assets.source.probe import probe
from event_assets.source.sync import SyncSettings
for endpoint in ("content", "partners", "participants"):
    seen = probe(EventApiSettings(*sys.argv[1:]), endpoint, None, SyncSettings())
    assert seen.versions
print(sorted({"pyarrow", "numpy", "duckdb"} & sys.modules.keys()))
"""


def test_a_look_at_whole_lists_takes_no_arrow(api: Sandbox):
    """The code server looks every few seconds, and Arrow would stay in its memory: 30 MB. Pages are packed by it."""
    found = subprocess.run(
        [sys.executable, "-c", _A_LOOK, api.base_url, api.token], check=True, capture_output=True, text=True
    )
    assert found.stdout == "[]\n"


def test_it_asks_once_for_what_is_as_before(api: Sandbox):
    before = look(api, "content")
    api.reset_requests()
    assert look(api, "content", before) == before
    assert api.requests == {"/public/v1/content": 1}


@pytest.mark.parametrize("validators", ["none", "etag"])
def test_one_resource_tells_that_nothing_has_changed(
    api: Sandbox, monkeypatch: pytest.MonkeyPatch, validators: Validators
):
    """What dlt makes for a resource takes longer than most answers, and `/content` has seven of them."""
    api.validators = validators
    before, made = look(api, "content"), []
    monkeypatch.setattr(fetching, "event_api", lambda *given: made.append(given[2]) or event_api(*given))
    assert look(api, "content", before) == before
    assert [list(names) for names in made] == [["halls"]]
    api.event.content["tracks"][0]["name"] = "Another track"
    made.clear()
    changed = look(api, "content", before)
    assert {name for name in before.versions if changed.versions[name] != before.versions[name]} == {"tracks"}
    assert [name for names in made for name in names] == [*resources_by_endpoint()["content"]]


def test_it_reads_nothing_of_an_answer_that_is_as_before(api: Sandbox, monkeypatch: pytest.MonkeyPatch):
    before = look(api, "participants")
    monkeypatch.setattr(RecordProcessor, "process", None)
    assert look(api, "participants", before) == before


@pytest.mark.parametrize("endpoint", ["content", "partners", "participants"])
def test_what_has_changed_is_asked_for_once_as_well(api: Sandbox, endpoint: str):
    look(api, endpoint)
    assert api.requests == {f"/public/v1/{endpoint}": 1}


@pytest.mark.parametrize("envelope", ["data", "pages"])
def test_it_asks_as_a_sync_does_whatever_netrc_says(
    api: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, envelope: Envelope
):
    (tmp_path / "netrc").write_text("machine 127.0.0.1\nlogin somebody\npassword something\n", encoding="utf-8")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    api.envelope, api.page_size = envelope, 40
    agents: list[str] = []
    respond = api.respond

    def noted(method: str, target: str, headers: Mapping[str, str]) -> Response:
        agents.append(headers["User-Agent"])
        return respond(method, target, headers)

    monkeypatch.setattr(api, "respond", noted)
    assert look(api, "participants").versions
    run_sync(api, file_warehouse(tmp_path / "warehouse.duckdb"), "participants")
    assert len(agents) > 1
    assert len(set(agents)) == 1


class PerAnswer:
    """A clock on which a second goes by with each answer."""

    def __init__(self, api: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        respond = api.respond

        def noted(method: str, target: str, headers: Mapping[str, str]) -> Response:
            self.now += 1
            return respond(method, target, headers)

        monkeypatch.setattr(api, "respond", noted)

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(("seconds", "asked"), [(0, 0), (1, 1), (20.5, 21)])
def test_pages_are_left_at_the_deadline(api: Sandbox, monkeypatch: pytest.MonkeyPatch, seconds: float, asked: int):
    api.envelope, api.page_size = "pages", 1
    clock = PerAnswer(api, monkeypatch)
    with pytest.raises(UnfinishedError, match=rf"/participants was not complete within {seconds:.0f} s"):
        look(api, "participants", deadline=Deadline(seconds, clock))
    assert api.requests["/public/v1/participants"] == asked


def test_a_body_is_left_at_the_deadline(api: Sandbox):
    """Of a server that goes on sending, a piece at a time: each read comes in time, and the whole never does."""
    readings = count()
    api.fail("content", Fault("endless", lambda *_: Response(200, {}, repeat(b" " * 1000), ending="close")))
    with pytest.raises(UnfinishedError, match="/content was not complete within 50 s"):
        look(api, "content", deadline=Deadline(50, lambda: float(next(readings))))


def test_of_pages_only_what_changes_is_read(monkeypatch: pytest.MonkeyPatch):
    event = generate_event(lectures=0, participants=7)
    with Sandbox(event, envelope="pages", page_size=5) as api:
        api.validators = "etag"
        before = look(api, "participants")
        assert (len(before.pages), before.etag) == (2, ""), "the validator of a page says nothing of the others"
        with monkeypatch.context() as patched:
            patched.setattr(RecordProcessor, "process", None)
            assert look(api, "participants", before) == before
        event.participants[6] = {**event.participants[6], "position": "Promoted"}
        assert look(api, "participants", before).versions != before.versions


def test_only_who_was_asked_whether_it_changed_may_say_that_it_did_not(api: Sandbox):
    api.fail("partners", Fault("unasked", lambda *_: Response(304, {}, [])), times=1)
    with pytest.raises(ProbeError, match="returned status 304"):
        look(api, "partners")
    api.validators = "etag"
    before = look(api, "partners")
    assert before.etag
    assert look(api, "partners", before) == before


def test_a_redirect_does_not_stand_for_what_is_there(api: Sandbox):
    """The body of a redirect is the same whatever happens to what it leads to."""

    def moved() -> Seen:
        # The look itself, and the reading of it, are led to the same address with a query.
        api.fail("partners", faults.redirect_elsewhere(f"{api.base_url}/partners?moved"), times=1)
        return look(api, "partners", before)

    before = look(api, "partners")
    assert moved().versions == before.versions
    before = moved()
    api.event.partners.pop()
    assert moved().versions != before.versions


def test_validators_are_sent_to_where_they_are_from_and_nowhere_else(api: Sandbox, monkeypatch: pytest.MonkeyPatch):
    """Not along a redirect, nor for further pages: who answers there that nothing has changed means something else."""
    api.validators = "etag"
    before = look(api, "participants")
    respond = api.respond

    def unchanged_elsewhere(method: str, target: str, headers: Mapping[str, str]) -> Response:
        elsewhere = "?" in target and "If-None-Match" in headers
        return Response(304, {"Content-Length": "0"}, ()) if elsewhere else respond(method, target, headers)

    monkeypatch.setattr(api, "respond", unchanged_elsewhere)
    api.event.participants.pop()
    api.fail("participants", faults.redirect_elsewhere(f"{api.base_url}/participants?moved"), times=1)
    led = look(api, "participants", before)
    assert led.versions != before.versions
    assert led.etag == ""
    api.envelope, api.page_size = "pages", 40
    assert look(api, "participants", before).versions == led.versions


@pytest.mark.parametrize(
    ("fault", "passes", "retry_after"),
    [
        (faults.status(503), True, None),
        (faults.status(429, retry_after="120"), True, 120),
        (faults.status(429, retry_after="soon"), True, None),
        (faults.status(429, retry_after="9" * 30), True, 21600),
        (faults.status(401), False, None),
        (faults.status(404), False, None),
        (faults.hang, True, None),
        (faults.reset, True, None),
        (faults.html_page, True, None),
        (faults.data_value([[1] * 3]), True, None),
        (Fault("deep", lambda *_: Response(200, {"Content-Length": "100000"}, [b"[" * 100_000])), True, None),
        (faults.redirect_elsewhere("http://127.0.0.1:9/public/v1/partners"), True, None),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_a_failure_says_whether_it_passes(api: Sandbox, fault: faults.Fault, passes: bool, retry_after: float | None):
    api.fail("partners", fault)
    with pytest.raises(ProbeError) as error:
        look(api, "partners", timeout=0.5 if fault is faults.hang else 10)
    assert (error.value.passes, error.value.retry_after) == (passes, retry_after)
    assert api.token not in str(error.value)

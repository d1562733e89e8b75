"""The progress that long work logs, by a clock of the test's own."""

import re
import threading
import time
from itertools import count

from event_assets.sandbox import Sandbox, generate_event
from event_assets.settings import EventApiSettings
from event_assets.source import progress as module
from event_assets.source.progress import Progress
from event_assets.source.sync import sync
from event_assets_tests.warehouses import file_warehouse


def test_a_line_is_logged_every_few_seconds():
    now, logged = [100.0], []
    progress = Progress(logged.append, clock=lambda: now[0], every=3)
    for _ in range(14):
        progress.note(lambda seconds: f"after {seconds:.1f} s")
        now[0] += 0.5
    assert logged == ["after 3.0 s", "after 6.0 s"]


def test_quick_work_logs_nothing():
    logged: list[str] = []
    progress = Progress(logged.append, clock=lambda: 100.0)
    with progress.during("Writing"):
        progress.note(lambda _: "something")
    assert logged == []


def test_work_without_a_measure_logs_its_duration():
    logged: list[str] = []
    twice, before = threading.Event(), set(threading.enumerate())

    def log(line: str) -> None:
        logged.append(line)
        if len(logged) >= 2:
            twice.set()

    looks = count(100)  # each look at the clock is a second after the one before
    with Progress(log, clock=lambda: next(looks), every=0.001).during("Writing 7 rows"):
        assert twice.wait(60)
    assert logged[:2] == ["Writing 7 rows: 2 s so far", "Writing 7 rows: 4 s so far"]
    assert set(threading.enumerate()) <= before, "it has ended"


def test_a_sync_logs_pages_records_and_rate(tmp_path, monkeypatch):
    monkeypatch.setattr(module.Progress.__init__, "__defaults__", (print, time.monotonic, 0.0))
    logged: list[str] = []
    with Sandbox(generate_event(lectures=0, participants=30), envelope="pages", page_size=10) as api:
        asked, warehouse = EventApiSettings(api.base_url, api.token), file_warehouse(tmp_path / "w.duckdb")
        sync(asked, warehouse, "participants", ["participants"], log_progress=logged.append)
        first = [line for line in logged if "records" in line]
        logged.clear()
        sync(asked, warehouse, "participants", ["participants"], log_progress=logged.append)
    counts = [re.sub(r", [\d,]+ a second", "", line) for line in first]
    assert counts == [
        "participants: 10 records of 1 page",
        "participants: 20 records of 2 pages",
        "participants: 30 records of 3 pages",
    ]
    assert [line for line in logged if "page" in line] == [
        f"/participants: {pages} unchanged so far" for pages in ("1 page", "2 pages", "3 pages")
    ]

"""A warehouse and its copy may lie in folders and files of any name that a file system takes."""

from pathlib import Path

import duckdb
import pytest

from event_assets.sandbox import generate_event
from event_assets_tests.assets.programme import PROGRAMME
from event_assets_tests.code_location import configured, shared_definitions
from event_assets_tests.running import Run

NAME = '100%off %s o\'clock 12:30 "sharp"; [#1]* {x} über 日本 $HOME ~'


def test_a_sync_and_its_copy_work_in_an_oddly_named_place(tmp_path: Path):
    folder = tmp_path / NAME
    folder.mkdir()
    event = generate_event(lectures=4, participants=6, seed=7)
    with configured(event, folder), pytest.MonkeyPatch.context() as environment:
        warehouse, published = folder / f"w {NAME}.duckdb", folder / NAME / f"p {NAME}.duckdb"
        environment.setenv("DESTINATION__DUCKDB__CREDENTIALS", str(warehouse))
        environment.setenv("WAREHOUSE__PUBLISHED", str(published))
        for changed in (False, True):
            if changed:
                event.content["lectures"][0]["name"] = "Another title"
                event.participants[0]["role"] = "m"
            Run(shared_definitions())(*PROGRAMME, "raw/participants", "published/warehouse")
            with duckdb.connect(str(published), read_only=True) as reader:
                titles = {row[0] for row in reader.execute("select title from summary.agenda").fetchall()}
                assert {lecture["name"] for lecture in event.content["lectures"]} <= titles
                assert reader.execute("select count(*) from raw.participants").fetchone() == (6,)
    shown = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    assert shown == {NAME, warehouse.name, f"{warehouse.name}.lock"}
    assert [path.name for path in published.parent.iterdir()] == [published.name]

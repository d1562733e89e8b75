"""Lists in pages, taken in batches, with records of the fast way among others: in their order, and whole."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from event_assets.sandbox import Sandbox, generate_event
from event_assets.settings import RemovalSettings
from event_assets.source.columnar import RowFile, Taken
from event_assets.source.schema import TABLES
from event_assets.warehouse import Warehouse
from event_assets_tests.running import Warehouse as Reader
from event_assets_tests.source.syncing import bring

people = st.lists(
    st.fixed_dictionaries(
        {"email": st.sampled_from([f"p{number}@example.org" for number in range(12)])},
        optional={"shoe_size": st.integers(30, 50)},
    ),
    max_size=14,
)


def first_of_each(said: list[dict[str, Any]]) -> dict[str, tuple[str, str | None]]:
    """What the table should hold: the first record of each address, an undeclared field as text."""
    rows: dict[str, tuple[str, str | None]] = {}
    for record in said:
        size = record.get("shoe_size")
        rows.setdefault(record["email"], (str(record["id"]), None if size is None else str(size)))
    return rows


def held(place: Warehouse) -> dict[str, tuple[str, str | None]]:
    reader = Reader(place.path)
    size = "shoe_size" if "shoe_size" in reader.columns("raw.participants") else "null"
    rows = reader.rows(f"select email_key, id, {size} from raw.participants where removed_at is null")
    return {key: (identifier, size) for key, identifier, size in rows}


def odd_at(*places: int, of: int) -> list[dict[str, Any]]:
    """Records of different people, those at some places with a field that nobody has declared."""
    return [{"email": f"q{place}@example.org", **({"shoe_size": 40} if place in places else {})} for place in range(of)]


@pytest.mark.slow
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(a=people, b=people, page_size=st.integers(1, 6), batch=st.integers(1, 4))
@example(a=odd_at(0, 10, 20, of=34), b=odd_at(20, of=34), page_size=10, batch=7)
@example(a=odd_at(1, of=5), b=[], page_size=4, batch=1)
def test_the_first_record_of_each_key_is_held_and_every_one(
    a: list[dict[str, Any]], b: list[dict[str, Any]], page_size: int, batch: int
):
    event = generate_event(lectures=0, participants=0)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("event_assets.source.pages.BATCH_RECORDS", batch)
        place = Warehouse(Path(folder) / "w.duckdb")
        with Sandbox(event, envelope="pages", page_size=page_size) as api:
            for said in (a, b, a):
                said = [{"id": place, **record} for place, record in enumerate(said)]  # no page is the one before again
                event.participants = said
                result = bring(api, place, "participants", removals=RemovalSettings(allowed=True))["participants"]
                assert held(place) == first_of_each(said)
                assert result.received - result.rejected == len(first_of_each(said))
                again = bring(api, place, "participants")["participants"]
                assert (again.loaded, again.removed, again.version) == (0, 0, result.version)


def test_a_file_that_is_finished_takes_no_more_rows(tmp_path: Path):
    file = RowFile(TABLES["participants"], tmp_path / "rows.parquet")
    file.finished()
    with pytest.raises(ValueError, match="participants is finished, and 1 more rows came"):
        file.add([(Taken(object(), "p@example.org"), "")])

"""Every engine ends with DuckDB's rows in all tables, and with the same content versions.

Of a real programme, and of one with odd values, each after three refreshes: see ``comparison``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial

import pytest
from sqlglot import exp

from event_assets.source.tables.schema import TABLES
from event_assets.warehouse.relations import Relation
from event_assets_tests.engines.comparison import (
    ENGINES,
    Outcome,
    Servers,
    differences,
    empty_place,
    go_through,
    states,
)
from event_assets_tests.engines.programmes import odd_event
from event_assets_tests.models.bench import models, models_of

PROGRAMMES = (pytest.param("odd"), pytest.param("fosdem", marks=[pytest.mark.slow, pytest.mark.nightly]))
"""The odd one has the values that engines take differently; the real one is for the night."""


@pytest.fixture(scope="module")
def outcome_of(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, str], Outcome]:
    """Return what an engine makes of a programme; once for all tests."""
    servers = Servers(*(partial(request.getfixturevalue, name) for name in ("postgres", "spark_address", "extensions")))

    @cache
    def outcome_of(engine: str, programme: str) -> Outcome:
        events = states(odd_event() if programme == "odd" else request.getfixturevalue("fosdem"))
        with empty_place(engine, tmp_path_factory.mktemp(engine), servers) as place:
            return go_through(place, events)

    return outcome_of


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Compare each engine on each programme."""
    if "outcome" in metafunc.fixturenames:
        params = [
            pytest.param(programme.values[0], engine, marks=programme.marks, id=f"{engine}-{programme.values[0]}")
            for programme in PROGRAMMES
            for engine in ENGINES[1:]
        ]
        metafunc.parametrize(("truth", "outcome"), params, indirect=True)
    elif "truth" in metafunc.fixturenames:
        metafunc.parametrize("truth", PROGRAMMES, indirect=True)


@pytest.fixture
def truth(request: pytest.FixtureRequest, outcome_of: Callable[[str, str], Outcome]) -> Outcome:
    """What DuckDB makes of a programme."""
    return outcome_of("duckdb", request.param)


@pytest.fixture
def outcome(request: pytest.FixtureRequest, truth: Outcome, outcome_of: Callable[[str, str], Outcome]) -> Outcome:
    """What another engine makes of it."""
    return outcome_of(request.param, request.node.callspec.params["truth"])


def test_every_table_has_the_rows_of_duckdb(outcome: Outcome, truth: Outcome):
    assert differences(outcome.tables, truth.tables) == {}
    # The odd programme has the optional resources as well, the real one the nine.
    wanted = models() if "raw.reviews" in truth.tables else models_of(TABLES)
    assert truth.tables.keys() & {*map(str, models())} == {*map(str, wanted)}
    assert len(truth.tables) >= 40


def test_the_content_versions_are_those_of_duckdb(outcome: Outcome, truth: Outcome):
    assert outcome.versions == truth.versions
    assert len({tuple(versions.items()) for versions in truth.versions}) == 3


def test_the_data_tests_find_what_they_find_on_duckdb(outcome: Outcome, truth: Outcome):
    assert outcome.failing == truth.failing
    assert len(truth.failing) > 100


def test_the_copy_for_readers_has_what_duckdb_publishes(outcome: Outcome, truth: Outcome):
    assert differences(outcome.copy, truth.copy) == {}
    assert 30 < len(truth.copy) <= len(truth.tables)


def test_the_copy_is_read_for_alerts_as_on_duckdb(outcome: Outcome, truth: Outcome):
    assert outcome.troubles == truth.troubles
    assert truth.troubles


def test_the_programmes_have_what_is_compared(truth: Outcome):
    empty = {name for name, rows in truth.tables.items() if not rows and not name.startswith("raw.")}
    # FOSDEM publishes no breaks and no partners.
    assert empty <= {
        *("staging.rejected", "staging.pauses", "staging.partners"),
        *("summary.partners_overview", "summary.break_pressure", "summary.sponsor_levels"),
    }
    changes = re.findall(r"'change', '(\w+)'", " ".join(truth.tables["summary.schedule_changes"]))
    assert {*changes} >= {"removed", "returned", "renamed", "moved_time", "moved_hall", "speakers_changed"}
    removed = [row for row in truth.tables["raw.lectures"] if "('removed_at', False)" in row]
    assert 0 < len(removed) < truth.tables["raw.lectures"].total() / 5


@pytest.mark.parametrize("model", [*map(str, models())])
def test_no_replacement_refers_back_to_a_group(model: str):
    r"""``\\1`` is ``$1`` in Spark, and sqlglot leaves it as it is."""
    query = models()[Relation(*model.split("."))].query
    replacements = [call.args["replacement"].name for call in query.find_all(exp.RegexpReplace)]
    assert [text for text in replacements if re.search(r"\\\d|\$", text)] == []

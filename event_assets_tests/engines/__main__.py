"""Prints the table of engines and models: rows, whether they are DuckDB's, and the seconds of three builds.

Of the real programme where it is at hand, else of the invented one with odd values.
"""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import click
import pytest

from event_assets.sandbox import Event, load_event
from event_assets_tests.conftest import CASES
from event_assets_tests.engines.comparison import (
    ENGINES,
    Outcome,
    Servers,
    differences,
    empty_place,
    go_through,
    states,
)
from event_assets_tests.engines.lakes import install_extensions
from event_assets_tests.engines.programmes import odd_event
from event_assets_tests.engines.servers import postgres_server, spark_server
from event_assets_tests.models.bench import models


def main() -> None:
    """Compare all engines whose servers are installed, and print the table."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    name, event = programme()
    outcomes: dict[str, Outcome] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="event_assets_engines_")))
        servers = Servers(
            cache(lambda: stack.enter_context(postgres_server())),
            cache(lambda: stack.enter_context(spark_server())),
            cache(lambda: install_extensions(folder / "extensions")),
        )
        for engine in ENGINES:
            (of_engine := folder / engine).mkdir()
            try:
                with empty_place(engine, of_engine, servers) as place:
                    outcomes[engine] = go_through(place, states(event))
            except pytest.skip.Exception as left_out:
                click.echo(f"{engine} is left out: {left_out}.")
    click.echo(f"\n{name}, three refreshes\n\n{table(outcomes)}")


def programme() -> tuple[str, Event]:
    """Return the real programme where it is at hand, else an invented one, with its name."""
    folder = CASES / "fosdem2026"
    if folder.is_dir():
        return "FOSDEM 2026", load_event(folder, timezone="Europe/Brussels")
    return "An invented event with odd values", odd_event()


def table(outcomes: Mapping[str, Outcome]) -> str:
    """Return the outcomes as a table, with a row for each model, and one for the raw tables."""
    truth = outcomes[ENGINES[0]]
    different = {engine: differences(outcome.tables, truth.tables) for engine, outcome in outcomes.items()}
    raw = [name for name in truth.tables if name.startswith("raw.")]
    rows = [["", *outcomes], ["---"] * (len(outcomes) + 1)]
    for label, names in [("raw tables", raw), *((name, [name]) for name in map(str, models()) if name in truth.tables)]:
        cells = []
        for engine, outcome in outcomes.items():
            count = sum(outcome.tables[name].total() for name in names if name in outcome.tables)
            is_same = "≠" if different[engine].keys() & {*names} else "="
            seconds = sum(outcome.seconds.get(name, 0) for name in names)
            cells.append(f"{count:,} {is_same}" + (f" {seconds:.2f} s" if seconds else ""))
        rows.append([label, *cells])
    totals = [f"{sum(outcome.seconds.values()):.1f} s" for outcome in outcomes.values()]
    same = ["same" if outcome.versions == truth.versions else "other" for outcome in outcomes.values()]
    rows += [["all models", *totals], ["content versions", *same]]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


if __name__ == "__main__":
    main()

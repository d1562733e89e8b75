"""``python -m benchmarks``: measure, print the tables, write the results as JSON."""

from __future__ import annotations

import json
import platform
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import click

from benchmarks.measuring import measure
from benchmarks.plan import AIRBYTE, SIZES, Contender, Run, contenders, runs
from benchmarks.report import Measured, Results
from benchmarks.serving import Server, serving


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--sizes", default=",".join(SIZES), show_default=True, help="Which sizes, with commas.")
@click.option("--repeats", default=3, show_default=True, help="How often each contender runs.")
@click.option("--only", help="Contenders by the first letters of their names, with commas: `b,c`.")
@click.option("--json", "target", type=click.Path(path_type=Path), default=Path("build/bench.json"), show_default=True)
def main(sizes: str, repeats: int, only: str | None, target: Path) -> None:
    """Compare this project with other ways to do the same, on an invented event."""
    who = [one for one in contenders() if only is None or one.name[0] in only.split(",")]
    if only is None and AIRBYTE not in who:
        click.echo(
            "PyAirbyte is not installed, so it is left out. To compare with it, install `airbyte` in an environment of "
            "its own and name that one's Python in BENCH_PYAIRBYTE_PYTHON.",
            err=True,
        )
    measured: Measured = []
    started = time.monotonic()
    _warm_up(who)
    for name in sizes.split(","):
        click.echo(f"{name}: inventing an event of {SIZES[name].participants:,} participants ...", err=True)
        with serving(SIZES[name]) as server:
            for layout in SIZES[name].layouts:
                with tempfile.TemporaryDirectory(prefix="event_assets_bench_") as folder:
                    _measure(list(runs(SIZES[name], layout, repeats, who)), server, Path(folder), measured)
                _write(target, measured)
    results = Results(measured)
    click.echo(f"\n{results.table()}\n\n{results.bars()}\n")
    click.echo(f"{time.monotonic() - started:.0f} s in all; every run is in {target}.", err=True)


def _warm_up(who: list[Contender]) -> None:
    """One run of each contender that is not counted: it reads the packages from the disk."""
    click.echo("Warming up ...", err=True)
    with serving(SIZES["small"]) as server:
        server.show("first load", "data")
        for contender in who:
            with tempfile.TemporaryDirectory(prefix="event_assets_bench_") as folder:
                measure(Run(SIZES["small"], "data", "first load", 0, contender), server, Path(folder))


def _measure(todo: list[Run], server: Server, folder: Path, measured: Measured) -> None:
    shown = None
    for run in todo:
        if (run.repeat, run.case) != shown:
            server.show(run.case, run.layout)
            shown = (run.repeat, run.case)
        measurement = measure(run, server, folder / f"{run.repeat}" / run.contender.name[0])
        measured.append((run, measurement))
        click.echo(
            f"  {run.layout}, {run.case}, {run.contender.name}: {measurement.seconds:.1f} s, "
            f"{measurement.peak_mb:,.0f} MB, {measurement.requests} requests",
            err=True,
        )


def _write(target: Path, measured: Measured) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    packages = ("dagster", "dlt", "duckdb", "pyarrow")
    about = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "versions": {name: version(name) for name in packages},
        "runs": Results(measured).as_json(),
    }
    target.write_text(json.dumps(about, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")

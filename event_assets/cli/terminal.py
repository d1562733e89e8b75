"""What a run looks like on a terminal: a line as each step goes on, and a table at the end."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass

import click
import dagster as dg
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class AssetRow:
    """A materialised asset as the table shows it.

    Attributes:
        asset: The asset key, with slashes.
        rows: How many rows the table has now.
        seconds: How long the step took that made it; a step that makes several assets takes its time for all of them.
            None if it was not made, because nothing that it reads has changed.
    """

    asset: str
    rows: int
    seconds: float | None


@dg.logger(config_schema={}, description="Prints the progress of a run to a terminal.")
def terminal_logger(_: dg.InitLoggerContext) -> logging.Logger:
    """Dagster's events as short lines; its own console logger is made for log files."""
    logger = logging.Logger("event_assets.terminal", level=logging.DEBUG)  # at which Dagster logs its events
    logger.addHandler(_TerminalHandler())
    return logger


class _TerminalHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        meta = getattr(record, "dagster_meta", {})
        event = meta.get("dagster_event")
        if event is None:
            # What a step says of itself. Errors are printed at the end, once, and not for every step they prevent.
            if meta.get("step_key") and logging.INFO <= record.levelno < logging.ERROR:
                click.echo(meta["orig_message"])
        elif event.is_step_materialization:
            materialization = event.step_materialization_data.materialization
            rows = row_count(materialization)
            done = "made" if rows is None else f"{rows:,} {'row' if rows == 1 else 'rows'}"
            click.echo(f"  {materialization.asset_key.to_user_string()}: {done}")
        elif event.is_step_failure:
            click.echo(f"  {event.step_key} failed")


def row_count(materialization: dg.AssetMaterialization) -> int | None:
    """The rows of a materialised table; None for what is no table."""
    count = materialization.metadata.get("dagster/row_count")
    return None if count is None else int(str(count.value))


def print_table(rows: Iterable[AssetRow]) -> None:
    """Print the assets with rows and seconds."""
    table = Table(box=None, pad_edge=False)
    table.add_column("asset")
    table.add_column("rows", justify="right")
    table.add_column("seconds", justify="right")
    for row in rows:
        table.add_row(row.asset, f"{row.rows:,}", "as before" if row.seconds is None else f"{row.seconds:.2f}")
    Console().print(table)

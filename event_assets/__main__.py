"""The command line of the package: ``python -m event_assets``."""

from __future__ import annotations

import errno
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from event_assets.garbage import made_to_stay

GARBAGE_THRESHOLD = 10_000
"""How many new objects there must be before garbage is looked for: Python's 700 suits smaller programs."""

UNUSABLE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.EEXIST, errno.ENOTDIR, errno.ENOSPC}
"""Errors of the system that are of a place and not of this program: a folder cannot be made, a file not written."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Sync an event-management API into a warehouse and keep its summaries."""


@main.command()
@click.option("--allow-removals", is_flag=True, help="Let an answer through that removes most of a table. This once.")
@click.option("--event", "event_name", help="The event, as [events] lists it; `event` for that of [event]. Else all.")
def run(allow_removals: bool, event_name: str | None) -> None:
    """Sync everything once and build every summary."""
    with _user_facing_errors():
        with made_to_stay():
            _check_settings(event_name)
            from event_assets.cli.run import run_everything  # here, because `--help` needs no Dagster

        gc.set_threshold(GARBAGE_THRESHOLD)
        run_everything(allow_removals=allow_removals, event_name=event_name)


@main.command()
@click.option("--port", type=click.IntRange(1, 65535), default=3000, show_default=True, help="Where to serve the UI.")
def ui(port: int) -> None:
    """Serve the Dagster UI and run its daemon, until Ctrl-C."""
    with _user_facing_errors():
        _check_settings()
        from event_assets.cli.ui import serve_ui

        serve_ui(port)


@main.command("code-server")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", type=click.IntRange(1, 65535), default=4000, show_default=True, help="The port.")
def code_server(host: str, port: int) -> None:
    """Serve the definitions to Dagster's webservers and daemon, which run elsewhere."""
    with _user_facing_errors():
        _check_settings()
        from event_assets.cli.serve_code import serve_code

        serve_code(host, port)


@main.command()
def events() -> None:
    """List the events: their phase, their last sync, how fresh they are, what is wrong, and where they are."""
    with _user_facing_errors():
        from event_assets.cli.events import list_events

        list_events()


@main.command()
@click.option("--shards", type=click.IntRange(1), required=True, help="The number of code locations.")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Their host; with {} one each, by number: code-{}."
)
@click.option("--port", type=click.IntRange(1, 65535), default=4000, show_default=True, help="The port, or first port.")
def workspace(shards: int, host: str, port: int) -> None:
    """Print a workspace.yaml that has the events on several code locations, and how to start each."""
    with _user_facing_errors():
        from event_assets.cli.workspace import workspace_yaml
        from event_assets.settings import read_events

        click.echo(workspace_yaml([event.label for event in read_events(False)], shards, host, port), nl=False)


@main.command()
def dictionary() -> None:
    """Print the data dictionary, in Markdown."""
    with _user_facing_errors():
        from event_assets.cli.dictionary import data_dictionary

        click.echo(data_dictionary(), nl=False)


@main.command("dbt-artifacts")
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path),
    default=Path("target"),
    show_default=True,
    help="The folder to write to.",
)
@click.option("--event", "event_name", metavar="NAME", help="The event, where there are several.")
def dbt_artifacts(folder: Path, event_name: str | None) -> None:
    """Write manifest.json and catalog.json as dbt does, for data catalogues."""
    with _user_facing_errors():
        from event_assets.cli.dbt_artifacts import write_artifacts

        write_artifacts(folder, event_name)


@main.command()
def site() -> None:
    """Write the pages that people look at: the data catalogue, and the event on one page."""
    with _user_facing_errors():
        _check_settings()
        from event_assets.cli.site import write_site

        write_site()


@main.command()
@click.option("--offline", is_flag=True, help="Leave the event API alone.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for programs.")
@click.option("--alert", is_flag=True, help="Send new faults, and which are over, to the webhook of the alerts.")
def doctor(offline: bool, as_json: bool, alert: bool) -> None:
    """Look for what is wrong, and say what to do. Ends with status 1 if something does not work."""
    with _user_facing_errors():
        from event_assets.cli.doctor.examination import report

        has_no_fault = report(offline=offline, as_json=as_json, alert=alert)
    if not has_no_fault:
        sys.exit(1)


@main.command()
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path),
    default=Path("backups"),
    show_default=True,
    help="The folder of all backups.",
)
@click.option("--keep", type=click.IntRange(1), help="How many to keep; older ones are deleted.")
def backup(folder: Path, keep: int | None) -> None:
    """Back up the warehouse and Dagster's records, while everything runs."""
    with _user_facing_errors():
        from event_assets.cli.backup import report_backup

        report_backup(folder, keep)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
def restore(folder: Path) -> None:
    """Put a backup in place of what there is, which is moved aside. Nothing may run."""
    with _user_facing_errors():
        from event_assets.cli.backup import report_restore

        report_restore(folder)


@main.command()
@click.option("--secrets", is_flag=True, help="Print what goes into .dlt/secrets.toml instead.")
def settings(secrets: bool) -> None:
    """Print a commented .dlt/config.toml with every setting and its default."""
    from event_assets.cli.settings_files import config_toml, secrets_toml

    click.echo(secrets_toml() if secrets else config_toml(), nl=False)


def _check_settings(event_name: str | None = None) -> None:
    """Read all settings before the rest is imported: dlt reads its files when some of its modules are.

    Of several events, what is wrong with one is reported when it is its turn.
    """
    from event_assets.settings import find_event, read_events  # here, for the same reason: it brings dlt

    events = read_events()
    if event_name or len(events) == 1:
        find_event(event_name or events[0].label, events).check()


@contextmanager
def _user_facing_errors() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        from event_assets.models import ModelError
        from event_assets.settings import SettingsError
        from event_assets.warehouse import WarehouseError

        if isinstance(error, (ModelError, SettingsError, WarehouseError)):
            raise click.ClickException(str(error)) from error
        if isinstance(error, OSError) and error.errno in UNUSABLE and error.filename:
            raise click.ClickException(
                f"{error.filename} cannot be used ({error.strerror}): let this user write there, or name another "
                "place. The warehouse and its copy are set in .dlt/config.toml, Dagster's state in DAGSTER_HOME."
            ) from error
        raise


if __name__ == "__main__":
    main(prog_name="event-assets")

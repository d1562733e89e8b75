"""Runs the sandbox by hand: ``python -m event_assets.sandbox``."""

import shlex
import signal
import threading
from pathlib import Path

import click

from event_assets.sandbox.event import load_event
from event_assets.sandbox.fault_option import NAMES, FaultType
from event_assets.sandbox.faults import ENDPOINTS, Fault
from event_assets.sandbox.generate import SIZES, generate_event
from event_assets.sandbox.more import MORE
from event_assets.sandbox.responses import BASE_PATH, ENVELOPES, VALIDATORS, Envelope, Validators
from event_assets.sandbox.server import DEFAULT_PAGE_SIZE, DEFAULT_TOKEN, HOST, STATUS_PATH, Sandbox

SIZE_HELP = "How large an event to invent: {}.  [default: conference]".format(
    "; ".join(
        f"{name}, {size.lectures:,} lectures and {size.participants:,} participants" for name, size in SIZES.items()
    )
)


@click.command(context_settings={"max_content_width": 120})
@click.option("--port", type=click.IntRange(0, 65535), default=8040, show_default=True, help="0 takes a free port.")
@click.option("--size", type=click.Choice(list(SIZES)), help=SIZE_HELP)
@click.option("--lectures", type=click.IntRange(min=0), help="Invent so many lectures instead of the size's number.")
@click.option("--participants", type=click.IntRange(min=0), help="Invent so many participants, up to a million or so.")
@click.option("--seed", type=int, help="Another seed invents another event.  [default: 1]")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    help="Serve saved answers instead: a folder with content.json, partners.json and participants.json.",
)
@click.option("--timezone", help="The event's zone.  [default: Europe/Vienna; UTC for a folder]")
@click.option(
    "--envelope",
    type=click.Choice(ENVELOPES),
    default="data",
    show_default=True,
    help='How lists are answered: as {"data": [...]}, as a bare [...], or in pages with a link to the next one.',
)
@click.option("--page-size", type=click.IntRange(min=1), help=f"Records on a page.  [default: {DEFAULT_PAGE_SIZE}]")
@click.option(
    "--validators",
    type=click.Choice(VALIDATORS),
    default="none",
    show_default=True,
    help="Let clients ask whether an answer has changed, by this header: who has it already gets 304 and no body.",
)
@click.option("--more", multiple=True, type=click.Choice(MORE), help="Serve these as well; one option for each.")
@click.option("--token", default=DEFAULT_TOKEN, show_default=True, help="The bearer token to ask for.")
@click.option(
    "--fault",
    "failures",
    type=FaultType(),
    multiple=True,
    metavar="ENDPOINT:[TIMES:]FAULT",
    help="Answer wrongly: `participants:3:status=503` for the next three requests, `content:truncated` always; several "
    f"follow each other. ENDPOINT: {', '.join(ENDPOINTS)}. FAULT: {', '.join(NAMES)}.",
)
@click.option("--log-requests", is_flag=True, help="Show each request's method, path and status or fault.")
def main(
    port: int,
    size: str | None,
    lectures: int | None,
    participants: int | None,
    seed: int | None,
    folder: Path | None,
    timezone: str | None,
    envelope: Envelope,
    page_size: int | None,
    validators: Validators,
    more: tuple[str, ...],
    token: str,
    failures: tuple[tuple[str, Fault, int | None], ...],
    log_requests: bool,
) -> None:
    """Serve an invented event as the event API would, on this machine only, until Ctrl-C.

    It is a stand-in for trying the project without a token of the real API. Everybody in it is invented.
    """
    inventing = {"size": size, "lectures": lectures, "participants": participants, "seed": seed, "more": more or None}
    given = [f"--{name}" for name, value in inventing.items() if value is not None]
    if folder and given:
        raise click.UsageError(f"--folder serves what is saved there, so it does not go with {', '.join(given)}.")
    if page_size and envelope != "pages":
        raise click.UsageError("--page-size needs --envelope pages.")
    try:
        event = (
            load_event(folder, timezone or "UTC")
            if folder
            else generate_event(
                size=size or "conference",
                lectures=lectures,
                participants=participants,
                seed=1 if seed is None else seed,
                timezone=timezone or "Europe/Vienna",
                more=more,
            )
        )
    except (OSError, ValueError) as error:
        raise click.ClickException(str(error)) from None

    log = click.echo if log_requests else None
    sandbox = Sandbox(
        event, token=token, envelope=envelope, page_size=page_size, validators=validators, port=port, log=log
    )
    try:
        for failure in failures:
            sandbox.fail(*failure)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--fault") from None
    _serve(sandbox, port, str(folder) if folder else "an invented event")


def _serve(sandbox: Sandbox, port: int, what: str) -> None:
    """Serve until a signal.

    Raises:
        click.ClickException: The port is taken.
    """
    try:
        sandbox.start()
    except OSError as error:
        raise click.ClickException(
            f"Cannot serve on {HOST}:{port} ({error.strerror}): name another --port, or 0 for any free one."
        ) from None
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    click.echo(_introduction(sandbox, what))
    stopped.wait()
    sandbox.stop()
    click.echo("Stopped.")


def _introduction(sandbox: Sandbox, what: str) -> str:
    """Returns the introduction that is printed at the start."""
    counts = ", ".join(f"{count:,} {name}" for name, count in sandbox.event.counts().items())
    return f"""\
Serving {what} ({sandbox.event.timezone}): {counts}.

  Base URL  {sandbox.base_url}
  Token     {sandbox.token}
  Requests  {sandbox.base_url.removesuffix(BASE_PATH)}{STATUS_PATH} shows how many there were

To point the project at it, in another terminal:

  export SOURCES__EVENT_API__BASE_URL={sandbox.base_url}
  export SOURCES__EVENT_API__API_TOKEN={shlex.quote(sandbox.token)}
  make run

Ctrl-C stops it."""


if __name__ == "__main__":
    main(prog_name="python -m event_assets.sandbox")

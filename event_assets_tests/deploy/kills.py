"""Minutes of one server on which every part is killed in turn, while two events change: what comes of it, in figures.

    python -m event_assets_tests.deploy.kills --minutes 30 --seed 1

The services of ``deploy/compose.yaml`` run as processes, with a second code server for a second event. What ends is
started again, as its restart policy does. At the end changes and kills stop, everything is given time to come to rest,
and the tables of both events are compared with the events.
"""

from __future__ import annotations

import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from random import Random
from signal import SIGTERM, signal

import orjson

from event_assets.sandbox import generate_event
from event_assets_tests.automation.live import Webhook
from event_assets_tests.automation.soak_figures import as_markdown
from event_assets_tests.deploy.killing import Course, Kills
from event_assets_tests.deploy.kills_figures import differences_of, figures
from event_assets_tests.deploy.one_server import LOCATIONS, SECOND, OneServer, open_server


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it.

    Returns:
        1 if something is wrong at the end: a difference, a change that nobody saw, or what is left open.
    """
    parser = ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=30, help="how long changes and kills go on")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other changes and kills")
    parser.add_argument("--folder", type=Path, help="where to put state, logs and figures; a new one, if not given")
    options = parser.parse_args(arguments)
    folder = options.folder or Path(tempfile.mkdtemp(prefix="event_assets_kills_"))
    folder.mkdir(parents=True, exist_ok=True)

    signal(SIGTERM, lambda *_: sys.exit(1))  # so that what was started is ended as well

    def say(line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    events = {
        name: generate_event(lectures=60, participants=200, seed=options.seed + more)
        for more, name in enumerate(LOCATIONS)
    }
    say(f"State, logs and figures: {folder}")
    with Webhook() as webhook, open_server(folder, events, ALERTS__WEBHOOK_URL=webhook.url) as server:
        began = time.time()
        await_first_load(server)
        say(f"First load: {time.time() - began:.0f} s after the start")
        kills = Kills(server, Random(options.seed), say, Course())
        began = time.time()
        kills.go(options.minutes * 60)
        result = figures(kills, webhook, differences_of(kills), (time.time() - began) / 60)
    (folder / "alerts.txt").write_text("\n\n".join(text for _, text in webhook.messages), encoding="utf-8")
    (folder / "figures.json").write_bytes(orjson.dumps(result, option=orjson.OPT_INDENT_2))
    (folder / "figures.md").write_text(as_markdown(result, options.seed), encoding="utf-8")
    say(as_markdown(result, options.seed))
    return int(any(result[name] for name in result if name.endswith("_at_the_end")))


def await_first_load(server: OneServer, seconds: float = 900) -> None:
    """Wait until both events are published.

    Raises:
        TimeoutError: They are not.
    """
    deadline = time.time() + seconds
    wanted = {"published/warehouse", f"{SECOND}/published/warehouse"}
    while not (wanted <= server.records.materialisations().keys() and server.records.is_quiet()):
        if time.time() > deadline:
            raise TimeoutError(f"After {seconds:.0f} s, not both events are published.")
        time.sleep(2)


if __name__ == "__main__":
    sys.exit(main())

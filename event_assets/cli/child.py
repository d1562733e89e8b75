"""Runs a command of an installed package as a child that does not outlive its parent.

``python -m event_assets.cli.child COMMAND ARGUMENTS ...``, with a pipe as standard input that only the parent can write
to. The system closes it when the parent ends, however it ends: then the child interrupts itself.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from importlib.metadata import entry_points

GRACE = 15
"""Seconds from an interrupt to the end, after which a process and all it has started are killed."""


def main() -> None:
    """Run the command, by the name of its console script."""
    # Dagster's commands end in good order when they are interrupted; `nohup ... &` hands down that this is ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.argv = sys.argv[1:]
    command = next(iter(entry_points(group="console_scripts", name=sys.argv[0])))
    command.load()()


def _end_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.killpg(0, signal.SIGINT)
    time.sleep(GRACE)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()

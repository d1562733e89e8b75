"""Runs something in a child process that does not outlive its parent.

Its standard input is a pipe that only the parent can write to. The system closes it when the parent ends, however it
ends: then the child interrupts itself. ``python -m event_assets.cli.child COMMAND ARGUMENTS ...`` runs a command of an
installed package so.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from importlib.metadata import entry_points

GRACE = 15
"""Seconds from an interrupt to the end, after which a process and all it has started are killed."""


def main() -> None:
    """Run the command, by the name of its console script."""
    end_with_parent()
    run_command(sys.argv[1:])


def end_with_parent() -> None:
    """Let this process end when standard input does, and let it be interrupted even where its parent ignores that."""
    # Dagster's commands end in good order when they are interrupted; `nohup ... &` hands down that this is ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGURG, lambda *_: None)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def run_command(arguments: Sequence[str]) -> None:
    """Run a command of an installed package in this process.

    Args:
        arguments: The name of its console script, and its arguments.
    """
    sys.argv = [*arguments]
    next(iter(entry_points(group="console_scripts", name=arguments[0]))).load()()


def _end_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    main_thread = threading.main_thread().ident or 0
    os.kill(os.getpid(), signal.SIGINT)  # not the group: each of its processes does so, and two might disturb a cleanup
    for _ in range(GRACE):
        time.sleep(1)
        # A call that the main thread was about to make in that instant waits on, unaware of the interrupt. A further
        # signal, which does nothing, wakes it. That is rare: 5 of 10,000 such ends on a machine at work.
        signal.pthread_kill(main_thread, signal.SIGURG)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()

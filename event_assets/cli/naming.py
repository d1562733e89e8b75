"""What the commands are called where they were started: a checkout has a Makefile, an installed package has not."""

from __future__ import annotations

from pathlib import Path

import event_assets


def command_name(name: str, options: str = "") -> str:
    """Return how to start a command of this package from the current folder.

    Args:
        name: Such as ``ui``.
        options: Its options, as they are typed.
    """
    checkout = Path(event_assets.__file__).parents[1]
    if not (Path.cwd() == checkout and (checkout / "Makefile").is_file()):
        return f"event-assets {name} {options}".rstrip()
    return f".venv/bin/python -m event_assets {name} {options}" if options else f"make {name}"

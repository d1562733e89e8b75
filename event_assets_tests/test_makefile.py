"""What the commands of the Makefile make of what is typed behind them."""

import os
import shutil
import subprocess

import pytest

from event_assets_tests.conftest import CHECKOUT

MAKE = shutil.which("make") or ""


@pytest.mark.skipif(not MAKE, reason="make is not at hand")
@pytest.mark.parametrize(
    ("typed", "allowed"),
    [([], False), (["ALLOW_REMOVALS=yes"], True), (["ALLOW_REMOVALS=no"], False), (["ALLOW_REMOVALS="], False)],
    ids=["nothing", "yes", "no", "empty"],
)
def test_removals_are_allowed_by_who_says_yes(typed: list[str], allowed: bool):
    # Not those of a `make test` that this may be part of.
    outer = {"ALLOW_REMOVALS", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"}
    environment = {name: value for name, value in os.environ.items() if name not in outer}
    told = subprocess.run(
        [MAKE, "--dry-run", "run", *typed], cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=True
    ).stdout
    command = next(line for line in told.splitlines() if "-m event_assets run" in line)
    assert ("--allow-removals" in command) is allowed

"""What is measured: sizes, layouts, cases, contenders, how often, and the bars that this project sets itself."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, get_args

Layout: TypeAlias = Literal["data", "pages"]
"""How the lists are answered, in the sandbox's words: all in one answer, or in pages of 5,000."""

Case: TypeAlias = Literal["first load", "nothing changed", "1 % changed", "one lecture moved"]
"""What has happened to the event since the contender's run before. They follow each other in this order."""

CASES: tuple[Case, ...] = get_args(Case)
LAYOUTS: dict[Layout, str] = {"data": "one answer", "pages": "pages of 5,000"}
CONTENDERS = Path(__file__).parent / "contenders"


@dataclass(frozen=True)
class Size:
    """How large the event is."""

    name: str
    lectures: int
    participants: int
    layouts: tuple[Layout, ...]


SIZES = {
    size.name: size
    for size in (
        Size("small", 900, 1_500, ("data",)),
        Size("200k", 900, 200_000, ("data", "pages")),
        Size("1m", 900, 1_000_000, ("data", "pages")),
    )
}

Takes: TypeAlias = Callable[[Size, Layout, Case, int], bool]


@dataclass(frozen=True)
class Contender:
    """One way to get the event into a DuckDB file.

    Attributes:
        name: As the tables have it.
        command: What is started, in a fresh process each time.
        takes: Whether it takes part, by size, layout, case and the number of the repeat (from 0). What takes minutes
            is left out where no bar needs it: all of it takes half an hour, or eight minutes more with PyAirbyte.
        table: Its table of participants, to see that it did its work; None where there is none to do.
    """

    name: str
    command: tuple[str, ...]
    takes: Takes
    table: str | None = "raw.participants"


def _seed_takes(size: Size, layout: Layout, case: Case, repeat: int) -> bool:
    if size.name == "small":
        return True
    # Its first load is what the bars compare with. At a million it takes five minutes: once.
    return case == "first load" and layout == "data" and (size.name != "1m" or repeat == 0)


def _floor_takes(size: Size, layout: Layout, case: Case, repeat: int) -> bool:
    # It does the same work whatever has changed, and no bar compares with it.
    return size.name != "1m" or case == "first load"


def _airbyte_takes(size: Size, layout: Layout, case: Case, repeat: int) -> bool:
    # Its declarative source follows no links here. It takes its minutes whatever has changed, so few will do.
    if layout != "data" or case not in ("first load", "nothing changed"):
        return False
    often = size.name == "small" or (size.name == "200k" and case == "first load")
    return often or (repeat == 0 and (size.name == "200k" or case == "first load"))


def _idle_takes(size: Size, layout: Layout, case: Case, repeat: int) -> bool:
    # It takes the same time whatever the size; later runs build only what has changed, which is nothing here.
    return size.name == "small" and case == "first load"


def _dagster_takes(size: Size, layout: Layout, case: Case, repeat: int) -> bool:
    # It takes as long as the seed and a few seconds more, which count where that is quick.
    return size.name == "small"


SEED = Contender("a: seed", (sys.executable, str(CONTENDERS / "seed.py")), _seed_takes)
PROJECT = Contender("b: this project", (sys.executable, "-m", "event_assets", "run"), lambda *_: True)
FLOOR = Contender("c: floor", (sys.executable, str(CONTENDERS / "floor.py")), _floor_takes, "main.participants")
# Its packages need not fit those of this project: it may have an environment of its own.
AIRBYTE_PYTHON = os.environ.get("BENCH_PYAIRBYTE_PYTHON") or sys.executable
AIRBYTE = Contender(
    "d: PyAirbyte", (AIRBYTE_PYTHON, str(CONTENDERS / "pyairbyte.py")), _airbyte_takes, "main.participants"
)
DAGSTER = Contender("f: dagster-dlt", (sys.executable, str(CONTENDERS / "dagster_dlt_assets.py")), _dagster_takes)
IDLE = Contender("e: idle graph", (sys.executable, str(CONTENDERS / "idle.py")), _idle_takes, None)


def contenders() -> list[Contender]:
    """Who takes part: PyAirbyte only where it is installed, because it is no dependency."""
    installed = sys.executable != AIRBYTE_PYTHON or importlib.util.find_spec("airbyte") is not None
    return [SEED, PROJECT, FLOOR, *([AIRBYTE] if installed else []), IDLE, DAGSTER]


@dataclass(frozen=True)
class Run:
    """One run of one contender."""

    size: Size
    layout: Layout
    case: Case
    repeat: int
    contender: Contender


def runs(size: Size, layout: Layout, repeats: int, who: list[Contender]) -> Iterator[Run]:
    """The runs of a size and layout in their order: in each repeat and case, one contender after the other."""
    for repeat in range(repeats):
        for case in CASES:
            for contender in who:
                if contender.takes(size, layout, case, repeat):
                    yield Run(size, layout, case, repeat, contender)

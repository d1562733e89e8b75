"""Tables of what was measured, and whether the bars are kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.measuring import Measurement
from benchmarks.plan import AIRBYTE, CASES, DAGSTER, FLOOR, IDLE, LAYOUTS, PROJECT, SEED, Case, Contender, Layout, Run

Measured = list[tuple[Run, Measurement]]


@dataclass(frozen=True)
class Group:
    """The runs of one contender in one case.

    Attributes:
        seconds: Wall times, by repeat.
    """

    seconds: dict[int, float]
    measurements: Sequence[Measurement]

    @property
    def median(self) -> float:
        """The median wall time."""
        return median(self.seconds.values())

    @property
    def peak_mb(self) -> float:
        """The largest peak."""
        return max(measurement.peak_mb for measurement in self.measurements)

    def ratio(self, other: Group) -> float:
        """How much longer this took than another one: the median over the repeats that both had."""
        both = self.seconds.keys() & other.seconds.keys()
        return median(self.seconds[repeat] / other.seconds[repeat] for repeat in both)


class Results:
    """All measurements, by what was measured."""

    def __init__(self, measured: Measured) -> None:
        """Sort them."""
        self._measured = measured

    def group(self, size: str, layout: Layout, case: Case, contender: Contender) -> Group | None:
        """The runs of a contender in a case, if there are any."""
        wanted = (size, layout, case, contender.name)
        found = [
            (run.repeat, measurement)
            for run, measurement in self._measured
            if (run.size.name, run.layout, run.case, run.contender.name) == wanted
        ]
        if not found:
            return None
        return Group({repeat: one.seconds for repeat, one in found}, [one for _, one in found])

    def as_json(self) -> list[dict[str, Any]]:
        """Every run."""
        return [
            {
                "size": run.size.name,
                "layout": run.layout,
                "case": run.case,
                "repeat": run.repeat,
                "contender": run.contender.name,
                **measurement.as_dict(),
            }
            for run, measurement in self._measured
        ]

    def table(self) -> str:
        """Medians, ratios to this project, peaks and requests, in Markdown."""
        lines = [
            "| size | lists | case | contender | runs | seconds | (b) takes | CPU s | peak MB | requests | written |",
            "|---|---|---|---|--:|--:|--:|--:|--:|--:|--:|",
        ]
        sizes = dict.fromkeys(run.size.name for run, _ in self._measured)
        for size in sizes:
            for layout, how in LAYOUTS.items():
                for case in CASES:
                    lines += self._rows(size, layout, how, case)
        return "\n".join(lines)

    def _rows(self, size: str, layout: Layout, how: str, case: Case) -> Iterable[str]:
        project = self.group(size, layout, case, PROJECT)
        for contender in (SEED, PROJECT, FLOOR, AIRBYTE, IDLE, DAGSTER):
            group = self.group(size, layout, case, contender)
            if group is None:
                continue
            ratio = f"{project.ratio(group):.2f} x" if project and contender is not PROJECT else ""
            written = group.measurements[-1].written
            cpu = median(measurement.cpu_seconds for measurement in group.measurements)
            requests = ", ".join(str(number) for number in sorted({one.requests for one in group.measurements}))
            yield (
                f"| {size} | {how} | {case} | {contender.name} | {len(group.seconds)} | {group.median:.1f} | {ratio} "
                f"| {cpu:.1f} | {group.peak_mb:,.0f} | {requests} | {'' if written is None else f'{written:,}'} |"
            )

    def bars(self) -> str:
        """What this project promises of its speed, and what was measured, in Markdown."""
        lines = ["| bar | at most | measured | kept |", "|---|--:|--:|---|"]
        for what, most, measured, unit in self._bars():
            if measured is not None:
                kept = "yes" if measured <= most else "**no**"
                lines.append(f"| {what} | {most:g}{unit} | {measured:.3g}{unit} | {kept} |")
        return "\n".join(lines)

    def _bars(self) -> Iterable[tuple[str, float, float | None, str]]:
        first, unchanged, changed = CASES[:3]
        yield "small, first load, to (a)", 1.5, self._ratio("small", "data", first, SEED), " x"
        yield "small, nothing changed, to (a)", 0.8, self._ratio("small", "data", unchanged, SEED), " x"
        yield "small, first load, to (f)", 0.6, self._ratio("small", "data", first, DAGSTER), " x"
        peaks: dict[str, tuple[float, dict[Layout, float]]] = {
            "200k": (1 / 8, {"pages": 500, "data": 800}),
            "1m": (1 / 10, {"pages": 1000, "data": 2000}),
        }
        for size, (share, megabytes) in peaks.items():
            yield f"{size}, first load, to (a)", share, self._ratio(size, "data", first, SEED), " x"
            for layout, most in megabytes.items():
                group = self.group(size, layout, first, PROJECT)
                yield f"{size}, first load, {LAYOUTS[layout]}, peak", most, group and group.peak_mb, " MB"
        for layout, how in LAYOUTS.items():
            yield f"1m, nothing changed, {how}, to the first load", 1 / 4, self._to_first("1m", layout, unchanged), " x"
            yield f"1m, 1 % changed, {how}, to the first load", 1 / 2, self._to_first("1m", layout, changed), " x"
            small, large = (self.group(size, layout, first, PROJECT) for size in ("200k", "1m"))
            yield f"first load, {how}, from 200k to 1m", 5, small and large and large.median / small.median, " x"
            unchanged_run = self.group("1m", layout, unchanged, PROJECT)
            yield f"1m, nothing changed, {how}, rows written", 0, self._written(unchanged_run), ""
        for size in ("small", "200k", "1m"):
            group = self.group(size, "data", first, PROJECT)
            yield f"{size}, requests of a run", 3, group and max(one.requests for one in group.measurements), ""
        for size in ("small", "200k", "1m"):
            for case in (first, unchanged):
                yield f"{size}, {case}, to (d)", 1 / 2, self._ratio(size, "data", case, AIRBYTE), " x"

    def _ratio(self, size: str, layout: Layout, case: Case, other: Contender) -> float | None:
        project, group = self.group(size, layout, case, PROJECT), self.group(size, layout, case, other)
        return project.ratio(group) if project and group else None

    def _to_first(self, size: str, layout: Layout, case: Case) -> float | None:
        first, later = (self.group(size, layout, each, PROJECT) for each in (CASES[0], case))
        return later.ratio(first) if first and later else None

    @staticmethod
    def _written(group: Group | None) -> int | None:
        return max(one.written or 0 for one in group.measurements) if group else None

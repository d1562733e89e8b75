"""The sandbox in a process of its own, with every answer encoded before anybody asks for it.

``python -m benchmarks.serving LECTURES PARTICIPANTS`` serves; ``Server`` starts and steers that from another process.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

from benchmarks.plan import Case, Layout, Size
from event_assets.sandbox import Event, Sandbox, generate_event
from event_assets.sandbox.responses import CONTENT_PATH, LIST_PATHS, Response, answer

CHECKOUT = Path(__file__).parents[1]
ALTERED: dict[Case, tuple[str, ...]] = {
    "first load": (CONTENT_PATH, *LIST_PATHS),
    "nothing changed": (),
    "1 % changed": LIST_PATHS,
    "one lecture moved": (CONTENT_PATH,),
}
"""Which paths are answered otherwise than in the case before. They follow each other in this order."""

CHANGED_EACH = 100
"""One participant in so many is changed, evenly spread: every page is another one."""


class Server:
    """The serving process, as the benchmark sees it.

    Attributes:
        base_url: Where it serves.
        token: What it wants to see.
        timezone: The zone of its event.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        """Wait until it serves."""
        self._process = process
        self.base_url, self.token, self.timezone = json.loads(self._line())

    def show(self, case: Case, layout: Layout) -> None:
        """Let the event be as a case has it, and wait until all answers are encoded."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps([case, layout]) + "\n")
        self._process.stdin.flush()
        self._line()

    def requests(self) -> int:
        """How many requests there have been since it started."""
        with urlopen(f"{self.base_url.partition('/public')[0]}/sandbox") as status:  # noqa: S310  # this machine
            return sum(json.load(status)["requests"].values())

    def _line(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("The sandbox's process has ended.")
        return line


@contextmanager
def serving(size: Size) -> Iterator[Server]:
    """A server of an event of some size, for the length of a block."""
    command = [sys.executable, "-m", "benchmarks.serving", str(size.lectures), str(size.participants)]
    with subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Server(process)
        finally:
            process.terminate()


class PreparedSandbox(Sandbox):
    """A sandbox that only sends: what it answers was made before."""

    def __init__(self, original: Event) -> None:
        """Begin with nothing prepared.

        Args:
            original: The event as it is in the first case. It is not changed.
        """
        super().__init__(replace(original))
        self._original = original
        self._prepared: dict[str, Response] = {}

    def show(self, case: Case, layout: Layout) -> None:
        """Let the event be as a case has it. The cases follow each other, and a layout begins with the first one."""
        self.envelope = layout
        if case == "first load":
            restore(self.event, self._original)
        change(self.event, case)
        self._prepare(ALTERED[case])

    def _prepare(self, paths: Iterable[str]) -> None:
        """Make all answers of some paths, of the event as it is now."""
        targets = list(paths)
        self._prepared = {
            target: made for target, made in self._prepared.items() if target.partition("?")[0] not in targets
        }
        while targets:
            target = targets.pop()
            made = answer(self.event, target, envelope=self.envelope, page_size=self.page_size, base_url=self.base_url)
            self._prepared[target] = replace(made, chunks=tuple(made.chunks))
            path, _, page = target.partition("?page=")
            records = len(self.event.partners if path.endswith("partners") else self.event.participants)
            if self.envelope == "pages" and path in LIST_PATHS and int(page or 1) * self.page_size < records:
                targets.append(f"{path}?page={int(page or 1) + 1}")

    def respond(self, method: str, target: str, headers: Mapping[str, str]) -> Response:
        """Count a request and answer it with what was prepared."""
        prepared = self._prepared.get(target)
        if prepared is None or headers.get("Authorization") != f"Bearer {self.token}":
            return super().respond(method, target, headers)
        self.requests[target.partition("?")[0]] += 1
        return prepared


def change(event: Event, case: Case) -> None:
    """Bring the event from the case before to this one. The cases follow each other in their order."""
    if case == "1 % changed":
        for place in range(0, len(event.participants), CHANGED_EACH):
            event.participants[place] = {**event.participants[place], "position": "Promoted"}
    if case == "one lecture moved":
        lectures, halls = event.content["lectures"], event.content["halls"]
        lecture = lectures[len(lectures) // 2]
        lecture["hall_id"] = next(hall["id"] for hall in halls if hall["id"] != lecture["hall_id"])


def restore(event: Event, original: Event) -> None:
    """Take all changes back."""
    event.participants = original.participants[:]  # shares the encoded records
    event.content = {name: [dict(record) for record in records] for name, records in original.content.items()}


def main() -> None:
    """Serve until the benchmark ends; a line of input says what to show."""
    sandbox = PreparedSandbox(generate_event(lectures=int(sys.argv[1]), participants=int(sys.argv[2])))
    with sandbox:
        print(json.dumps([sandbox.base_url, sandbox.token, sandbox.event.timezone]), flush=True)  # noqa: T201
        for line in sys.stdin:
            sandbox.show(*json.loads(line))
            print("ready", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()

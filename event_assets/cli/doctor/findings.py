"""What the doctor finds, as values, and how a part that cannot be examined is reported."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class Severity(str, Enum):
    """``ok``: nothing to do. ``note``: to be looked at by day. ``fault``: something does not work."""

    OK = "ok"
    NOTE = "note"
    FAULT = "fault"


@dataclass(frozen=True)
class Finding:
    """What was found of one part.

    Attributes:
        part: What was examined, in a word or two.
        severity: How bad it is.
        found: A sentence. No token, no address with one, nobody's data.
        advice: What to do; "" where there is nothing.
    """

    part: str
    severity: Severity
    found: str
    advice: str = ""


def ok(part: str, found: str) -> Finding:
    """Return a finding of a part that is well."""
    return Finding(part, Severity.OK, found)


def note(part: str, found: str, advice: str) -> Finding:
    """Return a finding that can wait until the day."""
    return Finding(part, Severity.NOTE, found, advice)


def fault(part: str, found: str, advice: str = "") -> Finding:
    """Return a finding of a part that does not work."""
    return Finding(part, Severity.FAULT, found, advice)


def examined(part: str, examine: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """Yield what an examination finds; where it fails in a way that nobody foresaw, that.

    So the other parts are examined all the same.

    Args:
        part: What is examined.
        examine: Does it.
    """
    try:
        yield from examine()
    except Exception as error:  # of whatever kind: a report with a gap is worth more than none
        yield fault(
            part,
            f"It could not be examined: {type(error).__name__} in {_place(error)}.",
            "Report this as an error of event-assets; the other findings hold.",
        )


def _place(error: BaseException) -> str:
    """Return where an error was raised. Not what it says: that may quote a secret."""
    traceback = error.__traceback__
    while traceback and traceback.tb_next:
        traceback = traceback.tb_next
    return f"{Path(traceback.tb_frame.f_code.co_filename).name}:{traceback.tb_lineno}" if traceback else "no place"

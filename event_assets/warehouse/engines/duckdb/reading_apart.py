"""Reads a DuckDB file in a process of its own, which ends with it: where DuckDB was imported once, it takes 20 MB.

Run as a program, this file is that process. It imports nothing of the project, so that it begins within a tenth of a
second.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast


class ReadingApartError(Exception):
    """DuckDB cannot open or read the file; the message is its own."""


@dataclass(frozen=True)
class ReaderApart:
    """A file that is open for reading in another process.

    Attributes:
        questions: What the process reads.
        answers: What it writes.
    """

    questions: BinaryIO
    answers: BinaryIO

    def execute_sql(self, statement: str, *parameters: Any) -> Sequence[Sequence[Any]]:
        """Return the rows of a statement, with ``%s`` for each parameter.

        Raises:
            ReadingApartError: DuckDB cannot open or read the file.
        """
        try:
            pickle.dump((statement.replace("%s", "?"), parameters), self.questions)
            self.questions.flush()
            rows, said = pickle.load(self.answers)  # noqa: S301  # of our own process
        except (EOFError, OSError) as error:
            raise ReadingApartError("the process that reads it has ended") from error
        if said is not None:
            raise ReadingApartError(said)
        return rows


@contextmanager
def reading_apart(path: Path) -> Iterator[ReaderApart]:
    """Open a file in a process that ends with the block.

    Args:
        path: The file. That it cannot be opened is said when something is read of it.
    """
    command = [sys.executable, __file__, str(path)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603  # it is ours
    try:
        yield ReaderApart(cast(BinaryIO, process.stdin), cast(BinaryIO, process.stdout))
    finally:
        process.kill()  # it only reads
        process.communicate()


def _answer(path: str) -> None:
    """Be the process: answer each statement with its rows, or with what DuckDB says against it."""
    import duckdb

    connection: duckdb.DuckDBPyConnection | None = None
    while True:
        try:
            statement, parameters = pickle.load(sys.stdin.buffer)  # noqa: S301  # of who has started this process
        except EOFError:
            return
        answer: tuple[Sequence[Any], str | None]
        try:
            if connection is None:
                connection = duckdb.connect(path, read_only=True)
                connection.execute("set timezone = 'UTC'")
            answer = connection.execute(statement, parameters).fetchall(), None
        except duckdb.Error as error:
            answer = (), str(error)
        pickle.dump(answer, sys.stdout.buffer)
        sys.stdout.flush()


if __name__ == "__main__":
    # No file of this folder stands for a module that DuckDB imports.
    sys.path[:] = [folder for folder in sys.path if folder != str(Path(__file__).parent)]
    _answer(sys.argv[1])

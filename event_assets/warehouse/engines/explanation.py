"""What an engine says of an error of its database, for messages."""

from __future__ import annotations

from typing import NamedTuple


class Explanation(NamedTuple):
    """What a database says that has failed, without values of the tables.

    Attributes:
        engine: What it is called.
        why: What happened, as the end of "PostgreSQL failed: ", without a full stop.
        advice: What to do, as the beginning of a sentence.
        is_of_the_server: Whether the server has a problem, and not the statement or the rows.
    """

    engine: str
    why: str
    advice: str
    is_of_the_server: bool = False

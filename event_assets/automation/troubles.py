"""What is wrong, as values: what the alerts keep from look to look, and what people are alerted of."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import dagster as dg

Troubles: TypeAlias = Mapping[str, str]
"""What is wrong: a sentence by identifier."""


@dataclass(frozen=True)
class Found:
    """What a look has found, for the next one to go on from. Names and sentences, nobody's data.

    Attributes:
        troubles: What is wrong.
        pending: The assets that have to be made until a trouble is over, by trouble: their latest attempt failed, and
            they were not made since.
        state: What else the next look goes on from, as JSON can hold it.
    """

    troubles: Troubles = field(default_factory=dict)
    pending: Mapping[str, Collection[str]] = field(default_factory=dict)
    state: Mapping[str, Any] = field(default_factory=dict)


def what_readers_see(model: dg.AssetKey) -> str:
    """Return what becomes of a model in the copy for readers while it cannot be had."""
    name = model.to_user_string()
    return f"Readers see the last good state of {name} and of what is made of it; all else is published."

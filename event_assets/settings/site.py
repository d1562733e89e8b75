"""Settings of the pages that people look at."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from event_assets.settings.declaring import Section, setting
from event_assets.settings.paths import run_folder


def _folder(text: str) -> Path:
    if not text.strip():
        raise ValueError('is empty: write the path of a folder, such as "data/site".')
    return Path(os.path.abspath(run_folder() / text.strip().replace("\0", ""))).resolve()


@dataclass(frozen=True)
class SiteSettings(Section):
    """Where the pages lie.

    Attributes:
        folder: The folder, relative to the one that the command was started in; it need not exist.
    """

    path = ("site",)

    folder: Path = setting(
        Path("data/site"),
        "The folder of the pages that people look at, such as the data catalogue. `make ui` serves it.",
        raw=str,
        parse=_folder,
        unset="data/site",
    )

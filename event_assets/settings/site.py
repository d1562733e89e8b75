"""Settings of the pages and files that people look at and take away."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from dlt.common.configuration import resolve_configuration
from dlt.common.configuration.exceptions import ConfigurationException
from dlt.common.storages.configuration import FilesystemConfiguration

from event_assets.settings.declaring import Section, SettingsError, setting
from event_assets.settings.paths import run_folder

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_LOCAL = "file://"


def _folder(text: str) -> Path | str:
    plain = text.strip().replace("\0", "")
    if plain.startswith(_LOCAL):
        plain = FilesystemConfiguration.make_local_path(plain)
    if not plain:
        raise ValueError('is empty: write the path of a folder, such as "data/site", or of a bucket.')
    if _ADDRESS.match(plain):
        return plain.rstrip("/")
    return Path(os.path.abspath(run_folder() / plain)).resolve()


@dataclass(frozen=True)
class SiteSettings(Section):
    """Where the pages and files lie, and what the event is called in them.

    Attributes:
        folder: A path, relative to the folder that the command was started in, or the address of a folder in a bucket.
            It need not exist.
        event_title: The name of the event.
        files_minutes: How many minutes there are at least between two refreshes of the files that start by themselves.
    """

    path = ("site",)

    folder: Path | str = setting(
        Path("data/site"),
        "The folder of the pages and files that people look at, such as the data catalogue. `make ui` serves it. Or an "
        "address such as s3://bucket/folder, whose keys are set in [site.credentials] of .dlt/secrets.toml.",
        raw=str,
        parse=_folder,
        unset="data/site",
        for_event=lambda folder, name: folder / name if isinstance(folder, Path) else f"{folder}/{name}",
    )
    event_title: str = setting(
        "Event",
        "What the event is called in calendars, schedules and the feed: the API does not say it.",
        parse=lambda text: " ".join(text.split()),
        fits=lambda title: bool(title),
        wanted="a name",
        for_event=lambda _, name: name,
    )
    files_minutes: int = setting(
        5,
        "The files to take away, such as the workbook and the calendars, follow the tables at most this many minutes "
        "later; 0 makes them in each refresh. They are a quarter of its work where a session has moved.",
        fits=lambda minutes: 0 <= minutes <= 24 * 60,
        wanted="a whole number of minutes from 0 to 1440",
    )

    @property
    def local_folder(self) -> Path | None:
        """The folder, where it is one of this machine."""
        return self.folder if isinstance(self.folder, Path) else None

    def storage(self) -> FilesystemConfiguration:
        """Return dlt's configuration of the bucket, with its credentials.

        Raises:
            SettingsError: The address is none, or credentials are missing.
        """
        try:
            given = {"bucket_url": str(self.folder)}
            return resolve_configuration(FilesystemConfiguration(), sections=self.path, explicit_value=given)
        except (ConfigurationException, ValueError):  # which may quote the address
            raise self.unusable_folder() from None

    def unusable_folder(self) -> SettingsError:
        """Return the error of an address that cannot be used, without the address, which may have keys in it."""
        return SettingsError(
            "`folder` in the section [site] of .dlt/config.toml cannot be used: write a path or an address such as "
            "s3://bucket/folder, and its keys into the section [site.credentials] of .dlt/secrets.toml."
        )

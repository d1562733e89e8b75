"""How the address of a folder or bucket becomes dlt's configuration of it."""

from __future__ import annotations

import os

from dlt.common.configuration import resolve_configuration
from dlt.common.configuration.exceptions import ConfigFieldMissingException, ConfigurationValueError
from dlt.common.storages import FilesystemConfiguration

from event_assets.settings.declaring import Path
from event_assets.settings.paths import run_folder


def storage_of(bucket_url: str, path: Path) -> FilesystemConfiguration:
    """Return dlt's configuration of a folder or bucket, with the credentials that stand beside the address.

    Args:
        bucket_url: The address, or a path.
        path: The section that it is in.

    Raises:
        ValueError: The address is none, or credentials are missing; the end of a sentence.
    """
    url = bucket_url.strip()
    if "://" not in url:  # dlt would let a relative path start where the process is
        url = FilesystemConfiguration.make_file_url(os.path.abspath(run_folder() / url))
    try:
        return resolve_configuration(FilesystemConfiguration(), sections=path, explicit_value={"bucket_url": url})
    except (ConfigFieldMissingException, ConfigurationValueError):  # which name all places, and may quote the address
        raise ValueError(
            "cannot be used: write a path or an address such as s3://bucket/folder, and its `credentials` into the "
            f"section [{'.'.join(path)}.credentials] of .dlt/secrets.toml."
        ) from None

"""Settings of a warehouse of Delta tables with a Spark server."""

from __future__ import annotations

from dataclasses import dataclass

from dlt.common.storages import FilesystemConfiguration

from event_assets.settings.declaring import Section, SettingsError, setting
from event_assets.settings.storage import storage_of

_PATH = ("destination", "filesystem")


@dataclass(frozen=True)
class SparkSettings(Section):
    """Where the Delta tables are, and which server builds the models.

    Attributes:
        remote: The address of the server, None where it is missing. It may have a token in it.
        storage: dlt's configuration of the folder or bucket, with the credentials; None where something is missing.
    """

    path = _PATH

    remote: str | None = setting(
        None,
        "The Spark server, where the warehouse is Delta tables with Spark: an address of Spark Connect.",
        raw=str,
        secret=True,
        path=("destination", "spark"),
        shown='"sc://spark.example.com:15002"',
    )
    storage: FilesystemConfiguration | None = setting(
        None,
        "The folder or bucket of the Delta tables, where the warehouse is such. The `credentials` of a bucket are in "
        "[destination.filesystem.credentials] of .dlt/secrets.toml, as dlt has them. The Spark server must see it "
        "under the same address.",
        raw=str,
        parse=lambda url: storage_of(url, _PATH),
        name="bucket_url",
        shown='"data/lake"',
    )

    def complete(self) -> tuple[str, FilesystemConfiguration]:
        """Return the server's address, and the configuration of the folder or bucket.

        Raises:
            SettingsError: One of them is missing.
        """
        if self.storage is None:
            raise SettingsError(
                "The warehouse is Delta tables with Spark, and their folder or bucket is missing: set `bucket_url` in "
                "the section [destination.filesystem] of .dlt/config.toml, and for a bucket the credentials in "
                "[destination.filesystem.credentials] of .dlt/secrets.toml."
            )
        if self.remote is None:
            raise SettingsError(
                "The warehouse is Delta tables with Spark, and the server is missing: set `remote` in the section "
                '[destination.spark] of .dlt/secrets.toml, such as "sc://spark.example.com:15002".'
            )
        return self.remote, self.storage

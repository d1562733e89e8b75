"""Settings of the lake that all events publish their tables to, for what lies across events."""

from __future__ import annotations

from dataclasses import dataclass

from dlt.common.storages import FilesystemConfiguration

from event_assets.settings.declaring import Section, setting
from event_assets.settings.storage import storage_of

_PATH = ("lake",)


@dataclass(frozen=True)
class LakeSettings(Section):
    """Where the lake of all events is, and what of them it holds.

    Attributes:
        storage: dlt's configuration of the folder or bucket, with the credentials; None where there is no lake.
        participants: Whether tables with a row for each person are in it.
    """

    path = _PATH

    storage: FilesystemConfiguration | None = setting(
        None,
        "The folder or bucket of a lake that every event publishes its tables to, as Delta tables with a partition for "
        "each event. Tables across events are then built in it, by the Spark server whose `remote` is in "
        "[destination.spark] of .dlt/secrets.toml. The `credentials` of a bucket are in [lake.credentials] there.",
        raw=str,
        parse=lambda url: storage_of(url, _PATH),
        name="url",
        shown='"s3://bucket/events"',
    )
    participants: bool = setting(
        False,
        "Whether tables with a row for each participant, registration or review go into the lake as well. Only where "
        "the law lets you look at people across events.",
    )

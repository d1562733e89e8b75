"""How tests sync: without waiting between attempts, and with what they say about the rest."""

from event_assets.sandbox import Sandbox
from event_assets.settings import EventApiSettings, PrivacySettings, RemovalSettings, RetrySettings
from event_assets.source.api.resources import endpoint_of
from event_assets.source.load.results import ResourceResult
from event_assets.source.sync import SyncSettings, sync
from event_assets.warehouse import Warehouse
from event_assets_tests.running import Reader

KEEP, DROP = PrivacySettings(), PrivacySettings("drop")
HASH, OTHERWISE = (PrivacySettings("hash", f"{which} secret of the tests") for which in ("one", "another"))


def run_sync(
    api: Sandbox,
    warehouse: Warehouse,
    *resources: str,
    removals: RemovalSettings | None = None,
    privacy: PrivacySettings | None = None,
    logged: list[str] | None = None,
    timeout: float = 10,
) -> dict[str, ResourceResult]:
    """Sync resources of one endpoint; append what it logs to `logged`. The timeout is for servers that fall silent."""
    settings = SyncSettings(
        RetrySettings(timeout=timeout, max_attempts=3, backoff_factor=0, max_delay=0.1),
        removals or RemovalSettings(),
        privacy or PrivacySettings(),
    )
    asked = EventApiSettings(api.base_url, api.token)
    return sync(
        asked, warehouse, endpoint_of(resources[0]), resources, settings, (logged if logged is not None else []).append
    )


def removed(reader: Reader, table: str, key: str = "id") -> set[str]:
    """The keys of a table's rows that are marked as removed."""
    return {row[0] for row in reader.rows(f"select {key} from {table} where removed_at is not null")}

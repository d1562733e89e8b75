"""What readers of the published copy have, and what they wait for.

A table whose blocking check fails, or that cannot be built, is held back: the copy holds its last good state, and the
rest as it is now. So the copy is a copy of the mended table only once it was made after the check had passed again,
though the table's data version may be the one that it was made of.
"""

from __future__ import annotations

from collections.abc import Collection

import dagster as dg

from event_assets.assets.keys import copy_beside
from event_assets.assets.versions import Materialisations
from event_assets.automation.evaluations import Evaluation, evaluations


def mended_unpublished(instance: dg.DagsterInstance, checks: Collection[dg.AssetCheckKey]) -> set[dg.AssetCheckKey]:
    """Return the checks that have passed again after a failure, and whose tables readers do not have yet as they are.

    None, where no copy was ever published: then nobody reads one.

    Args:
        instance: Where it is recorded.
        checks: The blocking checks of tables that the copy of one event holds.
    """
    copies = {copy_beside(check.asset_key) for check in checks}
    if not copies:
        return set()
    [copy] = copies
    published = instance.fetch_materializations(copy, limit=1).records
    if not published:
        return set()
    # At first of all checks at once, because mostly none was evaluated since.
    latest = instance.event_log_storage.get_latest_asset_check_execution_by_key(list(checks))
    found = {check: Evaluation.read(record.event) for check, record in latest.items()}
    lately = [check for check, evaluation in found.items() if not (evaluation and evaluation.is_before(published[0]))]
    return {check for check in lately if _was_mended_after(published[0], evaluations(instance, check))}


def readers_lack(instance: dg.DagsterInstance, asset: dg.AssetKey) -> bool:
    """Return whether the published copy was made of another version of an asset than there is now.

    Args:
        instance: Where it is recorded.
        asset: What the copy holds.
    """
    copy = copy_beside(asset)
    latest = Materialisations(instance, [asset, copy])
    return latest.version(copy) is not None and not latest.was_made_of(copy, asset)


def _was_mended_after(published: dg.EventLogRecord, made: list[Evaluation]) -> bool:
    # What somebody reports without a materialisation has changed nothing that readers could lack.
    after = [each for each in made if each.number is not None and not each.is_before(published)]
    if not after or not after[-1].found.passed:
        return False
    held_in_copy = made[: -len(after)][-1:]
    return any(not each.found.passed for each in [*held_in_copy, *after])

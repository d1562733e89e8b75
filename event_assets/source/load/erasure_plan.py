"""Decides which personal data a sync erases, beside the rows that it writes.

How it is erased is in ``erasure``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from event_assets.source.load import erasure
from event_assets.source.load.checkpoint import reset_protection
from event_assets.source.load.table_state import TableState
from event_assets.source.records.privacy import Privacy
from event_assets.source.tables.more import ALL_TABLES
from event_assets.warehouse import Session, Warehouse


class ErasurePlan:
    """The erasure of personal data that a sync has to do."""

    def __init__(self, states: Mapping[str, TableState], privacy: Privacy) -> None:
        """Decide what to erase.

        Args:
            states: The state of the tables before the sync, by name.
            privacy: The present privacy settings.
        """
        self._states = states
        self._privacy = privacy
        before = {name: each.latest.protection if each.latest else "" for name, each in states.items() if each.rows}
        now = privacy.personal_data
        self._protected_otherwise = {name: protection for name, protection in before.items() if protection != now}

    @property
    def drops_columns(self) -> bool:
        """Whether columns of undeclared fields have to be dropped."""
        return self._privacy.protects and any(
            ALL_TABLES[name].undeclared(each.columns) for name, each in self._states.items()
        )

    def announce(self, warehouse: Warehouse) -> None:
        """Record that the protection is incomplete, in case the sync is killed."""
        known = [name for name, each in self._states.items() if each.latest and each.latest.protection]
        if changed := [name for name in known if name in self._protected_otherwise]:
            with warehouse.connect() as session:
                reset_protection(session, changed, "keep" if self._privacy.personal_data == "keep" else "")

    def drop_columns(self, warehouse: Warehouse) -> None:
        """Drop the columns of undeclared fields, if the settings require it."""
        if self.drops_columns:
            with warehouse.connect() as session, session.begin_transaction():
                erasure.drop_undeclared_columns(session, [ALL_TABLES[name] for name in self._states])

    def erase(self, session: Session, read: Collection[str]) -> None:
        """Erase the personal data that the settings no longer allow.

        Args:
            session: A session, in a transaction.
            read: The resources that the response has: of these, only removed rows can hold any.
        """
        if not self._privacy.protects:
            return
        for name, protection in self._protected_otherwise.items():
            act = erasure.erase_removed_rows if name in read else erasure.redact_rows
            act(session, ALL_TABLES[name], self._privacy, hashes_stay=not protection)
        if self._protected_otherwise:
            erasure.redact_history(session, self._privacy)
        if self._protected_otherwise or self.drops_columns:
            session.request_rewrite()
        erasure.empty_merge_dataset(session)

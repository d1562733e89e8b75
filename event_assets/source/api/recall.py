"""Recognises an answer, or a record of it, that comes as it did last time: nobody has to take it apart again.

That the tables still hold what was answered then is not known here: see ``ledger``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import msgspec

from event_assets.settings import PrivacySettings
from event_assets.source.tables.columns import Table

_READING = "5"
"""Counted up when the same answer would be read differently by the code."""
_READING_OF_RECORDS = "4"
"""Counted up when the same record would be another row. No row that is known by its bytes is known any more then."""


class Recall:
    """Compares the pages of an answer with those of the last one, and tells records by their bytes.

    Attributes:
        pages: The digests of the pages so far.
        knows_records: Whether records are told by their bytes: not where personal data is dropped, because a digest
            would lead to somebody who has the record.
    """

    def __init__(self, tables: Iterable[Table], privacy: PrivacySettings, known: Sequence[str] = ()) -> None:
        """Begin.

        Args:
            tables: All tables that the endpoint's answer fills, whether they are synced now or not.
            privacy: What becomes of personal data. Read with other settings, the same answer makes other rows.
            known: The digests of the last answer's pages; none, if its rows are not what the tables hold.
        """
        self.pages: list[str] = []
        self.knows_records = privacy.personal_data != "drop"
        self._known = known
        self._same = True
        otherwise = f"{privacy.personal_data} {privacy.secret} {[table.all_columns for table in tables]}"
        self._key = hashlib.blake2b(f"{_READING} {otherwise}".encode(), digest_size=32).digest()
        self._key_of_records = hashlib.blake2b(f"{_READING_OF_RECORDS} {otherwise}".encode(), digest_size=32).digest()

    def recognises(self, body: bytes, link: str | None) -> bool:
        """Take the next page; say whether it and all before it are those of the last answer.

        Args:
            body: The page as it came.
            link: Where the next one is, and what else headers say: the body does not have it.
        """
        digest = hashlib.blake2b(body, digest_size=16, key=self._key)
        digest.update(f"\n{link}".encode())
        place = len(self.pages)
        self.pages.append(digest.hexdigest())
        self._same = self._same and place < len(self._known) and self._known[place] == self.pages[place]
        return self._same

    def record_digests(self, records: Iterable[msgspec.Raw | bytes]) -> list[bytes]:
        """A digest of each record: another one for other bytes, and if the same bytes would be read differently.

        Args:
            records: The JSON of each record as it came.
        """
        return [hashlib.blake2b(record, digest_size=16, key=self._key_of_records).digest() for record in records]

    @property
    def reading(self) -> str:
        """What tells this way to read an answer from others: by other code or other settings of privacy."""
        return hashlib.blake2b(b"reading", digest_size=8, key=self._key).hexdigest()

    @property
    def may_repeat(self) -> bool:
        """Whether there is an answer to recognise, and what has come so far is its beginning."""
        return bool(self._known) and self._same

    @property
    def repeats(self) -> bool:
        """Whether the whole answer was the last one again."""
        return self._same and bool(self.pages) and len(self.pages) == len(self._known)

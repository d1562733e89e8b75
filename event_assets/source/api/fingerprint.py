"""Fingerprints of responses and records, by which unchanged ones are recognised undecoded.

That the tables still hold what was answered then is not known here: see ``load.table_state``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec

from event_assets.settings import PrivacySettings
from event_assets.source.tables.columns import Table

_READING = "7"
"""Counted up when the same response would be read differently by the code."""
_READING_OF_RECORDS = "5"
"""Counted up when the same record would be another row. No row that is known by its bytes is known any more then."""


class ResponseFingerprint:
    """Hashes responses and records. The hashes differ if code or settings would make other rows of them.

    Attributes:
        hashes_records: Whether records are recognised by their bytes: not if personal data is dropped, because a hash
            would identify a person to anyone who has the record.
    """

    def __init__(self, tables: Iterable[Table], privacy: PrivacySettings) -> None:
        """Derive the keys of the hashes from all that determines how a response is decoded.

        Args:
            tables: All tables that the endpoint's response fills, whether they are synced now or not.
            privacy: Whether personal data is kept, hashed or dropped.
        """
        self.hashes_records = privacy.personal_data != "drop"
        declared = [
            [(each.name, each.data_type, each.pii, each.nested_pii, each.fields) for each in table.columns]
            for table in tables
        ]
        otherwise = f"{privacy.personal_data} {privacy.secret} {declared}"
        self._key = hashlib.blake2b(f"{_READING} {otherwise}".encode(), digest_size=32).digest()
        self._key_of_records = hashlib.blake2b(f"{_READING_OF_RECORDS} {otherwise}".encode(), digest_size=32).digest()

    def of_response(self, body: bytes, headers: str | None) -> str:
        """Return the digest of a response.

        Args:
            body: The response as it came.
            headers: The next link and the totals in its headers, which the body does not have.
        """
        digest = hashlib.blake2b(body, digest_size=16, key=self._key)
        digest.update(f"\n{headers}".encode())
        return digest.hexdigest()

    def of_records(self, records: Iterable[msgspec.Raw | bytes]) -> list[bytes]:
        """Return a digest of each record.

        Args:
            records: The JSON of each record as it came.
        """
        return [hashlib.blake2b(record, digest_size=16, key=self._key_of_records).digest() for record in records]

    @property
    def reading(self) -> str:
        """A hash of the code version and privacy settings that determine how a response is decoded."""
        return hashlib.blake2b(b"reading", digest_size=8, key=self._key).hexdigest()

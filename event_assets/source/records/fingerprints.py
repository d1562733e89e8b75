"""Computes fingerprints and versions: in Python from responses, in SQL from tables.

A version is a sum of 128-bit numbers, which does not know the order of its terms. It has a term for each row, for each
entry of a row's lists, and for each record that could not be loaded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

_encode = msgspec.json.Encoder(order="sorted").encode


def record_hash(row: Any) -> bytes:
    """Return the fingerprint of a row: a dictionary, or an object with its values as attributes."""
    return hash_of_json(_encode(row))


def hash_of_json(encoded: bytes) -> bytes:
    """Return the fingerprint of a row that is encoded with its fields sorted by name."""
    return hashlib.blake2b(encoded, digest_size=16).digest()


def version_text(total: int) -> str:
    """Return the version with a total of fingerprints."""
    return digest_of(total).hex()


def digest_of(total: int) -> bytes:
    """Return the same as bytes."""
    return (total % (1 << 128)).to_bytes(16, "big")


def number(digest: bytes) -> int:
    """Return the number that a fingerprint adds to a version."""
    return int.from_bytes(digest, "big")


def links_number(fingerprint: str, row: Mapping[str, Any], links: Iterable[str]) -> int:
    """Return the number that the entries of a row's lists add to a version.

    Args:
        fingerprint: The row's.
        row: Has the lists by their names; none where it is empty or null.
        links: The names.
    """
    return sum(
        number(_md5(f"{fingerprint}/{link}/{index}/{entry}"))
        for link in links
        for index, entry in enumerate(row.get(link) or ())
    )


def links_sql(fingerprint: str, link: str) -> str:
    """Return the fingerprint of a row of a link table, called ``links``, as an SQL expression.

    Args:
        fingerprint: The parent's fingerprint as an SQL expression.
        link: The name of the list.
    """
    return f"md5({fingerprint} || '/{link}/' || links._dlt_list_idx || '/' || links.value)"


def reject_digest(reason: str, payload: str) -> bytes:
    """Return the fingerprint of a rejected record."""
    return _md5(f"{reason}\n{payload}")


REJECT_SQL = "md5(reason || chr(10) || payload)"
"""The same of a row of ``raw.rejected``, in hexadecimal."""


def total(high: Any, low: Any) -> int:
    """Return the number from the two halves of `Session.content_sums`; 0 without rows."""
    return (int(high or 0) << 64) + int(low or 0)


def _md5(text: str) -> bytes:
    """Return the MD5 hash, which databases can compute as well. It detects changes and hides nothing."""
    return hashlib.md5(text.encode(), usedforsecurity=False).digest()

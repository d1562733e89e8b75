"""The schemas of the warehouse, which are also the first part of the asset keys."""

RAW = "raw"
"""dlt's dataset."""
STAGING = "staging"
HISTORY = "history"
SUMMARY = "summary"
EVENTS = "events"
"""What is made of the copies of several events."""
MERGE = f"_dlt_merge_{RAW}"
"""The schema by way of which dlt merges."""
SYNC = "_sync"
"""What syncs keep for themselves."""
PUBLISHED = "published"
"""The first part of the asset key of the copy for readers, which is no part of the warehouse."""
COPIES = ("", RAW, STAGING, HISTORY, SUMMARY)
"""The schemas that are copied for readers of a server or a lake; the one without a name holds the notes."""


def copy_of(schema: str) -> str:
    """Return the schema of readers that has the copy of a schema."""
    return f"{PUBLISHED}_{schema}" if schema else PUBLISHED

"""The source: what it asks, what it refuses, what it writes."""

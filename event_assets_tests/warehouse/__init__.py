"""The warehouse: one writer, and relations that are replaced whole."""

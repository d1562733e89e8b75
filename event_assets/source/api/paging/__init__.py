"""Detects whether a response is the whole list, and where the next page is."""

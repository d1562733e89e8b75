"""Loads the tables: their state, the changes of a response, and the erasure of personal data."""

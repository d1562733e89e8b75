"""Syncs an event-management REST API into a warehouse and keeps the summaries of an event beside it.

The data's way, and the order to read the package in: ``source`` (pure dlt) → ``assets`` (the raw tables and the models
as Dagster assets) → ``models`` (one SELECT a file) → ``warehouse`` (where they are written). ``definitions`` puts them
together, ``settings`` reads all configuration, ``sandbox`` is a local event API with invented data.
"""

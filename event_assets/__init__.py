"""Syncs an event-management REST API into a warehouse and keeps the summaries of an event beside it.

The data's way, and the order to read the package in: ``source`` (pure dlt) → ``assets`` (the raw tables and the models
as Dagster assets) → ``models`` (one SELECT a file) → ``warehouse`` (where they are written). ``definitions`` puts them
together, ``settings`` reads all configuration, ``sandbox`` is a local event API with invented data.
"""

import os

# dlt writes dates, decimals and bytes into its files as texts, marked by their first character, and reads every text
# that begins so as one: by default U+F026 to U+F02D, which fonts of icons have (U+F02B is a tag: "\uf02b Security"). It
# takes its marks from here as it is imported. These are no characters and stand in no text: U+FDD0 to U+FDD7.
os.environ["DLT_JSON_TYPED_PUA_START"] = "0xfdd0"

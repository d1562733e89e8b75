"""The raw tables and the models as Dagster assets.

What a table holds comes from ``source.schema`` and from the models' facts; how it is filled, from ``source.sync`` and
``warehouse.relations``. Here is only what Dagster needs to know of it.
"""

"""The event API as a dlt source, and its way into the schema ``raw``: pure dlt, without Dagster."""

"""The event API as a dlt source, loaded into the schema ``raw``. Pure dlt, without Dagster."""

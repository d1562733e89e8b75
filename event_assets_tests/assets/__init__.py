"""The assets: what a run leaves in the warehouse and tells Dagster."""

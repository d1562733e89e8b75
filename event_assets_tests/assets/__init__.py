"""The assets: what a run writes into the warehouse and reports to Dagster."""

"""The sensors that tell people, by their names, and what they say where there is nothing to tell."""

RUNS, STALE, CHECKS = "alert_on_failed_runs", "alert_on_stale_tables", "alert_on_failed_checks"
WELL = "Nothing is wrong."

ORPHANS = "end_orphaned_runs"
"""The sensor that ends runs whose process is gone, so that the first hears of them."""

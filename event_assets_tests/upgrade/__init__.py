"""Upgrades: the warehouse and Dagster home of an earlier release, used by this one."""

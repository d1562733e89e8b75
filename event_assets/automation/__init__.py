"""When what is materialised: jobs, schedules, sensors, conditions and freshness policies."""

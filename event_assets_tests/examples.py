"""How many examples property tests have: as many as each has found worth its time, or a few."""

from hypothesis import HealthCheck, settings

LARGE = [HealthCheck.too_slow, HealthCheck.data_too_large]
"""Not to be complained of where an example is a whole answer that is synced."""


def examples(number: int, *suppressed: HealthCheck) -> settings:
    """Return the settings of a property test.

    Args:
        number: How many examples there are; fewer, where the profile of hypothesis says so (``few``: for a run that
            tries other packages, which the examples say nothing about).
        suppressed: What hypothesis does not complain of.
    """
    return settings(max_examples=min(number, settings().max_examples), deadline=None, suppress_health_check=suppressed)

"""A warning of our own code fails the test that it comes in; those of others that pyproject.toml names are silent."""

import warnings

import pytest

FOREIGN = [
    ("fetch_arrow_table() is deprecated, use to_arrow_table() instead.", "dlt.destinations.impl.duckdb.sql_client"),
    ("Using variable_values and operation_name arguments of execute is deprecated.", "gql.client"),
    (
        "datetime.datetime.utcfromtimestamp() is deprecated and scheduled for removal in a future version.",
        "dagster._core.storage.event_log.sql_event_log",
    ),
    ("This process (pid=17) is multi-threaded, use of fork() may lead to deadlocks.", "event_assets.cli.forked"),
]
"""What is deprecated, and the module that uses it."""


def warn(message: str, module: str) -> None:
    warnings.warn_explicit(message, DeprecationWarning, f"{module}.py", 1, module)


@pytest.mark.parametrize(("message", "module"), FOREIGN, ids=[module for _, module in FOREIGN])
def test_a_foreign_warning_is_ignored_where_it_comes_from_and_nowhere_else(message: str, module: str):
    warn(message, module)
    with pytest.raises(DeprecationWarning):
        warn(message, "event_assets.source.sync")
    ours = module.startswith("event_assets")
    with pytest.raises(DeprecationWarning) if ours else pytest.warns(DeprecationWarning, match="Something else"):
        warn("Something else is deprecated.", module)


@pytest.mark.parametrize("category", [UserWarning, DeprecationWarning, ResourceWarning])
def test_any_other_warning_of_ours_is_an_error(category: type[Warning]):
    with pytest.raises(category):
        warnings.warn("of ours", category, stacklevel=1)

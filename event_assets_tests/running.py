"""How tests run assets and read the warehouse back."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb

COPY = {"published/warehouse", "site/catalogue", "site/event", "site/files"}
"""The assets for readers, which are made of all tables: the copy, and what is made after it."""


class Reader:
    """Reads a warehouse file with DuckDB alone, as an analyst would."""

    def __init__(self, path: Path):
        self.path = path

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query. Instants come in UTC."""
        return [tuple(record.values()) for record in self.records(query)]

    def records(self, query: str) -> list[dict[str, Any]]:
        """The rows of a query, by column."""
        with duckdb.connect(str(self.path), read_only=True) as connection:
            connection.execute("set timezone = 'UTC'")
            result = connection.sql(query)
            return [dict(zip(result.columns, row, strict=True)) for row in result.fetchall()]

    def count(self, table: str) -> int:
        """The number of rows of a table."""
        return self.rows(f"select count(*) from {table}")[0][0]

    def tables(self) -> list[str]:
        """Every table, of whatever schema."""
        return [name for (name,) in self.rows("select schema_name || '.' || table_name from duckdb_tables()")]

    def columns(self, table: str) -> list[str]:
        """The columns of a table, in their order."""
        return [row[0] for row in self.rows(f"select column_name from (describe {table})")]


class Run:
    """Runs assets of a code location in this process.

    Args:
        definitions: The code location.
        instance: Where runs are recorded; nowhere, if not given.
        printed: Whether each event is printed as well, as where runs are launched: a third of the time goes into that.
    """

    def __init__(
        self, definitions: dg.Definitions, instance: dg.DagsterInstance | None = None, *, printed: bool = False
    ):
        self._job = definitions.resolve_job_def("refresh_everything")
        self._instance = instance
        self._config = dg.RunConfig(loggers={"console": {"config": {"log_level": "DEBUG" if printed else "CRITICAL"}}})

    def __call__(self, *assets: str, succeeds: bool = True, tags: Mapping[str, str] | None = None) -> "RunResult":
        """Materialise the assets named (``raw/halls``), or all, and see to it that the run ends as expected."""
        selection = [dg.AssetKey(asset.split("/")) for asset in assets] or None
        result = RunResult(
            self._job.execute_in_process(
                asset_selection=selection,
                run_config=self._config,
                raise_on_error=False,
                instance=self._instance,
                tags=tags,
            )
        )
        assert result.success is succeeds, result.failures
        return result


class RunResult:
    """What a run did, in the words of the tests."""

    def __init__(self, result: dg.ExecuteInProcessResult):
        self._result = result
        self.success = result.success

    @property
    def failures(self) -> list[str]:
        """What each failed step says."""
        failures = [event.step_failure_data for event in self._result.all_events if event.is_step_failure]
        return [
            str(failure.user_failure_data.description if failure.user_failure_data else failure.error)
            for failure in failures
        ]

    @property
    def materialised(self) -> set[str]:
        """The assets that were materialised."""
        return set(self._metadata)

    def metadata(self, asset: str) -> dict[str, Any]:
        """The metadata values of an asset's materialisation."""
        return self._metadata[asset]

    def materialisation_metadata(self, asset: str) -> dict[str, dg.MetadataValue]:
        """Return the same with the types that the UI goes by."""
        return next(
            dict(event.materialization.metadata)
            for event in self._result.get_asset_materialization_events()
            if event.materialization.asset_key.to_user_string() == asset
        )

    @property
    def checks(self) -> dict[tuple[str, str], tuple[bool, dict[str, Any]]]:
        """Whether each check passed, and what it found, by asset and name."""
        return {
            (check.asset_key.to_user_string(), check.check_name): (
                check.passed,
                {name: value.value for name, value in check.metadata.items()},
            )
            for check in self._result.get_asset_check_evaluations()
        }

    @property
    def severities(self) -> set[str]:
        """How serious the failed checks are."""
        return {check.severity.value for check in self._result.get_asset_check_evaluations() if not check.passed}

    @property
    def versions(self) -> dict[str, str]:
        """The data version of each raw asset that was materialised."""
        return {
            event.materialization.asset_key.to_user_string(): (event.materialization.tags or {})["dagster/data_version"]
            for event in self._result.get_asset_materialization_events()
            if event.materialization.asset_key.path[0] == "raw"
        }

    @property
    def _metadata(self) -> dict[str, dict[str, Any]]:
        return {
            event.materialization.asset_key.to_user_string(): {
                name: value.value for name, value in event.materialization.metadata.items()
            }
            for event in self._result.get_asset_materialization_events()
        }

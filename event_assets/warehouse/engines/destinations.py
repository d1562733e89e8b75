"""What the destinations of all engines have in common."""

from __future__ import annotations

from typing import Any

import dlt


class ReadOnce:
    """A dlt destination with its configuration read once instead of at every step. To be put before dlt's class.

    A load asks for it some fifteen times, and dlt then looks for a dozen settings in all places where one may be.
    """

    _for_capabilities: Any = None

    def configuration(self, initial_config: Any, accept_partial: bool = False) -> Any:
        """Return the resolved configuration; a partial one determines the capabilities."""
        resolve = super().configuration  # type: ignore[misc]
        if not accept_partial:
            return resolve(initial_config)
        if self._for_capabilities is None:
            self._for_capabilities = resolve(initial_config, accept_partial=True)
        return self._for_capabilities


class DuckDbDestination(ReadOnce, dlt.destinations.duckdb):
    """dlt's destination DuckDB, also where a file or memory is only the place that a sync works in."""

    @property
    def destination_type(self) -> str:
        """The type that dlt knows: settings, state and schemas are those of ``duckdb``."""
        return "dlt.destinations.duckdb"

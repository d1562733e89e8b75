"""The databases that a warehouse can be: one module or package for each, and a line here."""

from __future__ import annotations

import sys
from importlib import import_module

from event_assets.settings import Event, SettingsError
from event_assets.warehouse.engines.base import Engine, Explanation
from event_assets.warehouse.engines.session import Session
from event_assets.warehouse.failures import without_values
from event_assets.warehouse.namespace import MAIN_NAMESPACE, EventNamespace

__all__ = [
    "Engine",
    "Explanation",
    "Session",
    "configured_engine",
    "database_failure",
    "engine_class",
    "explain",
    "model_failure",
    "namespace_of",
]

_ENGINES = {
    # Before DuckDB, whose errors those of a lake are as well.
    "ducklake": ("event_assets.warehouse.engines.ducklake", "DuckLakeEngine"),
    "duckdb": ("event_assets.warehouse.engines.duckdb", "DuckDbEngine"),
    "postgres": ("event_assets.warehouse.engines.postgres", "PostgresEngine"),
    "spark": ("event_assets.warehouse.engines.spark", "SparkEngine"),
}
"""Destination → module and class. Imported when one is needed, because each brings a driver."""

_SHARED = {"postgres", "spark"}
"""Those in which several events lie beside each other, each in schemas of its own."""


def engine_class(destination: str) -> type[Engine]:
    """Return the engine of a destination.

    Args:
        destination: dlt's name of it.

    Raises:
        SettingsError: What it needs is not installed.
    """
    module, name = _ENGINES[destination]
    try:
        return getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"The warehouse is to be {destination}, and the package {error.name} is not installed: run "
            f"`pip install 'event_assets[{destination}]'`."
        ) from None


def explain(error: BaseException) -> Explanation | None:
    """Return what a database has said, whichever it was; None of an error that is not of one."""
    loaded = [getattr(sys.modules[module], name) for module, name in _ENGINES.values() if module in sys.modules]
    return next((found for engine in loaded if (found := engine.explain(error))), None)


def database_failure(error: BaseException) -> str:
    """Return the message of a statement that the database has rejected."""
    failed, advice = _failed(error)
    return f"{failed}. What it was writing is unchanged. {advice}, or correct the model's SQL, then run again."


def model_failure(name: str, path: str, error: BaseException) -> str:
    """Return the message of a model that could not be built.

    Args:
        name: The model, as ``summary.agenda``.
        path: Where its SQL is.
        error: What the database says.
    """
    failed, advice = _failed(error)
    return (
        f"The model {name} could not be built: {failed}. {name} and what is downstream of it are unchanged; all other "
        f"models are built. {advice}, materialise what the model reads, or correct {path}, then run again."
    )


def _failed(error: BaseException) -> tuple[str, str]:
    found = explain(error) or Explanation("The database", without_values(str(error)), "Check the database")
    return f"{found.engine} failed ({found.why})", found.advice


def namespace_of(event: Event) -> EventNamespace:
    """Return what the schemas of an event are called. In a file or a DuckLake of its own, they keep their names.

    Raises:
        SettingsError: The setting of the warehouse cannot be used.
    """
    return EventNamespace(event.name) if event.destination in _SHARED else MAIN_NAMESPACE


def configured_engine(event: Event) -> Engine:
    """Return the engine that an event is configured for.

    Raises:
        SettingsError: A setting cannot be used, or what the engine needs is not installed.
    """
    return engine_class(event.destination).of(event)

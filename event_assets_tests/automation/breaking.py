"""How tests let one model fail: its blocking check, or its SELECT."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from event_assets.assets import models
from event_assets.warehouse.relations import Relation


@contextmanager
def failing_check(table: str) -> Iterator[None]:
    """Let the check of a model's grain find a broken row, whatever the table holds."""
    checked, relation = models.check_result, Relation(*table.split("/"))

    def check(client: Any, test: Any, *args: Any) -> Any:
        is_its_grain = test.name == "grain_is_unique" and relation.sql() in test.failing_rows
        return checked(client, replace(test, failing_rows="select 1") if is_its_grain else test, *args)

    with pytest.MonkeyPatch.context() as spoiled:
        spoiled.setattr(models, "check_result", check)
        yield


@contextmanager
def failing_select(table: str) -> Iterator[None]:
    """Let a model's SELECT fail, so that the table stays as it was."""
    built, relation = models.build, Relation(*table.split("/"))

    def build(client: Any, model: Any, *args: Any, **options: Any) -> Any:
        if model.relation == relation:
            raise ArithmeticError("a number of somebody is out of range")
        return built(client, model, *args, **options)

    with pytest.MonkeyPatch.context() as spoiled:
        spoiled.setattr(models, "build", build)
        yield


BREAKING: dict[str, Callable[[str], Any]] = {"check": failing_check, "select": failing_select}

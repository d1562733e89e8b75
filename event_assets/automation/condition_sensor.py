"""A condition sensor that evaluates only what could come out otherwise, and leaves no log file of each look.

What the conditions are is in ``conditions``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import dagster as dg

AS_BEFORE = dg.SkipReason("Nothing is due, and nothing else is so than at the look before.")


class ConditionSensor(dg.AutomationConditionSensorDefinition):
    """Evaluates automation conditions where that could come out otherwise than before, and logs warnings only.

    Three quarters of a look are Dagster's evaluation, which counts where there are fifty events and nothing is due.

    Dagster's evaluator writes two records for each asset and check into the log of the look, at the level DEBUG: with
    86 of them, 154 KB. No setting says at which level a sensor logs. What the evaluation finds is recorded all the
    same, and shown on the pages of the assets; an exception is part of the tick.

    Args:
        name: Its name.
        is_as_before: Whether the conditions would come out as when they were last evaluated in this process, and
            nothing was requested then.
        arguments: Dagster's.
    """

    def __init__(
        self,
        name: str,
        *,
        is_as_before: Callable[[dg.DagsterInstance, datetime], bool] = lambda *_: False,
        **arguments: Any,
    ) -> None:
        super().__init__(name, **arguments)
        self._is_as_before = is_as_before
        self._left: str | None = None
        # What a tick returns is of a class that is not public: Dagster makes it of the reason to skip one.
        self._skip = dg.SensorDefinition(name=name, evaluation_fn=lambda _: AS_BEFORE)

    def evaluate_tick(self, context: dg.SensorEvaluationContext) -> Any:
        """Evaluate the conditions once.

        Args:
            context: Dagster's. With another cursor than the latest evaluation left, they are evaluated in any case.
        """
        context.log.setLevel(logging.WARNING)
        evaluated = context.cursor is not None and context.cursor == self._left
        if evaluated and self._is_as_before(context.instance, datetime.now(timezone.utc)):
            result = self._skip.evaluate_tick(context)
        else:
            result = super().evaluate_tick(context)
            self._left = result.cursor
        if context.log_key and not context.has_captured_logs():
            # Opening the log has made an empty file.
            context.instance.compute_log_manager.delete_logs(log_key=context.log_key)
        return result

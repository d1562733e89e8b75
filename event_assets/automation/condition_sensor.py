"""A condition sensor that leaves no log file of each look. What the conditions are is in ``conditions``."""

from __future__ import annotations

import logging
from typing import Any

import dagster as dg


class ConditionSensor(dg.AutomationConditionSensorDefinition):
    """Evaluates automation conditions, and logs warnings only.

    Dagster's evaluator writes two records for each asset and check into the log of the look, at the level DEBUG: with
    86 of them, 154 KB for a look at which nothing is due. No setting says at which level a sensor logs. What the
    evaluation finds is recorded all the same, and shown on the pages of the assets; an exception is part of the tick.
    """

    def evaluate_tick(self, context: dg.SensorEvaluationContext) -> Any:  # of a class that is not public
        """Evaluate the conditions once.

        Args:
            context: Dagster's.
        """
        context.log.setLevel(logging.WARNING)
        result = super().evaluate_tick(context)
        if context.log_key and not context.has_captured_logs():
            # Opening the log has made an empty file.
            context.instance.compute_log_manager.delete_logs(log_key=context.log_key)
        return result

"""How long the models take: on the day, somebody waits for them."""

from collections.abc import Callable
from time import process_time

import pytest

from event_assets.assets.models import build_model_assets
from event_assets.sandbox import Event, Sandbox, generate_event
from event_assets_tests.running import Run

SECONDS, ATTEMPTS = 2, 8
"""Other programs on the same core make even processor time longer: one calm moment is enough."""


@pytest.mark.slow
def test_a_thousand_sessions_are_summed_up_in_no_time(run: Run, use_api: Callable[[Event], Sandbox]):
    use_api(generate_event(lectures=1000, participants=500, seed=7))
    run()
    models = [key.to_user_string() for assets in build_model_assets() for key in assets.keys]

    took = []
    while not took or (min(took) >= SECONDS and len(took) < ATTEMPTS):
        took.append(_seconds(run, models))
    assert min(took) < SECONDS


def _seconds(run: Run, models: list[str]) -> float:
    """Processor time: nothing here waits, and programs beside the test do not lengthen it."""
    begin = process_time()
    run(*models)
    return process_time() - begin

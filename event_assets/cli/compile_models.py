"""``python -m event_assets.cli.compile_models``: compiles the project's models, so that a start need not parse them."""

from __future__ import annotations

from event_assets.across.inputs import input_columns
from event_assets.assets.keys import raw_columns, raw_relations
from event_assets.models import load_models
from event_assets.models.compiled import FILE, written_form
from event_assets.models.compiler import compile_models
from event_assets.models.project import MODELS_FOLDER
from event_assets.warehouse import EVENTS


def compiled_project() -> str:
    """Return what ``models/compiled.json`` is to hold.

    Raises:
        ModelError: A model is wrong.
    """
    models = load_models(raw_relations(), parsed=True)
    across = load_models(input_columns().keys(), parsed=True, schemas=(EVENTS,))
    compiled = compile_models(models, raw_columns()) | compile_models(across, input_columns())
    return written_form(compiled, MODELS_FOLDER)


if __name__ == "__main__":
    (MODELS_FOLDER / FILE).write_text(compiled_project(), encoding="utf-8")

"""``python -m event_assets.cli.compile_models``: compiles the project's models, so that a start need not parse them."""

from __future__ import annotations

from pathlib import Path

from event_assets.across.inputs import input_columns
from event_assets.assets.keys import raw_columns, raw_relations
from event_assets.models import load_models
from event_assets.models.compiled import FILE, written_form
from event_assets.models.compiler import compile_models, translate_models
from event_assets.models.project import MODELS_FOLDER
from event_assets.models.translated import translated_file, written_translations
from event_assets.warehouse import EVENTS


def compiled_project() -> dict[Path, str]:
    """Return the files that are made of the models, with what they are to hold: ``compiled.json``, one per dialect.

    Raises:
        ModelError: A model is wrong.
    """
    models = load_models(raw_relations(), parsed=True)
    across = load_models(input_columns().keys(), parsed=True, schemas=(EVENTS,))
    compiled = compile_models(models, raw_columns()) | compile_models(across, input_columns())
    everything = [*models.values(), *across.values()]
    return {
        MODELS_FOLDER / FILE: written_form(compiled, MODELS_FOLDER),
        **{
            translated_file(MODELS_FOLDER, dialect): written_translations(
                translate_models(everything, dialect), MODELS_FOLDER
            )
            for dialect in everything[0].macros.dialects
        },
    }


if __name__ == "__main__":
    for path, text in compiled_project().items():
        path.write_text(text, encoding="utf-8")

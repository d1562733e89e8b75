"""Every model also runs elsewhere: it transpiles to the dialects of other warehouses without a warning."""

import logging
import re

import pytest
from sqlglot import exp, parse_one, transpile

from event_assets.assets.keys import raw_relations
from event_assets.models import load_models
from event_assets.models.project import DIALECT

MODELS = {str(relation): model for relation, model in load_models(raw_relations()).items()}
DIALECTS = ("postgres", "snowflake", "bigquery", "databricks", "clickhouse", "trino")


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("model", MODELS)
def test_a_model_transpiles(model: str, dialect: str, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING, logger="sqlglot"):
        translated = MODELS[model].render({"event_timezone": "Europe/Vienna"}, dialect)
    assert [record.getMessage() for record in caplog.records] == []
    assert parse_one(translated, read=dialect)


def test_what_cannot_be_translated_is_noticed(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING, logger="sqlglot"):
        transpile("select max(x) over (order by y) from t", read=DIALECT, write="bigquery")
    assert caplog.records


@pytest.mark.parametrize("model", MODELS)
def test_no_replacement_refers_back_to_a_group(model: str):
    r"""``\1`` is ``$1`` in Databricks and Trino, and sqlglot leaves it as it is."""
    replacements = [call.args["replacement"].name for call in MODELS[model].query.find_all(exp.RegexpReplace)]
    assert [text for text in replacements if re.search(r"\\\d|\$", text)] == []

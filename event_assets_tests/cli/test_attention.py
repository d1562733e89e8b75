"""`make run` ends with what needs a person, and with nothing where nothing does."""

from pathlib import Path

import dagster as dg
import pytest

from event_assets.cli.attention import attention_line
from event_assets.cli.run import run_everything
from event_assets.sandbox import Sandbox


@pytest.mark.parametrize(
    ("asset", "check", "found", "line"),
    [
        (
            "raw/participants",
            "no_rejected_records",
            {"no usable email or id": 1, "another record of the same answer has this email": 1200},
            "raw.rejected: 1,201 records of participants not loaded: another record of the same answer has this email "
            "(1,200); no usable email or id (1)",
        ),
        (
            "raw/halls",
            "no_undeclared_fields",
            {"undeclared_columns_with_values": 1, "undeclared_values_left_out": 2},
            "raw.halls: 1 column of undeclared fields, 2 values of undeclared fields left out",
        ),
        (
            "raw/lectures",
            "values_match_declared_types",
            {"capacity": 2, "booked": 1},
            "raw.lectures: values of another type than declared, in booked (1), capacity (2): see the columns "
            "*__v_text",
        ),
        (
            "raw/days",
            "resource_present",
            {"days": "not in the response"},
            "raw.days: not in the latest response, so the table is as it was",
        ),
        (
            "summary/agenda",
            "times_are_known",
            {"failing_rows": 1, "sample_keys": ["Ada"]},
            "summary.agenda: 1 row that times_are_known warns of",
        ),
    ],
)
def test_each_finding_is_a_line_with_the_table_to_look_at(asset: str, check: str, found: dict, line: str):
    evaluation = dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey(asset.split("/")),
        check_name=check,
        passed=False,
        severity=dg.AssetCheckSeverity.WARN,
        metadata=dg.AssetCheckResult(passed=False, metadata=found).metadata,
    )
    assert attention_line(evaluation) == line


@pytest.mark.usefixtures("warehouse", "few_models")
def test_a_run_ends_with_what_needs_a_person(
    api: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    people, hall = api.event.participants, api.event.content["halls"][0]
    people.append({**people[0], "id": 990001})
    hall["wing"] = "East"
    run_everything()
    assert capsys.readouterr().out.splitlines()[-3:] == [
        "Please look at:",
        "  raw.halls: 1 column of undeclared fields",
        "  raw.rejected: 1 record of participants not loaded: another record of the same answer has this email (1)",
    ]
    people.pop()
    run_everything()
    said = capsys.readouterr().out.splitlines()
    assert said[-2:] == ["Please look at:", "  raw.halls: 1 column of undeclared fields"], "also where nothing changed"
    del hall["wing"]
    run_everything()
    assert "Please look at" not in capsys.readouterr().out

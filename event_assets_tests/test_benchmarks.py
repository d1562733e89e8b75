"""What a benchmark leaves alone: the data of the checkout that it runs in."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from benchmarks.measuring import _environment
from benchmarks.serving import Server
from event_assets import settings

SERVER = cast(Server, SimpleNamespace(base_url="http://127.0.0.1:9/public/v1", token="a-token", timezone="UTC"))


def test_all_that_it_writes_is_in_its_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SOURCES__EVENT_API__PERSONAL_DATA", "drop")
    monkeypatch.setenv("ALERTS__WEBHOOK_URL", "https://chat.example.org/hook")
    monkeypatch.delenv("WAREHOUSE__PUBLISHED", raising=False)
    for name, value in _environment(SERVER, tmp_path).items():
        monkeypatch.setenv(name, value)
    for path in (settings.warehouse_path(), settings.published_path(), settings.dagster_home()):
        assert path.is_relative_to(tmp_path)
    assert settings.privacy_settings().personal_data == "keep"
    assert settings.alert_webhook_url() is None
